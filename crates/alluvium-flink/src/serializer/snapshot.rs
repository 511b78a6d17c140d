//! Reads serializers: a class and a version tell the family, and the family reads its payload.

use std::sync::Arc;

use super::composite::Family;
use super::guess::Guesses;
use super::layout::Class;
use super::{
    DEPTH_MAX, Kind, NAME_MAX, Serializer, Simple, avro, composite, enumeration, kryo, pojo,
    row_data, user_class,
};
use crate::cursor::Cursor;
use crate::error::Result;

pub(super) const EMPTY_TUPLE: &str =
    "org.apache.flink.api.java.typeutils.runtime.Tuple0SerializerSnapshot";

impl Serializer {
    /// Reads a snapshot; the payload of a class that is not known is taken to be empty.
    ///
    /// # Errors
    /// `Corrupt` when the bytes end early or are no snapshot.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        read(cursor, &mut Guesses::empty(), 0)
    }

    /// Reads a snapshot; the payload of a class that is not known is as long as is guessed.
    pub(crate) fn read_guessing(cursor: &mut Cursor<'_>, guesses: &mut Guesses) -> Result<Self> {
        read(cursor, guesses, 0)
    }
}

/// Reads a snapshot that is `depth` levels inside others.
pub(super) fn read(
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Serializer> {
    let start = cursor.clone();
    if depth >= DEPTH_MAX {
        let message = format!("serializers inside each other, more than {DEPTH_MAX} levels");
        return Err(start.unknown(message));
    }
    let class = name(cursor, "the class of a serializer's snapshot")?;
    if !is_class(&class) {
        return Err(start.corrupt("expected the class of a serializer's snapshot"));
    }
    let version = cursor.i32("the version of a serializer's snapshot")?;
    let kind = payload(&class, version, cursor, guesses, depth + 1)?;
    let length = start.left().len() - cursor.left().len();
    Ok(Serializer {
        class: class.into(),
        snapshot: Arc::from(start.left().get(..length).unwrap_or_default()),
        kind,
    })
}

/// A name that values repeat.
pub(super) fn name(cursor: &mut Cursor<'_>, what: &'static str) -> Result<String> {
    let start = cursor.clone();
    let name = cursor.utf(what)?;
    if name.len() > NAME_MAX {
        let message = format!(
            "{what} has {} bytes, and more than {NAME_MAX} are not read",
            name.len()
        );
        return Err(start.unknown(message));
    }
    Ok(name)
}

/// Whether a text can be a class's name: what keeps wrong guesses from going far.
fn is_class(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn payload(
    class: &str,
    version: i32,
    cursor: &mut Cursor<'_>,
    guesses: &mut Guesses,
    depth: usize,
) -> Result<Kind> {
    if let Some(simple) = Simple::of_class(class)
        && matches!(version, 2 | 3)
    {
        Simple::read_payload(version, cursor)?;
        return Ok(Kind::Simple(simple));
    }
    if let Some(family) = Family::of_class(class)
        && matches!(version, 2 | 3)
    {
        return composite::read(family, cursor, guesses, depth);
    }
    if let Some(known) = Class::of_snapshot(class)
        && matches!(version, 2 | 3)
    {
        return composite::read_record(known, version, cursor, guesses, depth);
    }
    match (class, version) {
        (EMPTY_TUPLE, 2 | 3) => {
            Simple::read_payload(version, cursor)?;
            Ok(Kind::Tuple {
                class: "org.apache.flink.api.java.tuple.Tuple0".to_owned(),
                fields: Vec::new(),
            })
        }
        (enumeration::CLASS, 2 | 3) => enumeration::read(cursor),
        (enumeration::SCALA, 3) => enumeration::read_scala(cursor),
        (user_class::COPYABLE | user_class::PLAIN, 2) => user_class::read(class, cursor),
        (composite::OLD_ARRAY, 2) => composite::read_old(Family::Array, cursor, guesses, depth),
        (composite::OLD_EITHER, 2) => composite::read_old(Family::Either, cursor, guesses, depth),
        (pojo::CLASS, 2) => pojo::read(cursor, guesses, depth),
        (kryo::CLASS, 2) => kryo::read(cursor),
        (composite::MARKED, 1) => composite::read_marked(cursor, guesses, depth),
        (avro::CLASS, 1..=3) => avro::read(version, cursor),
        _ => match row_data::read(class, version, cursor, guesses, depth)? {
            Some(kind) => Ok(kind),
            None if composite::skip_unknown(cursor, depth) => Ok(Kind::Unknown),
            None => {
                let length = guesses.next(cursor.left().len());
                cursor.bytes(length, "the payload of a serializer's snapshot")?;
                Ok(Kind::Unknown)
            }
        },
    }
}
