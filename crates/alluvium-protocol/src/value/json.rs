//! Prints values as one line of JSON.
//!
//! Integers print with all their digits, however many; numbers that JSON does not have (`NaN`,
//! `Infinity`, `-Infinity`) print as text.

use std::fmt::{self, Display, Formatter, Write};

use super::Value;

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Uint(value) => write!(f, "{value}"),
            // Debug knows exponents; Display would print a large number with hundreds of zeros.
            Self::Float32(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Float(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Float32(value) => no_number(f64::from(*value), f),
            Self::Float(value) => no_number(*value, f),
            Self::Char(value) => text(value.encode_utf8(&mut [0; 4]), f),
            Self::Str(value) => text(value, f),
            Self::Bytes(bytes) => {
                f.write_str("\"0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_char('"')
            }
            Self::Seq(items) => list(['[', ']'], items, f, Display::fmt),
            Self::Map(entries) => list(['{', '}'], entries, f, |(key, value), f| {
                map_key(key, f)?;
                write!(f, ":{value}")
            }),
            Self::Struct { fields, .. } => list(['{', '}'], fields, f, |(name, value), f| {
                text(name, f)?;
                write!(f, ":{value}")
            }),
            Self::Enum {
                variant, payload, ..
            } => match **payload {
                Self::Null => text(variant, f),
                _ => {
                    f.write_char('{')?;
                    text(variant, f)?;
                    write!(f, ":{payload}}}")
                }
            },
        }
    }
}

fn list<T>(
    [open, close]: [char; 2],
    items: &[T],
    f: &mut Formatter<'_>,
    print: impl Fn(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_char(',')?;
        }
        print(item, f)?;
    }
    f.write_char(close)
}

/// JSON's keys are text: what does not print as text is printed, and that is the text.
fn map_key(key: &Value, f: &mut Formatter<'_>) -> fmt::Result {
    let json = key.to_string();
    if json.starts_with('"') {
        f.write_str(&json)
    } else {
        text(&json, f)
    }
}

fn text(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            // Other control characters, U+007F included, could do things to a terminal.
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

fn no_number(value: f64, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(match value {
        f64::INFINITY => "\"Infinity\"",
        f64::NEG_INFINITY => "\"-Infinity\"",
        _ => "\"NaN\"",
    })
}
