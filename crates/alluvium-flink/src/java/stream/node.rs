//! What a serialization stream consists of, once it was read: nodes that refer to each other by number.
//!
//! Invariant: a [`NodeId`] of a stream names a node of that stream. References may form cycles, so whoever follows them bounds
//! the depth.

/// The object of a stream, and all that it refers to.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Item<'a>,
}

/// The number of a node in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(pub(super) usize);

/// What is in a place for a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item<'a> {
    Null,
    Node(NodeId),
    Boolean(bool),
    /// A byte, a short, an int, a long or a character.
    Integer(i64),
    /// A float or a double: nothing that this crate reads has one.
    Real,
    /// What a class wrote by itself.
    Block(&'a [u8]),
}

/// Something that a stream can refer to.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// It is being read; only in a cycle is it ever seen.
    Open,
    Class(Class),
    Object {
        class: NodeId,
        /// The values of the classes' fields, the topmost class first, in the order that the classes declare them.
        fields: Vec<Item<'a>>,
        /// What the classes wrote by themselves.
        notes: Vec<Item<'a>>,
    },
    Array(Vec<Item<'a>>),
    /// An array of numbers or a class as a value, which nobody needs.
    Other,
    Text(String),
    /// An enum's constant: its name.
    Constant(NodeId),
}

/// The description of a class.
#[derive(Debug, Default)]
pub(crate) struct Class {
    pub(super) name: String,
    pub(super) flags: u8,
    /// Type codes and names.
    pub(super) fields: Vec<(u8, String)>,
    pub(super) parent: Option<NodeId>,
}

impl<'a> Stream<'a> {
    /// The object that was written.
    pub(crate) const fn root(&self) -> Item<'a> {
        self.root
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node<'a>> {
        self.nodes.get(id.0)
    }

    fn class(&self, id: NodeId) -> Option<&Class> {
        match self.node(id) {
            Some(Node::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// A class and those above it, the topmost first.
    pub(super) fn lineage(&self, class: NodeId) -> Vec<NodeId> {
        let mut lineage = vec![class];
        let mut next = self.class(class).and_then(|class| class.parent);
        // Classes nest no deeper than contents do, unless a hostile one is above itself.
        while let Some(parent) = next
            && lineage.len() <= super::DEPTH_MAX
        {
            lineage.push(parent);
            next = self.class(parent).and_then(|class| class.parent);
        }
        lineage.reverse();
        lineage
    }

    /// The name of an object's class, such as `java.util.ArrayList`.
    pub(crate) fn class_name(&self, item: Item<'_>) -> Option<&str> {
        let Item::Node(id) = item else { return None };
        match self.node(id)? {
            Node::Object { class, .. } => Some(&self.class(*class)?.name),
            _ => None,
        }
    }

    /// An object's field, of its class or one above.
    pub(crate) fn field(&self, item: Item<'_>, name: &str) -> Option<Item<'a>> {
        let Item::Node(id) = item else { return None };
        let Node::Object { class, fields, .. } = self.node(id)? else {
            return None;
        };
        let mut values = fields.iter();
        for class in self.lineage(*class) {
            for (_, field) in &self.class(class)?.fields {
                let value = values.next()?;
                if field == name {
                    return Some(*value);
                }
            }
        }
        None
    }

    /// The text of a string, or the name of an enum's constant.
    pub(crate) fn text(&self, item: Item<'_>) -> Option<&str> {
        let Item::Node(id) = item else { return None };
        match self.node(id)? {
            Node::Text(text) => Some(text),
            Node::Constant(name) => match self.node(*name)? {
                Node::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }
}
