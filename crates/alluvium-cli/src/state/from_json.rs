//! Values from JSON, by the shape that was recorded: the other way round from how they print.
//!
//! | shape | JSON |
//! |---|---|
//! | integers | numbers, with as many digits as they have |
//! | floats | numbers, `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | text, characters | text |
//! | bytes | text such as `"0x00ff"` |
//! | options | `null`, or what they hold |
//! | sequences, tuples | arrays |
//! | structs | objects with all their fields, of which options may be missing |
//! | maps | objects; a key that is no text is the text of its JSON |
//! | enums | the variant's name, or `{"variant": payload}` |
//!
//! What does not fit is refused with the place, what is due there, and what was found. Duplicate and unknown fields are
//! refused too: they are somebody's mistake.

use std::collections::BTreeSet;
use std::fmt;

use alluvium_protocol::key::encode_shape;
use alluvium_protocol::schema::{MSGPACK_NAMED, POSTCARD, ValueSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::value::{DEPTH_MAX, Value, msgpack, postcard};
use alluvium_protocol::versioned::push_version;
use anyhow::Result;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// JSON that does not fit its shape.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// From the inside out.
    path: Vec<String>,
    due: String,
    found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.path.iter().rev() {
            f.write_str(step)?;
        }
        let space = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{space}{} is due, found {}", self.due, self.found)
    }
}

impl std::error::Error for Mismatch {}

impl Mismatch {
    fn at(mut self, step: impl fmt::Display) -> Self {
        self.path.push(step.to_string());
        self
    }
}

/// How much of what is found is told.
const TOLD_CHARS: usize = 60;

fn mismatch(due: impl fmt::Display, json: &RawValue) -> Mismatch {
    let found = json.get();
    let short: String = found.chars().take(TOLD_CHARS).collect();
    let more = if short.len() < found.len() { "…" } else { "" };
    Mismatch {
        path: Vec::new(),
        due: due.to_string(),
        found: format!("{short}{more}"),
    }
}

/// The bytes of a key, namespace or map key of this shape.
///
/// # Errors
/// When the JSON does not fit, or keys of this shape are the program's own.
pub(crate) fn key(shape: &Shape, json: &RawValue, out: &mut Vec<u8>) -> Result<()> {
    let value = Reader { named: false }.value(shape, json, None, DEPTH_MAX)?;
    Ok(encode_shape(shape, &value, out)?)
}

/// The bytes of a value, by its codec, in the newest of the forms that values of the state have.
///
/// # Errors
/// When the JSON does not fit, or the shape was not recorded.
pub(crate) fn value(schema: &ValueSchema, json: &RawValue) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    if let Some(version) = schema.type_version {
        push_version(&mut out, version);
    }
    let shape = &schema.shape;
    let value = match schema.codec.as_str() {
        MSGPACK_NAMED if *shape != Shape::Opaque => {
            let value = Reader { named: true }.value(shape, json, None, DEPTH_MAX)?;
            msgpack::encode(&value)?
        }
        POSTCARD if *shape != Shape::Opaque => {
            let value = Reader { named: false }.value(shape, json, None, DEPTH_MAX)?;
            postcard::encode(shape, &value)?
        }
        _ => bytes(json)?,
    };
    out.extend_from_slice(&value);
    Ok(out)
}

fn bytes(json: &RawValue) -> Result<Vec<u8>, Mismatch> {
    let hex = || {
        let text = serde_json::from_str::<String>(json.get()).ok()?;
        let digits = text.strip_prefix("0x")?.as_bytes();
        let pairs = digits.chunks(2).map(|pair| {
            let pair = str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            let is_hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        });
        pairs.collect::<Option<Vec<u8>>>()
    };
    hex().ok_or_else(|| mismatch("text such as \"0x00ff\"", json))
}

struct Reader {
    /// Whether values are written with names, as `msgpack-named` does: then they are what MessagePack has, and fields
    /// keep their order.
    named: bool,
}

/// A shape and those that enclose it, which recursive shapes refer to.
struct Scope<'s> {
    shape: &'s Shape,
    outer: Option<&'s Self>,
}

impl Reader {
    fn value(
        &self,
        shape: &Shape,
        json: &RawValue,
        outer: Option<&Scope<'_>>,
        levels: usize,
    ) -> Result<Value, Mismatch> {
        let due = || mismatch(shape, json);
        let levels = levels
            .checked_sub(1)
            .ok_or_else(|| mismatch(format!("at most {DEPTH_MAX} levels"), json))?;
        let scope = Scope { shape, outer };
        let number = json.get();
        let int = |fits: Option<i128>| fits.map(Value::Int).ok_or_else(due);
        let uint = |fits: Option<u128>| fits.map(Value::Uint).ok_or_else(due);
        match shape {
            Shape::Unit | Shape::Option(_) if number == "null" => Ok(Value::Null),
            Shape::Unit if self.named && number == "[]" => Ok(Value::Seq(Vec::new())),
            Shape::Bool => parse(json).map(Value::Bool).ok_or_else(due),
            Shape::I8 => int(number.parse::<i8>().ok().map(Into::into)),
            Shape::I16 => int(number.parse::<i16>().ok().map(Into::into)),
            Shape::I32 => int(number.parse::<i32>().ok().map(Into::into)),
            Shape::I64 => int(number.parse::<i64>().ok().map(Into::into)),
            Shape::U8 => uint(number.parse::<u8>().ok().map(Into::into)),
            Shape::U16 => uint(number.parse::<u16>().ok().map(Into::into)),
            Shape::U32 => uint(number.parse::<u32>().ok().map(Into::into)),
            Shape::U64 => uint(number.parse::<u64>().ok().map(Into::into)),
            Shape::I128 | Shape::U128 if self.named => wide(shape, json),
            Shape::I128 => int(number.parse().ok()),
            Shape::U128 => uint(number.parse().ok()),
            Shape::F32 => float(json).map(Value::Float32).ok_or_else(due),
            Shape::F64 => float(json).map(Value::Float).ok_or_else(due),
            Shape::Char => parse(json).map(Value::Char).ok_or_else(due),
            Shape::Str => parse(json).map(Value::Str).ok_or_else(due),
            Shape::Bytes => bytes(json).map(Value::Bytes),
            Shape::Option(of) => self.value(of, json, outer, levels),
            Shape::Seq(of) => {
                let items: Vec<&RawValue> = parse(json).ok_or_else(due)?;
                let items = items.into_iter().enumerate().map(|(at, item)| {
                    let item = self.value(of, item, outer, levels);
                    item.map_err(|wrong| wrong.at(format_args!("[{at}]")))
                });
                items.collect::<Result<_, _>>().map(Value::Seq)
            }
            Shape::Tuple(parts) => self
                .parts(&parts.iter().collect::<Vec<_>>(), json, &scope, levels)?
                .ok_or_else(due),
            Shape::Map(key, of) => {
                let entries: Object<'_> = parse(json).ok_or_else(due)?;
                let mut known = BTreeSet::new();
                let entries = entries.0.into_iter().map(|(text, json)| {
                    let entry = self.map_key(key, &text, outer, levels).and_then(|key| {
                        if !known.insert(key.to_string()) {
                            return Err(mismatch("each key once", json));
                        }
                        Ok((key, self.value(of, json, outer, levels)?))
                    });
                    entry.map_err(|wrong| wrong.at(format_args!(".{text}")))
                });
                entries.collect::<Result<_, _>>().map(Value::Map)
            }
            Shape::Struct { fields, .. } if self.named && number.starts_with('[') => {
                let parts: Vec<_> = fields.iter().map(|(_, shape)| shape).collect();
                self.parts(&parts, json, &scope, levels)?.ok_or_else(due)
            }
            Shape::Struct { fields, name } => self.fields(name, fields, json, &scope, levels),
            Shape::Enum { name, variants } => self.variant(name, variants, json, &scope, levels),
            Shape::Recursive(name) => {
                let enclosing = std::iter::successors(outer, |scope| scope.outer)
                    .find(|scope| scope.shape.name() == Some(name));
                let scope = enclosing.ok_or_else(due)?;
                self.value(scope.shape, json, scope.outer, levels)
            }
            Shape::Opaque => Err(mismatch("a value that the program alone can write", json)),
            _ => Err(due()),
        }
    }

    /// The parts of a tuple; `None` if there are not as many, or it is no array.
    fn parts(
        &self,
        shapes: &[&Shape],
        json: &RawValue,
        scope: &Scope<'_>,
        levels: usize,
    ) -> Result<Option<Value>, Mismatch> {
        let items: Option<Vec<&RawValue>> = parse(json);
        let Some(items) = items.filter(|items| items.len() == shapes.len()) else {
            return Ok(None);
        };
        let items = items.into_iter().zip(shapes).enumerate();
        let items = items.map(|(at, (item, shape))| {
            let item = self.value(shape, item, Some(scope), levels);
            item.map_err(|wrong| wrong.at(format_args!("[{at}]")))
        });
        items.collect::<Result<_, _>>().map(Value::Seq).map(Some)
    }

    fn fields(
        &self,
        name: &str,
        fields: &[(String, Shape)],
        json: &RawValue,
        scope: &Scope<'_>,
        levels: usize,
    ) -> Result<Value, Mismatch> {
        let object: Object<'_> = parse(json).ok_or_else(|| mismatch(scope.shape, json))?;
        let mut values: Vec<(String, Value)> = Vec::with_capacity(fields.len());
        for (field, json) in object.0 {
            let known = fields.iter().find(|(known, _)| *known == field);
            let at = format!(".{field}");
            let Some((_, shape)) = known else {
                return Err(
                    mismatch(format_args!("no such field of {}", scope.shape), json).at(at),
                );
            };
            if values.iter().any(|(known, _)| *known == field) {
                return Err(mismatch("each field once", json).at(at));
            }
            let value = self.value(shape, json, Some(scope), levels);
            values.push((field, value.map_err(|wrong| wrong.at(at))?));
        }
        for (field, shape) in fields {
            if values.iter().any(|(known, _)| known == field) {
                continue;
            }
            match shape {
                // Without names there is no field that is missing.
                Shape::Option(_) if !self.named => values.push((field.clone(), Value::Null)),
                Shape::Option(_) => {}
                _ => {
                    return Err(mismatch(
                        format_args!("field `{field}` of type {shape}"),
                        json,
                    ));
                }
            }
        }
        Ok(Value::Struct {
            name: name.to_owned(),
            fields: values,
        })
    }

    fn variant(
        &self,
        name: &str,
        variants: &[(u32, String, Shape)],
        json: &RawValue,
        scope: &Scope<'_>,
        levels: usize,
    ) -> Result<Value, Mismatch> {
        let due = || mismatch(scope.shape, json);
        let find = |variant: &str| variants.iter().find(|(_, known, _)| known == variant);
        let (variant, payload) = if let Some(variant) = parse::<String>(json) {
            (variant, None)
        } else {
            let mut object = parse::<Object<'_>>(json).ok_or_else(due)?.0;
            let one = object.pop().filter(|_| object.is_empty()).ok_or_else(due)?;
            (one.0, Some(one.1))
        };
        let (_, _, shape) = find(&variant).ok_or_else(due)?;
        let payload = match payload {
            Some(payload) => {
                let value = self.value(shape, payload, Some(scope), levels);
                value.map_err(|wrong| wrong.at(format_args!(".{variant}")))?
            }
            None if *shape == Shape::Unit => Value::Null,
            None if matches!(shape, Shape::Option(_)) && !self.named => Value::Null,
            None => return Err(due()),
        };
        if self.named && *shape != Shape::Unit {
            return Ok(Value::Map(vec![(Value::Str(variant), payload)]));
        }
        Ok(Value::Enum {
            name: name.to_owned(),
            variant,
            payload: Box::new(payload),
        })
    }

    /// A map's key: text as it is if it may be, or what its text says.
    fn map_key(
        &self,
        shape: &Shape,
        text: &str,
        outer: Option<&Scope<'_>>,
        levels: usize,
    ) -> Result<Value, Mismatch> {
        let raw = |text: String| RawValue::from_string(text).ok();
        let quoted = serde_json::to_string(text).ok().and_then(raw);
        let Some(quoted) = quoted else {
            return Ok(Value::Null);
        };
        let as_text = self.value(shape, &quoted, outer, levels);
        let Err(wrong) = as_text else { return as_text };
        match raw(text.to_owned()) {
            Some(json) => self.value(shape, &json, outer, levels),
            None => Err(wrong),
        }
    }
}

fn parse<'j, T: Deserialize<'j>>(json: &'j RawValue) -> Option<T> {
    serde_json::from_str(json.get()).ok()
}

fn float<T: std::str::FromStr + Copy + Into<f64>>(json: &RawValue) -> Option<T> {
    let text = json.get();
    match text {
        "\"NaN\"" => "NaN".parse().ok(),
        "\"Infinity\"" => "inf".parse().ok(),
        "\"-Infinity\"" => "-inf".parse().ok(),
        _ => {
            let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
            // A number that is too large would be read as infinity, which has a text of its own.
            let is_finite = |number: &T| (*number).into().is_finite();
            is_number
                .then(|| text.parse().ok().filter(is_finite))
                .flatten()
        }
    }
}

/// An integer of 128 bits as `rmp-serde` writes it, which is as bytes, and prints as them.
fn wide(shape: &Shape, json: &RawValue) -> Result<Value, Mismatch> {
    let number = json.get();
    let bytes = match shape {
        Shape::I128 => number.parse::<i128>().ok().map(i128::to_be_bytes),
        _ => number.parse::<u128>().ok().map(u128::to_be_bytes),
    };
    match bytes {
        Some(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        None => {
            let bytes = self::bytes(json).map_err(|_no_bytes| mismatch(shape, json))?;
            let whole = (bytes.len() == size_of::<u128>()).then_some(Value::Bytes(bytes));
            whole.ok_or_else(|| mismatch(shape, json))
        }
    }
}

/// An object's fields in their order, duplicates included.
struct Object<'j>(Vec<(String, &'j RawValue)>);

impl<'j> Deserialize<'j> for Object<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'j> Visitor<'j> for Fields {
            type Value = Object<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests;
