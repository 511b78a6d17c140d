//! The key that a person writes on the command line, as the bytes it has in rows.
//!
//! Plain text is enough for text keys; everything else is JSON that fits the recorded shape:
//! `42`, `["a", 1]` for a tuple, `{"from": "ZRH"}` for a struct, `"0x00ff"` for bytes.

use alluvium_protocol::shape::Shape;
use anyhow::Result;
use serde_json::value::RawValue;

use super::from_json;
use crate::exit::Failure;

/// The encoding of a key of this shape.
///
/// # Errors
/// When the text does not fit the shape.
pub(crate) fn encode(shape: &Shape, text: &str) -> Result<Vec<u8>> {
    let json = RawValue::from_string(text.to_owned()).ok();
    let is_text = matches!(shape, Shape::Str | Shape::Bytes | Shape::Char);
    let json = match json {
        // A text that looks like a number is a text where keys are texts.
        Some(json) if *shape != Shape::Str || json.get().starts_with('"') => Some(json),
        _ if is_text => Some(RawValue::from_string(serde_json::to_string(text)?)?),
        _ => None,
    };
    let mut out = Vec::new();
    let fits = json.map(|json| from_json::key(shape, &json, &mut out));
    let wrong = match fits {
        Some(Ok(())) => return Ok(out),
        Some(Err(wrong)) => format!(": {wrong}"),
        None => String::new(),
    };
    Err(Failure::usage(format!(
        "--key {text}: the job is keyed by {shape}; write such a key as JSON{wrong}"
    )))
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
        assert_eq!(
            encode(&Shape::U128, &u128::MAX.to_string()).unwrap(),
            key::encode(&u128::MAX)
        );
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
