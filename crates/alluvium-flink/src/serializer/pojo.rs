//! The serializer of objects by their fields, and the maps that it and Kryo's record.
//!
//! ```text
//! payload   class:utf fields:map registered:map others:map
//! map       000004F2C69A3D70 count:i32 entry*
//! entry     name:utf key:frame value:frame
//! frame     00 | 01 length:i32 bytes
//! ```
//!
//! A field's name is its entry's; the value is the field's serializer, or absent when Flink had none for it. The other maps
//! name subclasses: those that were registered (a value of one begins with its position) and those that were met.

use super::guess::{Guesses, exactly};
use super::snapshot::{self, name};
use super::{Kind, NAME_MAX, Serializer};
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const CLASS: &str = "org.apache.flink.api.java.typeutils.runtime.PojoSerializerSnapshot";
pub(super) const MAP: i64 = 0x0000_04F2_C69A_3D70;

/// The serializer of a class by its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Pojo {
    pub(super) class: String,
    pub(super) fields: Vec<Field>,
    /// Subclasses that values name by position.
    pub(super) registered: Vec<Field>,
    /// Subclasses that values name.
    pub(super) others: Vec<Field>,
}

/// A field of an object; or a subclass, which is named and has a serializer as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub(super) name: String,
    pub(super) serializer: Option<Serializer>,
}

impl Pojo {
    /// The class.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The fields, in the order that values have them.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(super) fn opaque(&self) -> Option<&str> {
        self.fields
            .iter()
            .find_map(|field| match &field.serializer {
                Some(serializer) => serializer.opaque(),
                None => Some(&field.name),
            })
    }
}

impl Field {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The serializer; none when Flink itself did not find the field or its type.
    #[must_use]
    pub const fn serializer(&self) -> Option<&Serializer> {
        self.serializer.as_ref()
    }
}

pub(super) fn read(cursor: &mut Cursor<'_>, guesses: &mut Guesses, depth: usize) -> Result<Kind> {
    let class = name(cursor, "the class of an object")?;
    let mut map = |cursor: &mut Cursor<'_>| {
        read_map(cursor, |name, value| {
            let serializer = value.map(|mut frame| {
                exactly(
                    &mut frame,
                    Some(&mut *guesses),
                    "a serializer",
                    |cursor, guesses| snapshot::read(cursor, guesses, depth),
                )
            });
            Ok(Field {
                name,
                serializer: serializer.transpose()?,
            })
        })
    };
    Ok(Kind::Pojo(Pojo {
        class,
        fields: map(cursor)?,
        registered: map(cursor)?,
        others: map(cursor)?,
    }))
}

/// Reads a map whose keys may be without a value. What the frames of keys contain, the names of entries tell as well.
pub(super) fn read_map<'a, T>(
    cursor: &mut Cursor<'a>,
    mut entry: impl FnMut(String, Option<Cursor<'a>>) -> Result<T>,
) -> Result<Vec<T>> {
    let start = cursor.clone();
    if cursor.i64("the frame of a map")? != MAP {
        return Err(start.corrupt("expected the frame of a map (000004F2C69A3D70)"));
    }
    let count = cursor.count(4, "entries")?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let at = cursor.clone();
        let name = cursor.utf("the name of an entry")?;
        if name.len() > NAME_MAX {
            return Err(at.unknown(format!("a name of more than {NAME_MAX} bytes")));
        }
        frame(cursor, "the key of an entry")?;
        entries.push(entry(name, frame(cursor, "the value of an entry")?)?);
    }
    Ok(entries)
}

fn frame<'a>(cursor: &mut Cursor<'a>, what: &'static str) -> Result<Option<Cursor<'a>>> {
    if !cursor.bool("whether an entry is whole")? {
        return Ok(None);
    }
    let length = cursor.count(1, what)?;
    let offset = cursor.offset();
    let file = cursor.file();
    Ok(Some(Cursor::new(cursor.bytes(length, what)?, file, offset)))
}
