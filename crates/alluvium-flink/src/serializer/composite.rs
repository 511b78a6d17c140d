//! Serializers that consist of others.
//!
//! ```text
//! payload   000DE704 version:i32 outer 001457FD 00000001 count:i32 snapshot*
//! outer     list, map, set, timer, TTL, either: nothing
//!           tuple: class:utf; array: class:utf; row: kinds:bool from version 3 on; nullable: padding:i32
//!           SQL's linked list: nulls:bool from version 2 on
//! marked    ttl:bool snapshot, without the frame
//! ```

use super::guess::Guesses;
use super::snapshot::{self, name};
use super::{Kind, Serializer};
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const OUTER: i32 = 0x000D_E704;
pub(super) const NESTED: i32 = 0x0014_57FD;

pub(super) const MARKED: &str = "org.apache.flink.runtime.state.ttl.TtlAwareSerializerSnapshot";

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
    Union,
    Buffered,
    Raw,
    Timer,
    Ttl,
    /// A view on a state, of SQL: as the list or map in it.
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
        "org.apache.flink.streaming.api.datastream.CoGroupedStreams$UnionSerializerSnapshot",
        Family::Union,
    ),
    (
        "org.apache.flink.streaming.api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot",
        Family::Buffered,
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
    if cursor.i32("the frame of a composite serializer")? != OUTER {
        return Err(start.corrupt("expected the frame of a composite serializer (000DE704)"));
    }
    let version = cursor.i32("the version of a composite serializer")?;
    let mut outer = Outer {
        class: String::new(),
        flag: false,
        padding: 0,
    };
    match family {
        Family::Tuple | Family::Array => outer.class = name(cursor, "the class of a value")?,
        Family::Row if version >= 3 => outer.flag = cursor.bool("whether rows have kinds")?,
        Family::LinkedList if version >= 2 => outer.flag = cursor.bool("whether nulls are told")?,
        Family::Nullable => outer.padding = cursor.count(0, "bytes of padding")?,
        _ => {}
    }
    let parts = read_nested(cursor, guesses, depth)?;
    assemble(family, outer, parts).map_err(|count| {
        start.corrupt(format!(
            "a serializer of a {family:?} with {count} serializers in it"
        ))
    })
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
        Ok::<_, crate::Error>(frame)
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
        Family::Tuple => Kind::Tuple {
            class,
            fields: parts,
        },
        Family::Row => Kind::Row {
            kinds: flag,
            fields: parts,
        },
        Family::Map | Family::Either | Family::Union | Family::Timer | Family::Ttl => {
            let [one, two] = exact(parts)?;
            match family {
                Family::Map => Kind::Map(one, two),
                Family::Either => Kind::Either(one, two),
                Family::Union => Kind::Union(one, two),
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
                Family::Buffered => Kind::Buffered(one),
                Family::Raw => Kind::Raw(one),
                // A view writes what the serializer in it writes.
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
