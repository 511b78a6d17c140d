//! The notation shapes are printed in.

use std::fmt::{self, Display, Formatter};

use super::Shape;

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit => f.write_str("()"),
            Self::Bool => f.write_str("bool"),
            Self::I8 => f.write_str("i8"),
            Self::I16 => f.write_str("i16"),
            Self::I32 => f.write_str("i32"),
            Self::I64 => f.write_str("i64"),
            Self::I128 => f.write_str("i128"),
            Self::U8 => f.write_str("u8"),
            Self::U16 => f.write_str("u16"),
            Self::U32 => f.write_str("u32"),
            Self::U64 => f.write_str("u64"),
            Self::U128 => f.write_str("u128"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Char => f.write_str("char"),
            Self::Str => f.write_str("str"),
            Self::Bytes => f.write_str("bytes"),
            Self::Option(of) => write!(f, "option<{of}>"),
            Self::Seq(of) => write!(f, "[{of}]"),
            Self::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Self::Tuple(parts) => tuple(parts, f),
            Self::Struct { fields, .. } => {
                f.write_str("{")?;
                separated(fields, ", ", f, |(name, shape), f| {
                    write!(f, "{name}: {shape}")
                })?;
                f.write_str("}")
            }
            Self::Enum { name, variants } => {
                write!(f, "{name}<")?;
                separated(variants, " | ", f, variant)?;
                f.write_str(">")
            }
            Self::Recursive(name) => f.write_str(name),
            Self::Opaque => f.write_str("opaque"),
        }
    }
}

fn tuple(parts: &[Shape], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    separated(parts, ", ", f, Display::fmt)?;
    // As in Rust, the comma tells a tuple of one from parentheses.
    f.write_str(if parts.len() == 1 { ",)" } else { ")" })
}

fn variant((_, name, payload): &(u32, String, Shape), f: &mut Formatter<'_>) -> fmt::Result {
    match payload {
        Shape::Unit => f.write_str(name),
        Shape::Struct { .. } | Shape::Tuple(_) => write!(f, "{name}{payload}"),
        wrapped => write!(f, "{name}({wrapped})"),
    }
}

fn separated<T>(
    items: &[T],
    separator: &str,
    f: &mut Formatter<'_>,
    print: impl Fn(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_str(separator)?;
        }
        print(item, f)?;
    }
    Ok(())
}
