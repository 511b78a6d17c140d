//! A type as a person writes it on the command line: the notation that shapes are printed in.
//!
//! Keys alone are read so: numbers, text, bytes, options, tuples and structs. Names of structs are not part of it.

use alluvium_protocol::shape::Shape;

/// Levels that a type may have.
const DEPTH_MAX: usize = 16;

/// The shape that a text describes, or why it describes none.
pub(crate) fn parse(text: &str) -> Result<Shape, String> {
    let mut rest = Rest(text.trim());
    let shape = rest.shape(DEPTH_MAX);
    shape
        .filter(|_| rest.0.is_empty())
        .ok_or_else(|| {
            format!("`{text}` is no type of a key, such as u64, str, option<i32>, (str, i64) or {{day: u32, tail: str}}")
        })
}

struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn shape(&mut self, levels: usize) -> Option<Shape> {
        let levels = levels.checked_sub(1)?;
        if self.symbol("()") {
            return Some(Shape::Unit);
        }
        if self.symbol("(") {
            let parts = self.until(")", |rest| rest.shape(levels))?;
            return Some(Shape::Tuple(parts));
        }
        if self.symbol("{") {
            let fields = self.until("}", |rest| {
                let name = rest.word().filter(|name| !name.is_empty())?.to_owned();
                let shape = rest.symbol(":").then(|| rest.shape(levels)).flatten()?;
                Some((name, shape))
            })?;
            return Some(Shape::Struct {
                name: "Key".into(),
                fields,
            });
        }
        Some(match self.word()? {
            "option" if self.symbol("<") => {
                let of = self.shape(levels)?;
                self.symbol(">").then(|| Shape::option(of))?
            }
            "bool" => Shape::Bool,
            "i8" => Shape::I8,
            "i16" => Shape::I16,
            "i32" => Shape::I32,
            "i64" => Shape::I64,
            "i128" => Shape::I128,
            "u8" => Shape::U8,
            "u16" => Shape::U16,
            "u32" => Shape::U32,
            "u64" => Shape::U64,
            "u128" => Shape::U128,
            "char" => Shape::Char,
            "str" => Shape::Str,
            "bytes" => Shape::Bytes,
            _ => return None,
        })
    }

    /// Items with commas between them, and perhaps behind the last, up to a symbol.
    fn until<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        while !self.symbol(end) {
            items.push(item(self)?);
            if !self.symbol(",") {
                return self.symbol(end).then_some(items);
            }
        }
        Some(items)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let rest = self.0.strip_prefix(symbol);
        if let Some(rest) = rest {
            self.0 = rest.trim_start();
        }
        rest.is_some()
    }

    fn word(&mut self) -> Option<&'a str> {
        let is_part = |part: char| part.is_alphanumeric() || part == '_';
        let end = self.0.find(|part| !is_part(part)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.trim_start();
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_printed() {
        for text in [
            "u64",
            "()",
            "option<i32>",
            "(str, i64)",
            "(u8,)",
            "{day: u32, tail: option<(str, bytes)>}",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse(" ( str,i64 , ) ").unwrap().to_string(), "(str, i64)");
    }

    #[test]
    fn what_is_no_type_of_a_key_is_refused() {
        for text in [
            "", "f64", "u64 u64", "(u64", "{u64}", "option<>", "[u8]", "{a u8}",
        ] {
            assert!(
                parse(text).unwrap_err().contains("no type of a key"),
                "{text}"
            );
        }
        assert!(parse(&"option<".repeat(10_000)).is_err());
    }
}
