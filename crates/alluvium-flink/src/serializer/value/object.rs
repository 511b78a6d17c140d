//! Objects by their fields, and constants of enums.
//!
//! ```text
//! object    01                                null
//!           02 field*                         of the class itself
//!           04 class:utf object               of a subclass
//!           08 number:u8 object               of a registered subclass
//! field     null:bool value?
//! constant  position:i32, in the snapshot's list
//! Java's    a stream of Java's (`java::stream`), which tells its own end
//! ```
//!
//! The object of a subclass is written by the subclass's own serializer, which is by fields as well and begins with a byte of
//! its own.

use alluvium_protocol::value::Value;

use super::decode;
use super::encode::{self, mismatch, of};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::java::stream::Stream;
use crate::java::utf::write_utf;
use crate::serializer::pojo::{Field, Pojo};

const NULL: u8 = 1;
const EXACT: u8 = 2;
const SUBCLASS: u8 = 4;
const REGISTERED: u8 = 8;

pub(super) fn read<O: Output>(pojo: &Pojo, cursor: &mut Cursor<'_>) -> Result<O> {
    let start = cursor.clone();
    let subclass = match cursor.u8("an object")? {
        NULL => return Ok(O::value(|| Value::Null)),
        EXACT => return read_fields(pojo, cursor),
        SUBCLASS => {
            let class = cursor.utf("the class of an object")?;
            find(&pojo.others, &class).ok_or_else(|| unreadable(&start, &class))?
        }
        REGISTERED => {
            let number = cursor.u8("the number of a class")?;
            let known = pojo.registered.get(usize::from(number));
            known.ok_or_else(|| start.corrupt(format!("no subclass has the number {number}")))?
        }
        other => return Err(start.corrupt(format!("no object begins with {other:02x}"))),
    };
    match &subclass.serializer {
        Some(serializer) => decode::read(serializer, cursor),
        None => Err(unreadable(&start, &subclass.name)),
    }
}

#[cold]
fn unreadable(at: &Cursor<'_>, class: &str) -> Error {
    at.unknown(format!(
        "an object of the subclass {class}, whose serializer the snapshot does not have"
    ))
}

fn find<'p>(fields: &'p [Field], name: &str) -> Option<&'p Field> {
    fields.iter().find(|field| field.name == name)
}

fn read_fields<O: Output>(pojo: &Pojo, cursor: &mut Cursor<'_>) -> Result<O> {
    let mut values = Vec::new();
    for field in &pojo.fields {
        let start = cursor.clone();
        values.push(match cursor.bool("whether a field is null")? {
            true => O::value(|| Value::Null),
            false => match &field.serializer {
                Some(serializer) => decode::read(serializer, cursor)?,
                None => {
                    return Err(start.unknown(format!(
                        "the snapshot has no serializer of the field {} of {}",
                        field.name, pojo.class
                    )));
                }
            },
        });
    }
    let names = pojo.fields.iter().map(|field| field.name.as_str());
    Ok(O::fields(&pojo.class, names, values))
}

pub(super) fn write(pojo: &Pojo, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let (name, fields) = match value {
        Value::Null => {
            out.push(NULL);
            return Ok(());
        }
        Value::Struct { name, fields } => (name, fields),
        other => return Err(mismatch(format!("an object of {}", pojo.class), of(other))),
    };
    if *name != pojo.class {
        return write_subclass(pojo, name, value, out);
    }
    out.push(EXACT);
    for field in &pojo.fields {
        let found = fields.iter().find(|(name, _)| *name == field.name);
        let Some((_, value)) = found else {
            let expected = format!("an object with the field {}", field.name);
            return Err(mismatch(expected, "one without"));
        };
        out.push(u8::from(*value == Value::Null));
        match &field.serializer {
            _ if *value == Value::Null => {}
            Some(serializer) => encode::write(serializer, value, out)?,
            None => {
                return Err(Error::unknown(format!(
                    "the snapshot has no serializer of the field {} of {}",
                    field.name, pojo.class
                )));
            }
        }
    }
    Ok(())
}

fn write_subclass(pojo: &Pojo, class: &str, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let registered = pojo.registered.iter().position(|field| field.name == class);
    let number = registered.and_then(|position| u8::try_from(position).ok());
    let subclass = match number {
        Some(number) => {
            out.extend([REGISTERED, number]);
            pojo.registered.get(usize::from(number))
        }
        None => {
            out.push(SUBCLASS);
            write_utf(class, out)?;
            find(&pojo.others, class)
        }
    };
    match subclass.and_then(|field| field.serializer.as_ref()) {
        Some(serializer) => encode::write(serializer, value, out),
        None => Err(mismatch(
            format!("an object of {}", pojo.class),
            format!("one of {class}, of which the snapshot has no serializer"),
        )),
    }
}

pub(super) fn read_constant<O: Output>(
    class: &str,
    constants: &[String],
    cursor: &mut Cursor<'_>,
) -> Result<O> {
    let start = cursor.clone();
    let position = cursor.i32("a constant of an enum")?;
    let constant = usize::try_from(position)
        .ok()
        .and_then(|position| constants.get(position));
    match constant {
        Some(constant) => Ok(O::variant(class, constant, O::value(|| Value::Null))),
        None => Err(start.corrupt(format!(
            "{class} has {} constants, and none has the number {position}",
            constants.len()
        ))),
    }
}

pub(super) fn write_constant(
    class: &str,
    constants: &[String],
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<()> {
    let name = match value {
        Value::Enum { variant, .. } => variant,
        Value::Str(text) => text,
        other => return Err(mismatch(format!("a constant of {class}"), of(other))),
    };
    let position = constants.iter().position(|constant| constant == name);
    let position = position.and_then(|position| i32::try_from(position).ok());
    let position =
        position.ok_or_else(|| mismatch(format!("a constant of {class}"), format!("{name:?}")))?;
    out.extend(position.to_be_bytes());
    Ok(())
}

const JAVA: [&str; 2] = ["class", "bytes"];

/// An object that Java serialized: its class, and the stream.
pub(super) fn read_java<O: Output>(cursor: &mut Cursor<'_>) -> Result<O> {
    let start = cursor.clone();
    let stream = Stream::read(cursor)?;
    let length = start.left().len() - cursor.left().len();
    let bytes = start.left().get(..length).unwrap_or_default();
    let root = stream.root();
    let class = O::value(|| match (stream.class_name(root), stream.text(root)) {
        (Some(class), _) => Value::Str(class.to_owned()),
        (None, Some(_)) => Value::Str("java.lang.String".to_owned()),
        (None, None) => Value::Null,
    });
    let bytes = O::value(|| Value::Bytes(bytes.to_vec()));
    Ok(O::fields(
        "JavaObject",
        JAVA.into_iter(),
        vec![class, bytes],
    ))
}

pub(super) fn write_java(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let [_, bytes] = super::collection::fields(value, JAVA)?;
    match bytes {
        Value::Bytes(bytes) => out.extend_from_slice(bytes),
        other => return Err(mismatch("the bytes of a Java object", of(other))),
    }
    Ok(())
}
