//! Serializers that consist of others.
//!
//! ```text
//! payload   000DE704 version:i32 outer 001457FD 00000001 count:i32 snapshot*
//! outer     list, map, set, timer, TTL, either: nothing
//!           tuple, Scala's case class: class:utf; array: class:utf; row: kinds:bool from version 3 on; nullable: padding:i32
//!           SQL's linked list: nulls:bool from version 2 on; SQL's external types: type:stream internal:bool
//! marked    ttl:bool snapshot, without the frame
//! old       array: class:utf, then as from 001457FD on; either: as from 001457FD on
//! ```

use super::guess::Guesses;
use super::layout::{self, Class};
use super::snapshot::{self, name};
use super::{Kind, Serializer, Simple};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::java::stream::Stream;

pub(super) const OUTER: i32 = 0x000D_E704;
pub(super) const NESTED: i32 = 0x0014_57FD;

pub(super) const MARKED: &str = "org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot";

pub(super) const OLD_ARRAY: &str =
    "org.apache.flink.api.common.typeutils.base.GenericArraySerializerConfigSnapshot";
pub(super) const OLD_EITHER: &str =
    "org.apache.flink.api.java.typeutils.runtime.EitherSerializerSnapshot";

/// Which of them a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    List,
    Set,
    LinkedList,
    Map,
    Array,
    Tuple,
    Row,
    Nullable,
    Either,
    Raw,
    Timer,
    Ttl,
    /// Scala's case classes and tuples.
    CaseClass,
    /// A type of SQL in the form that users see: as the internal one.
    External,
    /// Writes what the serializer in it writes: a view on a state, of SQL; a check of threads.
    View,
}

/// The first class of a family is the one that is written.
pub(super) const CLASSES: &[(&str, Family)] = &[
    (
        "org.apache.flink.api.common.typeutils.base.ListSerializerSnapshot",
        Family::List,
    ),
    (
        "org.apache.flink.runtime.state.ArrayListSerializerSnapshot",
        Family::List,
    ),
    (
        "org.apache.flink.api.common.typeutils.base.SetSerializerSnapshot",
        Family::Set,
    ),
    (
        "org.apache.flink.table.runtime.typeutils.LinkedListSerializer$LinkedListSerializerSnapshot",
        Family::LinkedList,
    ),
    (
        "org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot",
        Family::Map,
    ),
    (
        "org.apache.flink.api.common.typeutils.base.GenericArraySerializerSnapshot",
        Family::Array,
    ),
    (
        "org.apache.flink.api.java.typeutils.runtime.TupleSerializerSnapshot",
        Family::Tuple,
    ),
    (
        "org.apache.flink.api.java.typeutils.runtime.RowSerializer$RowSerializerSnapshot",
        Family::Row,
    ),
    (
        "org.apache.flink.api.java.typeutils.runtime.NullableSerializer$NullableSerializerSnapshot",
        Family::Nullable,
    ),
    (
        "org.apache.flink.api.java.typeutils.runtime.JavaEitherSerializerSnapshot",
        Family::Either,
    ),
    (
        "org.apache.flink.table.runtime.typeutils.RawValueDataSerializer$RawValueDataSerializerSnapshot",
        Family::Raw,
    ),
    (
        "org.apache.flink.streaming.api.operators.TimerSerializerSnapshot",
        Family::Timer,
    ),
    (
        "org.apache.flink.runtime.state.ttl.TtlStateFactory$TtlSerializerSnapshot",
        Family::Ttl,
    ),
    (
        "org.apache.flink.runtime.state.v2.ttl.TtlStateFactory$TtlSerializerSnapshot",
        Family::Ttl,
    ),
    (
        "org.apache.flink.table.dataview.ListViewSerializerSnapshot",
        Family::View,
    ),
    (
        "org.apache.flink.table.dataview.MapViewSerializerSnapshot",
        Family::View,
    ),
    (
        "org.apache.flink.api.common.typeutils.SingleThreadAccessCheckingTypeSerializer$SingleThreadAccessCheckingTypeSerializerSnapshot",
        Family::View,
    ),
    // What CEP wrote before 1.13: its list of edges.
    (
        "org.apache.flink.cep.nfa.sharedbuffer.SharedBufferNode$SharedBufferNodeSerializer$SharedBufferNodeSerializerSnapshot",
        Family::View,
    ),
    (
        "org.apache.flink.table.runtime.typeutils.ExternalSerializer$ExternalSerializerSnapshot",
        Family::External,
    ),
    (
        "org.apache.flink.api.scala.typeutils.ScalaCaseClassSerializerSnapshot",
        Family::CaseClass,
    ),
    (
        "org.apache.flink.api.scala.typeutils.SpecificCaseClassSerializerSnapshot",
        Family::CaseClass,
    ),
    (
        "org.apache.flink.api.scala.typeutils.Tuple2CaseClassSerializerSnapshot",
        Family::CaseClass,
    ),
    (
        "org.apache.flink.api.scala.typeutils.ScalaEitherSerializerSnapshot",
        Family::Either,
    ),
];

impl Family {
    pub(super) fn of_class(class: &str) -> Option<Self> {
        let found = CLASSES.iter().find(|(known, _)| *known == class);
        found.map(|(_, family)| *family)
    }

    pub(super) fn class(self) -> &'static str {
        let found = CLASSES.iter().find(|(_, family)| *family == self);
        found.map_or("", |(class, _)| *class)
    }
}

/// What a family records of itself.
struct Outer {
    class: String,
    flag: bool,
    padding: usize,
}

pub(super) fn read(
    family: Family,
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Kind> {
    let start = cursor.clone();
    let version = read_frame(cursor)?;
    let mut outer = Outer {
        class: String::new(),
        flag: false,
        padding: 0,
    };
    match family {
        Family::Tuple | Family::CaseClass | Family::Array => {
            outer.class = name(cursor, "the class of a value")?;
        }
        Family::Row if version >= 3 => outer.flag = cursor.bool("whether rows have kinds")?,
        Family::LinkedList if version >= 2 => outer.flag = cursor.bool("whether nulls are told")?,
        Family::Nullable => outer.padding = cursor.count(0, "bytes of padding")?,
        Family::External => {
            Stream::read(cursor)?;
            cursor.bool("whether values are internal ones")?;
        }
        _ => {}
    }
    let parts = read_nested(cursor, guesses, depth)?;
    assemble(family, outer, parts).map_err(|count| mistaken(&start, family, count))
}

/// Of a class that is described by a layout.
pub(super) fn read_record(
    class: &'static Class,
    version: i32,
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Kind> {
    let start = cursor.clone();
    let mut class = class;
    let parts = if class.outer() == layout::Outer::Frameless {
        Simple::read_payload(version, cursor)?;
        Vec::new()
    } else {
        let version = read_frame(cursor)?;
        match class.outer() {
            layout::Outer::Text => drop(cursor.utf("how a collection is made")?),
            layout::Outer::Flag { since, before, .. } => {
                class = class.with_flag(match version >= since {
                    true => cursor.bool("whether values have something more")?,
                    false => before == Some(version),
                });
            }
            layout::Outer::Nothing | layout::Outer::Frameless => {}
        }
        read_nested(cursor, guesses, depth)?
    };
    let record = class.with(parts);
    record
        .map(Kind::Record)
        .map_err(|count| mistaken(&start, class.name, count))
}

/// An array or an either as Flink 1.6 and 1.7 recorded them: without the outer frame.
pub(super) fn read_old(
    family: Family,
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Kind> {
    let start = cursor.clone();
    let class = match family {
        Family::Array => name(cursor, "the class of a value")?,
        _ => String::new(),
    };
    let outer = Outer {
        class,
        flag: false,
        padding: 0,
    };
    let parts = read_nested(cursor, guesses, depth)?;
    assemble(family, outer, parts).map_err(|count| mistaken(&start, family, count))
}

fn mistaken(start: &Cursor<'_>, what: impl std::fmt::Debug, count: usize) -> Error {
    start.corrupt(format!(
        "a serializer of a {what:?} with {count} serializers in it"
    ))
}

/// The frame that begins a composite serializer: its version.
fn read_frame(cursor: &mut Cursor<'_>) -> Result<i32> {
    let start = cursor.clone();
    if cursor.i32("the frame of a composite serializer")? != OUTER {
        return Err(start.corrupt("expected the frame of a composite serializer (000DE704)"));
    }
    cursor.i32("the version of a composite serializer")
}

/// The serializers inside one.
pub(super) fn read_nested(
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Vec<Serializer>> {
    let start = cursor.clone();
    let frame = [
        cursor.i32("the frame of nested serializers")?,
        cursor.i32("the version of nested serializers")?,
    ];
    if frame != [NESTED, 1] {
        return Err(start.corrupt("expected the frame of nested serializers (001457FD, 1)"));
    }
    // A snapshot has at least a name's length and a version.
    let count = cursor.count(6, "nested serializers")?;
    (0..count)
        .map(|_| snapshot::read(cursor, guesses, depth))
        .collect()
}

/// Moves behind the payload of a class that is not known, if it is a frame with serializers in it and nothing else.
pub(super) fn skip_unknown(cursor: &mut Cursor<'_>, depth: usize) -> bool {
    let mut end = cursor.clone();
    let mut skip = || {
        let frame = end.i32("the frame of a composite serializer")?;
        end.i32("the version of a composite serializer")?;
        read_nested(&mut end, &mut Guesses::empty(), depth)?;
        Ok::<_, Error>(frame)
    };
    let found = skip().is_ok_and(|frame| frame == OUTER);
    if found {
        *cursor = end;
    }
    found
}

/// The error is the number of parts, if the family has another.
fn assemble(family: Family, outer: Outer, parts: Vec<Serializer>) -> Result<Kind, usize> {
    let Outer {
        class,
        flag,
        padding,
    } = outer;
    Ok(match family {
        // Scala's classes without fields write nothing, and Flink's tuple without fields something.
        Family::CaseClass if parts.is_empty() => Kind::Simple(Simple::Nothing),
        Family::Tuple | Family::CaseClass => Kind::Tuple {
            class,
            fields: parts,
        },
        Family::Row => Kind::Row {
            kinds: flag,
            fields: parts,
        },
        Family::Map | Family::Either | Family::Timer | Family::Ttl => {
            let [one, two] = exact(parts)?;
            match family {
                Family::Map => Kind::Map(one, two),
                Family::Either => Kind::Either(one, two),
                Family::Timer => Kind::Timer {
                    key: one,
                    namespace: two,
                },
                _ => Kind::Ttl(two),
            }
        }
        _ => {
            let [one] = exact(parts)?;
            match family {
                Family::List => Kind::List(one),
                Family::Set => Kind::Set(one),
                Family::LinkedList => Kind::LinkedList {
                    nulls: flag,
                    element: one,
                },
                Family::Array => Kind::Array {
                    class,
                    element: one,
                },
                Family::Nullable => Kind::Nullable {
                    padding,
                    value: one,
                },
                Family::Raw => Kind::Raw(one),
                // What it writes is what the serializer in it writes.
                _ => Kind::Marked(one),
            }
        }
    })
}

fn exact<const N: usize>(parts: Vec<Serializer>) -> Result<[Box<Serializer>; N], usize> {
    let boxed: Vec<_> = parts.into_iter().map(Box::new).collect();
    boxed.try_into().map_err(|parts: Vec<_>| parts.len())
}

pub(super) fn read_marked(
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Kind> {
    cursor.bool("whether there is a time to live")?;
    let inner = snapshot::read(cursor, guesses, depth)?;
    Ok(Kind::Marked(Box::new(inner)))
}
