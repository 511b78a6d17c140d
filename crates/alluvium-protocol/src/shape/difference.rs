//! Finds the first place where two shapes differ, in words a user can act on.
//!
//! The names of types are no difference, for no codec writes them; those of fields and variants are,
//! and so are the order of fields and the numbers of variants, since positional codecs depend on both.

use std::fmt::{self, Display, Formatter};

use super::Shape;

/// The first difference between the shape that was stored and the one that is declared, or `None` when
/// they are the same but for the names of types.
///
/// ```
/// use alluvium_protocol::shape::{Shape, difference};
///
/// let visit = |delay| Shape::Struct { name: "Visit".into(), fields: vec![("delay".into(), delay)] };
///
/// assert_eq!(
///     difference(&visit(Shape::I32), &visit(Shape::I64)).as_deref(),
///     Some("field `delay`: i32 was stored, i64 is declared"),
/// );
/// ```
#[must_use]
pub fn difference(stored: &Shape, declared: &Shape) -> Option<String> {
    Walk {
        path: Vec::new(),
        stored: Vec::new(),
        declared: Vec::new(),
    }
    .shapes(stored, declared)
}

/// A pair of places within the two shapes.
struct Walk<'a> {
    path: Vec<Step<'a>>,
    /// The names of the structs and enums that enclose the place, outermost first.
    stored: Vec<&'a str>,
    declared: Vec<&'a str>,
}

enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Variant(&'a str),
    Option,
    Element,
    MapKey,
    MapValue,
}

impl<'a> Walk<'a> {
    fn shapes(&mut self, stored: &'a Shape, declared: &'a Shape) -> Option<String> {
        match (stored, declared) {
            (Shape::Option(a), Shape::Option(b)) => self.within(Step::Option, a, b),
            (Shape::Seq(a), Shape::Seq(b)) => self.within(Step::Element, a, b),
            (Shape::Map(a_key, a), Shape::Map(b_key, b)) => self
                .within(Step::MapKey, a_key, b_key)
                .or_else(|| self.within(Step::MapValue, a, b)),
            (Shape::Tuple(a), Shape::Tuple(b)) if a.len() == b.len() => {
                let mut pairs = a.iter().zip(b).enumerate();
                pairs.find_map(|(n, (a, b))| self.within(Step::Index(n), a, b))
            }
            (
                Shape::Struct {
                    name: a_name,
                    fields: a,
                },
                Shape::Struct {
                    name: b_name,
                    fields: b,
                },
            ) => self.named(a_name, b_name, |walk| walk.fields(a, b)),
            (
                Shape::Enum {
                    name: a_name,
                    variants: a,
                },
                Shape::Enum {
                    name: b_name,
                    variants: b,
                },
            ) => self.named(a_name, b_name, |walk| walk.variants(a, b)),
            (Shape::Recursive(a), Shape::Recursive(b))
                if height(&self.stored, a) == height(&self.declared, b) =>
            {
                None
            }
            (a, b) if a == b => None,
            (a, b) => Some(format!("{self}{a} was stored, {b} is declared")),
        }
    }

    fn within(&mut self, step: Step<'a>, stored: &'a Shape, declared: &'a Shape) -> Option<String> {
        self.path.push(step);
        let found = self.shapes(stored, declared);
        self.path.pop();
        found
    }

    fn named(
        &mut self,
        stored: &'a str,
        declared: &'a str,
        compare: impl FnOnce(&mut Self) -> Option<String>,
    ) -> Option<String> {
        self.stored.push(stored);
        self.declared.push(declared);
        let found = compare(self);
        self.stored.pop();
        self.declared.pop();
        found
    }

    fn fields(
        &mut self,
        stored: &'a [(String, Shape)],
        declared: &'a [(String, Shape)],
    ) -> Option<String> {
        let place = |fields: &[(String, Shape)], name: &str| {
            fields.iter().position(|(field, _)| field == name)
        };
        let longer = stored.len().max(declared.len());
        (0..longer).find_map(|n| match (stored.get(n), declared.get(n)) {
            (Some((name, a)), Some((other, b))) if name == other => {
                self.within(Step::Field(name), a, b)
            }
            (Some((name, a)), there) => Some(match (place(declared, name), there) {
                (Some(_), Some((other, b))) if place(stored, other).is_none() => self.at(
                    Step::Field(other),
                    format!("nothing was stored, {b} is declared"),
                ),
                (Some(m), _) => self.at(
                    Step::Field(name),
                    format!("place {n} was stored, {m} is declared"),
                ),
                (None, Some((other, b))) if place(stored, other).is_none() => self.at(
                    Step::Field(name),
                    format!("{a} was stored, field `{other}`: {b} is declared in its place"),
                ),
                (None, _) => self.at(
                    Step::Field(name),
                    format!("{a} was stored, nothing is declared"),
                ),
            }),
            (None, there) => there.map(|(name, b)| {
                self.at(
                    Step::Field(name),
                    format!("nothing was stored, {b} is declared"),
                )
            }),
        })
    }

    fn variants(
        &mut self,
        stored: &'a [(u32, String, Shape)],
        declared: &'a [(u32, String, Shape)],
    ) -> Option<String> {
        for (number, name, payload) in stored {
            match declared.iter().find(|(other, ..)| other == number) {
                Some((_, other, other_payload)) if other == name => {
                    if let found @ Some(_) =
                        self.within(Step::Variant(name), payload, other_payload)
                    {
                        return found;
                    }
                }
                Some((_, other, _)) => {
                    return Some(format!(
                        "{self}variant {number} was stored as `{name}`, is declared as `{other}`"
                    ));
                }
                None => {
                    return Some(format!(
                        "{self}variant {number}, `{name}`, was stored, is not declared"
                    ));
                }
            }
        }
        let added =
            |(number, ..): &&(u32, String, Shape)| stored.iter().all(|(other, ..)| other != number);
        let (number, name, _) = declared.iter().find(added)?;
        Some(format!(
            "{self}variant {number}, `{name}`, was not stored, is declared"
        ))
    }

    fn at(&mut self, step: Step<'a>, found: impl Display) -> String {
        self.path.push(step);
        let found = format!("{self}{found}");
        self.path.pop();
        found
    }
}

/// How many levels out the innermost enclosing type of a name is.
fn height(enclosing: &[&str], name: &str) -> Option<usize> {
    enclosing
        .iter()
        .rev()
        .position(|enclosing| *enclosing == name)
}

/// Prints the path as ``field `position.lat`: ``, and nothing at the root.
impl Display for Walk<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(first) = self.path.first() else {
            return Ok(());
        };
        f.write_str(if matches!(first, Step::Field(_)) {
            "field `"
        } else {
            "at `"
        })?;
        for (n, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) if n == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, ".{index}")?,
                Step::Variant(name) => write!(f, "::{name}")?,
                Step::Option => f.write_str("?")?,
                Step::Element => f.write_str("[]")?,
                Step::MapKey => f.write_str("{key}")?,
                Step::MapValue => f.write_str("{value}")?,
            }
        }
        f.write_str("`: ")
    }
}
