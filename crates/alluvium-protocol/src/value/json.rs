//! Prints values as one line of JSON.
//!
//! Integers print with all their digits, however many; numbers that JSON does not have (`NaN`,
//! `Infinity`, `-Infinity`) print as text.
//!
//! Whoever prints many appends them to a text ([`Value::append_json`]), which costs half of what a formatter does.

use std::fmt::{self, Display, Formatter, Write};

use super::Value;

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print(self, f)
    }
}

impl Value {
    /// Appends what [`Display`] prints.
    pub fn append_json(&self, to: &mut String) {
        // A text takes everything.
        print(self, to).unwrap_or_default();
    }

    /// Appends what it prints as a key of a JSON object: as text, whatever it is.
    pub fn append_json_key(&self, to: &mut String) {
        map_key(self, to).unwrap_or_default();
    }
}

/// Appends a text as JSON has it: quoted, and escaped where it must be.
pub fn append_json_text(text: &str, to: &mut String) {
    quoted(text, to).unwrap_or_default();
}

fn print<W: Write>(value: &Value, to: &mut W) -> fmt::Result {
    match value {
        Value::Null => to.write_str("null"),
        Value::Bool(true) => to.write_str("true"),
        Value::Bool(false) => to.write_str("false"),
        // Most numbers are small, and those print faster.
        Value::Int(value) => match i64::try_from(*value) {
            Ok(small) => write!(to, "{small}"),
            Err(_) => write!(to, "{value}"),
        },
        Value::Uint(value) => match u64::try_from(*value) {
            Ok(small) => write!(to, "{small}"),
            Err(_) => write!(to, "{value}"),
        },
        // Debug knows exponents; Display would print a large number with hundreds of zeros.
        Value::Float32(value) if value.is_finite() => write!(to, "{value:?}"),
        Value::Float(value) if value.is_finite() => write!(to, "{value:?}"),
        Value::Float32(value) => to.write_str(no_number(f64::from(*value))),
        Value::Float(value) => to.write_str(no_number(*value)),
        Value::Char(value) => quoted(value.encode_utf8(&mut [0; 4]), to),
        Value::Str(value) => quoted(value, to),
        Value::Bytes(bytes) => {
            to.write_str("\"0x")?;
            for byte in bytes {
                for digit in [byte >> 4, byte & 15] {
                    let digit = HEX.get(usize::from(digit)).copied();
                    to.write_char(digit.unwrap_or_default())?;
                }
            }
            to.write_char('"')
        }
        Value::Seq(items) => list(['[', ']'], items, to, print),
        Value::Map(entries) => list(['{', '}'], entries, to, |(key, value), to| {
            map_key(key, to)?;
            to.write_char(':')?;
            print(value, to)
        }),
        Value::Struct { fields, .. } => list(['{', '}'], fields, to, |(name, value), to| {
            quoted(name, to)?;
            to.write_char(':')?;
            print(value, to)
        }),
        Value::Enum {
            variant, payload, ..
        } => match **payload {
            Value::Null => quoted(variant, to),
            _ => {
                to.write_char('{')?;
                quoted(variant, to)?;
                to.write_char(':')?;
                print(payload, to)?;
                to.write_char('}')
            }
        },
    }
}

fn list<T, W: Write>(
    [open, close]: [char; 2],
    items: &[T],
    to: &mut W,
    print: impl Fn(&T, &mut W) -> fmt::Result,
) -> fmt::Result {
    to.write_char(open)?;
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            to.write_char(',')?;
        }
        print(item, to)?;
    }
    to.write_char(close)
}

/// JSON's keys are text: what does not print as text is printed, and that is the text.
fn map_key<W: Write>(key: &Value, to: &mut W) -> fmt::Result {
    if let Value::Str(text) = key {
        return quoted(text, to);
    }
    let json = key.to_string();
    if json.starts_with('"') {
        to.write_str(&json)
    } else {
        quoted(&json, to)
    }
}

fn quoted<W: Write>(text: &str, to: &mut W) -> fmt::Result {
    to.write_char('"')?;
    let mut rest = text;
    // What needs no escaping is copied whole.
    while let Some(at) = rest.bytes().position(may_be_escaped) {
        let (plain, from) = rest.split_at(at);
        to.write_str(plain)?;
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => to.write_str("\\\"")?,
            Some('\\') => to.write_str("\\\\")?,
            Some('\n') => to.write_str("\\n")?,
            Some('\r') => to.write_str("\\r")?,
            Some('\t') => to.write_str("\\t")?,
            // Other control characters, U+007F included, could do things to a terminal.
            Some(control) if control.is_control() => write!(to, "\\u{:04x}", u32::from(control))?,
            Some(other) => to.write_char(other)?,
            None => {}
        }
        rest = chars.as_str();
    }
    to.write_str(rest)?;
    to.write_char('"')
}

/// Whether a character that begins with this byte may need escaping.
const fn may_be_escaped(byte: u8) -> bool {
    // U+0080 to U+009F begin with 0xc2.
    matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f | 0xc2)
}

const fn no_number(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "\"Infinity\"",
        f64::NEG_INFINITY => "\"-Infinity\"",
        _ => "\"NaN\"",
    }
}
