//! The key that a person writes on the command line, as the bytes it has in rows.
//!
//! Plain text is enough for text keys; everything else is JSON that fits the recorded shape:
//! `42`, `["a", 1]` for a tuple, `{"from": "ZRH"}` for a struct, `"0x00ff"` for bytes.

use alluvium_protocol::key::EncodeKey as _;
use alluvium_protocol::shape::Shape;
use anyhow::Result;
use serde_json::Value as Json;

use crate::exit::Failure;

/// The encoding of a key of this shape.
///
/// # Errors
/// When the text does not fit the shape.
pub(crate) fn encode(shape: &Shape, text: &str) -> Result<Vec<u8>> {
    let parsed = serde_json::from_str::<Json>(text).ok();
    let mut out = Vec::new();
    let fits = match (shape, parsed) {
        (Shape::Str, Some(Json::String(text))) => push(shape, &Json::String(text), &mut out),
        (Shape::Str | Shape::Bytes | Shape::Char, None) | (Shape::Str, _) => {
            push(shape, &Json::String(text.to_owned()), &mut out)
        }
        (_, Some(json)) => push(shape, &json, &mut out),
        (_, None) => None,
    };
    fits.ok_or_else(|| {
        Failure::usage(format!(
            "--key {text}: the job is keyed by {shape}; write such a key as JSON"
        ))
    })?;
    Ok(out)
}

fn push(shape: &Shape, json: &Json, out: &mut Vec<u8>) -> Option<()> {
    macro_rules! integer {
        ($type:ty) => {
            json.to_string().parse::<$type>().ok()?.encode_key(out)
        };
    }
    match shape {
        Shape::Unit => json.is_null().then_some(())?,
        Shape::Bool => json.as_bool()?.encode_key(out),
        Shape::I8 => integer!(i8),
        Shape::I16 => integer!(i16),
        Shape::I32 => integer!(i32),
        Shape::I64 => integer!(i64),
        Shape::I128 => integer!(i128),
        Shape::U8 => integer!(u8),
        Shape::U16 => integer!(u16),
        Shape::U32 => integer!(u32),
        Shape::U64 => integer!(u64),
        Shape::U128 => integer!(u128),
        Shape::Char => json.as_str()?.parse::<char>().ok()?.encode_key(out),
        Shape::Str => json.as_str()?.encode_key(out),
        Shape::Bytes => bytes(json.as_str()?)?.encode_key(out),
        Shape::Option(inner) if json.is_null() => {
            let _: &Shape = inner;
            out.push(0);
        }
        Shape::Option(inner) => {
            out.push(1);
            push(inner, json, out)?;
        }
        Shape::Tuple(shapes) => {
            let items = json
                .as_array()
                .filter(|items| items.len() == shapes.len())?;
            shapes
                .iter()
                .zip(items)
                .try_for_each(|(shape, item)| push(shape, item, out))?;
        }
        Shape::Struct { fields, .. } => {
            let items = json
                .as_object()
                .filter(|items| items.len() == fields.len())?;
            fields
                .iter()
                .try_for_each(|(name, shape)| push(shape, items.get(name)?, out))?;
        }
        _ => return None,
    }
    Some(())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use alluvium_protocol::key;

    use super::*;

    #[test]
    fn text_needs_no_quotes_and_may_have_them() {
        assert_eq!(
            encode(&Shape::Str, "N14228").unwrap(),
            key::encode("N14228")
        );
        assert_eq!(
            encode(&Shape::Str, "\"N14228\"").unwrap(),
            key::encode("N14228")
        );
        assert_eq!(encode(&Shape::Str, "42").unwrap(), key::encode("42"));
    }

    #[test]
    fn other_keys_are_json_of_their_shape() {
        let pair = Shape::Tuple(vec![Shape::Str, Shape::I64]);

        assert_eq!(
            encode(&pair, "[\"a\", -1]").unwrap(),
            key::encode(&("a", -1_i64))
        );
        assert_eq!(encode(&Shape::U128, &u128::MAX.to_string()).ok(), None);
        assert_eq!(
            encode(&Shape::option(Shape::U8), "7").unwrap(),
            key::encode(&Some(7_u8))
        );
        assert_eq!(
            encode(&Shape::Bytes, "0x00ff").unwrap(),
            key::encode([0_u8, 255].as_slice())
        );
    }

    #[test]
    fn a_key_that_does_not_fit_is_refused_with_the_shape() {
        let error = encode(&Shape::U8, "256").unwrap_err();

        assert!(error.to_string().contains("keyed by u8"), "{error}");
        assert!(encode(&Shape::Tuple(vec![Shape::U8]), "[1, 2]").is_err());
        assert!(encode(&Shape::Bytes, "0xf").is_err());
    }
}
