//! Classes of Flink's own runtime, each of which writes some parts in an order of its own: joins, windows of SQL, complex
//! event processing, sinks, Scala's types.
//!
//! Their snapshots are those of composite serializers (`composite`). What their values look like is data: a [`Layout`],
//! which one function reads and another writes (`value::layout`), so that a class is a line in the table of [`classes`].
//!
//! Invariant: a layout has no cycles; values nest only as deep as serializers do.

mod classes;

use super::Serializer;
use classes::CLASSES;

/// A class that is described by a layout, with the serializers in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub(super) class: &'static Class,
    pub(super) parts: Vec<Serializer>,
}

impl Record {
    /// What it is called, such as `BufferEntry`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.class.name
    }

    /// The serializers in it, in the order of the snapshot.
    #[must_use]
    pub fn parts(&self) -> &[Serializer] {
        &self.parts
    }
}

/// A class of which the layout is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Class {
    /// Of the snapshot, behind `org.apache.flink.`.
    snapshot: &'static str,
    pub(super) name: &'static str,
    /// How many serializers are in it.
    parts: usize,
    outer: Outer,
    /// Whether Flink says how long its values are.
    pub(super) declares_length: bool,
    pub(super) layout: Layout,
}

/// What a class records of itself, beside the serializers in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outer {
    Nothing,
    /// Not even the frame of composite serializers: a class as those of `simple`.
    Frameless,
    /// A text that does not matter here.
    Text,
    /// Whether values have something more: recorded from version `since` on, before which only the version `before` has
    /// it. The class is in the list twice, with it and without.
    Flag {
        since: i32,
        before: Option<i32>,
        with: bool,
    },
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Layout {
    /// By the serializer of this number.
    Part(usize),
    /// A byte that is 0 or 1.
    Bool,
    Int,
    Long,
    /// As `value::string` writes it.
    Text,
    /// One after the other.
    Fields(&'static str, &'static [(&'static str, Self)]),
    /// `i32` of how many, then they.
    List(&'static Self),
    /// `i32` of how many, then keys and values in turn.
    Map(&'static Self, &'static Self),
    /// 1 and it, or 0.
    Optional(&'static Self),
    /// 0 and it, or 1.
    Nullable(&'static Self),
    /// A byte tells which one it is.
    Tagged(&'static str, &'static [(u8, &'static str, Option<Self>)]),
}

impl Class {
    /// By the class of a snapshot; those of one snapshot differ in their flag.
    pub(super) fn of_snapshot(snapshot: &str) -> Option<&'static Self> {
        let rest = snapshot.strip_prefix("org.apache.flink.")?;
        CLASSES.iter().find(|class| class.snapshot == rest)
    }

    pub(super) const fn outer(&self) -> Outer {
        self.outer
    }

    /// The class of the same snapshot whose flag is `flag`.
    pub(super) fn with_flag(&'static self, flag: bool) -> &'static Self {
        let has = |class: &&Self| {
            class.snapshot == self.snapshot
                && matches!(class.outer, Outer::Flag { with, .. } if with == flag)
        };
        CLASSES.iter().find(has).unwrap_or(self)
    }

    /// With the serializers in it; their number if it has to be another.
    pub(super) fn with(&'static self, parts: Vec<Serializer>) -> Result<Record, usize> {
        match parts.len() == self.parts {
            true => Ok(Record { class: self, parts }),
            false => Err(parts.len()),
        }
    }
}
