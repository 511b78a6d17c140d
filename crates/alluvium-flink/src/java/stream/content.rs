//! Reads the contents of a serialization stream, one after the other, into nodes.

use super::node::{Class, Item, Node, NodeId, Stream};
use crate::cursor::{Cursor, modified_utf8};
use crate::error::Result;

/// How deep objects may contain each other: no type of Flink's comes near, and a thread's stack holds it.
pub(crate) const DEPTH_MAX: usize = 200;

const MAGIC: [u8; 4] = [0xAC, 0xED, 0, 5];
const FIRST_HANDLE: i32 = 0x7E_0000;

const HAS_WRITE_OBJECT: u8 = 1;
const SERIALIZABLE: u8 = 2;
const EXTERNALIZABLE: u8 = 4;
const BLOCKS: u8 = 8;

pub(super) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Stream<'a>> {
    let start = cursor.clone();
    if cursor.array("a stream of Java objects")? != MAGIC {
        return Err(start.corrupt("expected a stream of Java objects (AC ED 00 05)"));
    }
    let mut reader = Reader {
        cursor,
        stream: Stream {
            nodes: Vec::new(),
            root: Item::Null,
        },
        handles: Vec::new(),
    };
    let root = reader.content(0)?;
    let mut stream = reader.stream;
    stream.root = root;
    Ok(stream)
}

struct Reader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    stream: Stream<'a>,
    /// What the stream refers to by number: the nodes since the last reset.
    handles: Vec<NodeId>,
}

impl<'a> Reader<'_, 'a> {
    fn content(&mut self, depth: usize) -> Result<Item<'a>> {
        let code = self.code()?;
        self.coded(code, depth)
    }

    /// The code of what comes next; a reset in between is carried out.
    fn code(&mut self) -> Result<u8> {
        loop {
            match self.cursor.u8("the code of a Java object")? {
                0x79 => self.handles.clear(),
                code => return Ok(code),
            }
        }
    }

    fn coded(&mut self, code: u8, depth: usize) -> Result<Item<'a>> {
        if depth >= DEPTH_MAX {
            return Err(self.cursor.unknown(format!(
                "Java objects inside each other, more than {DEPTH_MAX} levels"
            )));
        }
        let depth = depth + 1;
        match code {
            0x70 => Ok(Item::Null),
            0x71 => self.reference(),
            0x72 => self.class(depth),
            0x73 => self.object(depth),
            0x74 => {
                let text = self.cursor.utf("a Java string")?;
                Ok(self.add(Node::Text(text)))
            }
            0x75 => self.array(depth),
            0x76 => {
                self.class_of(depth)?;
                Ok(self.add(Node::Other))
            }
            0x77 => {
                let length = self.cursor.u8("the length of a block")?;
                let block = self.cursor.bytes(usize::from(length), "a block")?;
                Ok(Item::Block(block))
            }
            0x7A => Ok(Item::Block(self.cursor.sized("a block")?)),
            0x7B => {
                // The writer failed: the exception is in the stream, and what was written before is no whole object.
                self.handles.clear();
                self.content(depth)?;
                let message = "a Java exception instead of an object: its writer failed";
                Err(self.cursor.corrupt(message))
            }
            0x7C => self.long_text(),
            0x7D => self.proxy(depth),
            0x7E => self.constant(depth),
            other => Err(self
                .cursor
                .corrupt(format!("no Java object begins with the code {other:02x}"))),
        }
    }

    fn open(&mut self) -> NodeId {
        let id = NodeId(self.stream.nodes.len());
        self.stream.nodes.push(Node::Open);
        self.handles.push(id);
        id
    }

    fn close(&mut self, id: NodeId, node: Node<'a>) -> Item<'a> {
        if let Some(place) = self.stream.nodes.get_mut(id.0) {
            *place = node;
        }
        Item::Node(id)
    }

    fn add(&mut self, node: Node<'a>) -> Item<'a> {
        let id = self.open();
        self.close(id, node)
    }

    fn reference(&mut self) -> Result<Item<'a>> {
        let at = self.cursor.clone();
        let handle = self.cursor.i32("a reference")?;
        let known = handle
            .checked_sub(FIRST_HANDLE)
            .and_then(|n| usize::try_from(n).ok())
            .and_then(|n| self.handles.get(n));
        known.copied().map(Item::Node).ok_or_else(|| {
            at.corrupt(format!(
                "a reference to {handle:08x}, and nothing has that number"
            ))
        })
    }

    fn long_text(&mut self) -> Result<Item<'a>> {
        let at = self.cursor.clone();
        let length = self.cursor.i64("the length of a Java string")?;
        let Ok(length) = usize::try_from(length) else {
            return Err(at.corrupt(format!("a Java string of {length} bytes")));
        };
        let bytes = self.cursor.bytes(length, "a Java string")?;
        let text = modified_utf8(bytes).ok_or_else(|| at.corrupt("not Java's modified UTF-8"))?;
        Ok(self.add(Node::Text(text)))
    }

    fn constant(&mut self, depth: usize) -> Result<Item<'a>> {
        self.class_of(depth)?;
        let id = self.open();
        let at = self.cursor.clone();
        match self.content(depth)? {
            Item::Node(name) => Ok(self.close(id, Node::Constant(name))),
            _ => Err(at.corrupt("expected the name of an enum's constant")),
        }
    }

    /// A class, or null for none, where nothing else may be.
    fn class_or_none(&mut self, depth: usize) -> Result<Option<NodeId>> {
        let at = self.cursor.clone();
        match self.content(depth)? {
            Item::Null => Ok(None),
            Item::Node(id) if matches!(self.stream.node(id), Some(Node::Class(_))) => Ok(Some(id)),
            _ => Err(at.corrupt("expected the description of a class")),
        }
    }

    fn class_of(&mut self, depth: usize) -> Result<NodeId> {
        let at = self.cursor.clone();
        self.class_or_none(depth)?
            .ok_or_else(|| at.corrupt("expected the description of a class, found null"))
    }

    fn class(&mut self, depth: usize) -> Result<Item<'a>> {
        let name = self.cursor.utf("the name of a class")?;
        self.cursor.i64("the version of a class")?;
        let id = self.open();
        let flags = self.cursor.u8("the flags of a class")?;
        let count = self.cursor.u16("the number of a class's fields")?;
        let mut fields = Vec::new();
        for _ in 0..count {
            let at = self.cursor.clone();
            let code = self.cursor.u8("the type of a field")?;
            let field = self.cursor.utf("the name of a field")?;
            match code {
                b'B' | b'C' | b'D' | b'F' | b'I' | b'J' | b'S' | b'Z' => {}
                b'[' | b'L' => {
                    self.content(depth)?;
                }
                other => return Err(at.corrupt(format!("no field has the type {other:02x}"))),
            }
            fields.push((code, field));
        }
        self.note(depth, None)?;
        let parent = self.class_or_none(depth)?;
        let class = Class {
            name,
            flags,
            fields,
            parent,
        };
        Ok(self.close(id, Node::Class(class)))
    }

    fn proxy(&mut self, depth: usize) -> Result<Item<'a>> {
        let id = self.open();
        let count = self.cursor.count(2, "interfaces")?;
        for _ in 0..count {
            self.cursor.utf("the name of an interface")?;
        }
        self.note(depth, None)?;
        let parent = self.class_or_none(depth)?;
        let class = Class {
            flags: SERIALIZABLE,
            parent,
            ..Class::default()
        };
        Ok(self.close(id, Node::Class(class)))
    }

    /// Contents up to the end of a note; kept if wanted.
    fn note(&mut self, depth: usize, mut keep: Option<&mut Vec<Item<'a>>>) -> Result<()> {
        loop {
            match self.code()? {
                0x78 => return Ok(()),
                code => {
                    let item = self.coded(code, depth)?;
                    if let Some(items) = &mut keep {
                        items.push(item);
                    }
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Item<'a>> {
        let class = self.class_of(depth)?;
        let id = self.open();
        let mut fields = Vec::new();
        let mut notes = Vec::new();
        for above in self.stream.lineage(class) {
            let Some(Node::Class(described)) = self.stream.node(above) else {
                let message = "an object of a class that is not described";
                return Err(self.cursor.corrupt(message));
            };
            let flags = described.flags;
            if flags & EXTERNALIZABLE != 0 {
                if flags & BLOCKS == 0 {
                    let message = format!(
                        "an object of {} writes itself and does not tell where it ends",
                        described.name
                    );
                    return Err(self.cursor.unknown(message));
                }
                self.note(depth, Some(&mut notes))?;
                continue;
            }
            if flags & SERIALIZABLE == 0 {
                continue;
            }
            // Numbers come before references in a description, so the declared order is the written one.
            let codes: Vec<u8> = described.fields.iter().map(|(code, _)| *code).collect();
            for code in codes {
                fields.push(self.value(code, depth)?);
            }
            if flags & HAS_WRITE_OBJECT != 0 {
                self.note(depth, Some(&mut notes))?;
            }
        }
        let node = Node::Object {
            class,
            fields,
            notes,
        };
        Ok(self.close(id, node))
    }

    fn array(&mut self, depth: usize) -> Result<Item<'a>> {
        let at = self.cursor.clone();
        let class = self.class_of(depth)?;
        let id = self.open();
        let code = match self.stream.node(class) {
            Some(Node::Class(class)) => class.name.as_bytes().get(1).copied(),
            _ => None,
        };
        let width = match code {
            Some(b'B' | b'Z') => 1,
            Some(b'C' | b'S') => 2,
            Some(b'F' | b'I') => 4,
            Some(b'D' | b'J') => 8,
            Some(b'[' | b'L') => {
                let count = self.cursor.count(1, "elements")?;
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.content(depth)?);
                }
                return Ok(self.close(id, Node::Array(items)));
            }
            _ => return Err(at.corrupt("expected the class of an array")),
        };
        let count = self.cursor.count(width, "elements")?;
        self.cursor.bytes(count * width, "elements")?;
        Ok(self.close(id, Node::Other))
    }

    fn value(&mut self, code: u8, depth: usize) -> Result<Item<'a>> {
        Ok(match code {
            b'Z' => Item::Boolean(self.cursor.bool("a truth value")?),
            b'B' => Item::Integer(i8::from_be_bytes(self.cursor.array("a byte")?).into()),
            b'C' => Item::Integer(self.cursor.u16("a character")?.into()),
            b'S' => Item::Integer(i16::from_be_bytes(self.cursor.array("a short")?).into()),
            b'I' => Item::Integer(self.cursor.i32("an int")?.into()),
            b'J' => Item::Integer(self.cursor.i64("a long")?),
            b'F' => self.cursor.bytes(4, "a float").map(|_| Item::Real)?,
            b'D' => self.cursor.bytes(8, "a double").map(|_| Item::Real)?,
            _ => self.content(depth)?,
        })
    }
}
