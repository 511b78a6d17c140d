//! Serializers from nothing: for state that Flink has never seen.
//!
//! Their snapshots are those of current releases, and of the older ones that read them (1.8 and later). Each is made as bytes and
//! read again, so that there is one notion of what a snapshot means.

use std::sync::Arc;

use super::composite::{Family, NESTED, OUTER};
use super::snapshot::EMPTY_TUPLE;
use super::{Serializer, Simple, enumeration, pojo};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::java::utf::write_utf;

/// How many fields Flink's largest tuple has.
const TUPLE_FIELDS_MAX: usize = 25;

impl Serializer {
    /// Of a value without parts.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn simple(simple: Simple) -> Result<Self> {
        made(&simple.class(), 3, |_| Ok(()))
    }

    /// Of a list.
    ///
    /// # Errors
    /// `Incompatible` when the parts are nested too deep, here and below.
    pub fn list(element: &Self) -> Result<Self> {
        composite(Family::List, 1, &[element], |_| Ok(()))
    }

    /// Of a map.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn map(key: &Self, value: &Self) -> Result<Self> {
        composite(Family::Map, 1, &[key, value], |_| Ok(()))
    }

    /// Of `Tuple0` to `Tuple25`.
    ///
    /// # Errors
    /// As [`Self::list`]; `Invalid` when there are more than 25 fields.
    pub fn tuple(fields: &[&Self]) -> Result<Self> {
        match fields.len() {
            0 => made(EMPTY_TUPLE, 3, |_| Ok(())),
            count @ ..=TUPLE_FIELDS_MAX => composite(Family::Tuple, 2, fields, |out| {
                write_utf(
                    &format!("org.apache.flink.api.java.tuple.Tuple{count}"),
                    out,
                )
            }),
            count => Err(Error::invalid(format!(
                "a tuple of {count} fields: Flink has tuples of up to {TUPLE_FIELDS_MAX}"
            ))),
        }
    }

    /// Of rows by position, which tell their kind.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn row(fields: &[&Self]) -> Result<Self> {
        composite(Family::Row, 4, fields, |out| {
            out.push(1);
            Ok(())
        })
    }

    /// Of values that may be null, without padding.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn nullable(value: &Self) -> Result<Self> {
        composite(Family::Nullable, 2, &[value], |out| {
            out.extend([0; 4]);
            Ok(())
        })
    }

    /// Of values with the time of their last access.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn ttl(value: &Self) -> Result<Self> {
        let time = Self::simple(Simple::Long)?;
        composite(Family::Ttl, 2, &[&time, value], |_| Ok(()))
    }

    /// Of timers.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn timer(key: &Self, namespace: &Self) -> Result<Self> {
        composite(Family::Timer, 2, &[key, namespace], |_| Ok(()))
    }

    /// Of an enum's constants.
    ///
    /// # Errors
    /// `Invalid` when a name is longer than Java allows, `Incompatible` when it is longer than this crate reads.
    pub fn enumeration(class: &str, constants: &[&str]) -> Result<Self> {
        made(enumeration::CLASS, 3, |out| {
            write_utf(class, out)?;
            write_count(constants.len(), out)?;
            constants.iter().try_for_each(|name| write_utf(name, out))
        })
    }

    /// Of an object by its fields. Flink has them in the order of their names.
    ///
    /// # Errors
    /// As [`Self::enumeration`] and [`Self::list`].
    pub fn pojo(class: &str, fields: &[(&str, &Self)]) -> Result<Self> {
        made(pojo::CLASS, 2, |out| {
            write_utf(class, out)?;
            out.extend(pojo::MAP.to_be_bytes());
            write_count(fields.len(), out)?;
            for (name, serializer) in fields {
                write_utf(name, out)?;
                write_frame(out, |out| {
                    write_utf(class, out)?;
                    write_utf(name, out)
                })?;
                write_frame(out, |out| {
                    serializer.write(out);
                    Ok(())
                })?;
            }
            for _subclasses in 0..2 {
                out.extend(pojo::MAP.to_be_bytes());
                write_count(0, out)?;
            }
            Ok(())
        })
    }
}

fn made(
    class: &str,
    version: i32,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<Serializer> {
    let mut out = Vec::new();
    write_utf(class, &mut out)?;
    out.extend(version.to_be_bytes());
    payload(&mut out)?;
    let file: Arc<str> = "a new serializer".into();
    Serializer::read(&mut Cursor::new(&out, &file, 0))
}

fn composite(
    family: Family,
    version: i32,
    parts: &[&Serializer],
    outer: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<Serializer> {
    made(family.class(), 3, |out| {
        out.extend(OUTER.to_be_bytes());
        out.extend(version.to_be_bytes());
        outer(out)?;
        out.extend(NESTED.to_be_bytes());
        out.extend(1_i32.to_be_bytes());
        write_count(parts.len(), out)?;
        for part in parts {
            part.write(out);
        }
        Ok(())
    })
}

fn write_count(count: usize, out: &mut Vec<u8>) -> Result<()> {
    let count = i32::try_from(count)
        .map_err(|e| Error::invalid("more than 2^31 parts of a serializer").with_source(e))?;
    out.extend(count.to_be_bytes());
    Ok(())
}

fn write_frame(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let mut frame = Vec::new();
    content(&mut frame)?;
    out.push(1);
    write_count(frame.len(), out)?;
    out.extend(frame);
    Ok(())
}
