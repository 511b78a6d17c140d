//! Which changes of a type a codec that writes field names lives with.
//!
//! - A struct's fields may be added, removed or reordered. An added field is absent from stored values, so
//!   the type must have a default for it; shapes do not tell, hence the change is named and not checked.
//! - An enum's variants may be added or reordered: they are stored by name, and no stored value has a
//!   variant that is new. They may not be removed: some value may have it.
//! - Integers up to 64 bits may become wider, also from unsigned to signed; floats too. Integers of 128
//!   bits are stored as bytes and cannot come from narrower ones.
//! - Types may be renamed.
//!
//! Everything else changes what stored bytes mean.

use std::fmt;

use crate::shape::Shape;

/// One difference between two shapes: where, and what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    path: String,
    text: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.text);
        }
        write!(f, "`{}`: {}", self.path, self.text)
    }
}

/// All differences, if each can be lived with; else the first that cannot.
pub(super) fn tolerate(stored: &Shape, declared: &Shape) -> Result<Vec<Change>, Change> {
    let mut comparison = Comparison {
        path: Vec::new(),
        changes: Vec::new(),
    };
    comparison.compare(stored, declared)?;
    Ok(comparison.changes)
}

struct Comparison<'a> {
    path: Vec<&'a str>,
    changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, stored: &'a Shape, declared: &'a Shape) -> Result<(), Change> {
        match (stored, declared) {
            (Shape::Option(stored), Shape::Option(declared))
            | (Shape::Seq(stored), Shape::Seq(declared)) => self.compare(stored, declared),
            (Shape::Map(key, value), Shape::Map(declared_key, declared_value)) => {
                self.compare(key, declared_key)?;
                self.compare(value, declared_value)
            }
            (Shape::Tuple(stored), Shape::Tuple(declared)) if stored.len() == declared.len() => {
                stored
                    .iter()
                    .zip(declared)
                    .try_for_each(|(stored, declared)| self.compare(stored, declared))
            }
            (
                Shape::Struct { fields: stored, .. },
                Shape::Struct {
                    fields: declared, ..
                },
            ) => self.fields(stored, declared),
            (
                Shape::Enum {
                    variants: stored, ..
                },
                Shape::Enum {
                    variants: declared, ..
                },
            ) => self.variants(stored, declared),
            (stored, declared) if stored == declared => Ok(()),
            (stored, declared) if widens(stored, declared) => {
                self.note(format!("{stored} becomes {declared}"));
                Ok(())
            }
            (stored, declared) => {
                Err(self.change(format!("{stored} was stored, {declared} is declared")))
            }
        }
    }

    fn fields(
        &mut self,
        stored: &'a [(String, Shape)],
        declared: &'a [(String, Shape)],
    ) -> Result<(), Change> {
        for (name, shape) in stored {
            match declared.iter().find(|(other, _)| other == name) {
                Some((_, declared)) => self.inside(name, shape, declared)?,
                None => self.note(format!("field `{name}` is dropped")),
            }
        }
        let known = |name: &str| stored.iter().any(|(other, _)| other == name);
        for (name, _) in declared.iter().filter(|(name, _)| !known(name)) {
            self.note(format!(
                "field `{name}` is new, and needs a default for stored values"
            ));
        }
        let still = |name: &&String| declared.iter().any(|(other, _)| other == *name);
        let before = stored.iter().map(|(name, _)| name).filter(still);
        let after = declared
            .iter()
            .map(|(name, _)| name)
            .filter(|name| known(name));
        if !before.eq(after) {
            self.note("fields are reordered".to_owned());
        }
        Ok(())
    }

    fn variants(
        &mut self,
        stored: &'a [(u32, String, Shape)],
        declared: &'a [(u32, String, Shape)],
    ) -> Result<(), Change> {
        for (number, name, shape) in stored {
            match declared.iter().find(|(_, other, _)| other == name) {
                Some((declared_number, _, declared)) => {
                    self.inside(name, shape, declared)?;
                    if number != declared_number {
                        self.note(format!("variant `{name}` is renumbered"));
                    }
                }
                None => {
                    return Err(
                        self.change(format!("variant `{name}` was stored, and is not declared"))
                    );
                }
            }
        }
        let known = |name: &str| stored.iter().any(|(_, other, _)| other == name);
        for (_, name, _) in declared.iter().filter(|(_, name, _)| !known(name)) {
            self.note(format!("variant `{name}` is new"));
        }
        Ok(())
    }

    fn inside(
        &mut self,
        name: &'a str,
        stored: &'a Shape,
        declared: &'a Shape,
    ) -> Result<(), Change> {
        self.path.push(name);
        let result = self.compare(stored, declared);
        self.path.pop();
        result
    }

    fn note(&mut self, text: String) {
        let change = self.change(text);
        self.changes.push(change);
    }

    fn change(&self, text: String) -> Change {
        Change {
            path: self.path.join("."),
            text,
        }
    }
}

/// Whether every value of one number type is a value of the other and is stored alike.
fn widens(stored: &Shape, declared: &Shape) -> bool {
    match (integer(stored), integer(declared)) {
        // A negative number fits no unsigned type, however wide.
        (Some((signed, was)), Some((declared_signed, is))) => {
            was < is && (declared_signed || !signed)
        }
        _ => (stored, declared) == (&Shape::F32, &Shape::F64),
    }
}

/// Whether an integer of at most 64 bits is signed, and its width.
const fn integer(shape: &Shape) -> Option<(bool, u8)> {
    match shape {
        Shape::I8 => Some((true, 8)),
        Shape::I16 => Some((true, 16)),
        Shape::I32 => Some((true, 32)),
        Shape::I64 => Some((true, 64)),
        Shape::U8 => Some((false, 8)),
        Shape::U16 => Some((false, 16)),
        Shape::U32 => Some((false, 32)),
        Shape::U64 => Some((false, 64)),
        _ => None,
    }
}
