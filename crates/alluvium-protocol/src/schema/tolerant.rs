//! Which changes of a type a codec that writes field names lives with.
//!
//! - A struct's fields may be added, removed or reordered. An added field is absent from stored values, so
//!   the type must have a default for it; shapes do not tell, hence the change is named and not checked.
//! - An enum's variants may be added or reordered: they are stored by name, and no stored value has a
//!   variant that is new. They may not be removed: some value may have it.
//! - Integers up to 64 bits may become wider, also from unsigned to signed; floats too. Integers of 128
//!   bits are stored as bytes and cannot come from narrower ones.
//! - A value may become optional, unless it is one that is written as an absent one is.
//! - Types may be renamed.
//!
//! Tuple structs are written as sequences, without names, so their fields stay as they are. In a map's keys nothing may be
//! dropped: two keys could become one.
//!
//! Everything else changes what stored bytes mean.

use std::fmt;

use crate::schema::lossy::may_be_nil;
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
        in_map_key: false,
        enclosing: Vec::new(),
    };
    comparison.compare(stored, declared)?;
    Ok(comparison.changes)
}

struct Comparison<'a> {
    path: Vec<&'a str>,
    changes: Vec<Change>,
    in_map_key: bool,
    /// Names of the structs and enums around the place: stored, declared; outermost first.
    enclosing: Vec<(&'a str, &'a str)>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, stored: &'a Shape, declared: &'a Shape) -> Result<(), Change> {
        match (stored, declared) {
            (Shape::Option(stored), Shape::Option(declared))
            | (Shape::Seq(stored), Shape::Seq(declared)) => self.compare(stored, declared),
            (Shape::Map(key, value), Shape::Map(declared_key, declared_value)) => {
                let around = std::mem::replace(&mut self.in_map_key, true);
                let keys = self.compare(key, declared_key);
                self.in_map_key = around;
                keys.and_then(|()| self.compare(value, declared_value))
            }
            (Shape::Tuple(stored), Shape::Tuple(declared)) if stored.len() == declared.len() => {
                stored
                    .iter()
                    .zip(declared)
                    .try_for_each(|(stored, declared)| self.compare(stored, declared))
            }
            (
                Shape::Struct {
                    name,
                    fields: stored,
                },
                Shape::Struct {
                    name: declared_name,
                    fields: declared,
                },
            ) => self.around(name, declared_name, |this| {
                if is_positional(stored) || is_positional(declared) {
                    this.places(stored, declared)
                } else {
                    this.fields(stored, declared)
                }
            }),
            (
                Shape::Enum {
                    name,
                    variants: stored,
                },
                Shape::Enum {
                    name: declared_name,
                    variants: declared,
                },
            ) => self.around(name, declared_name, |this| this.variants(stored, declared)),
            (Shape::Recursive(stored), Shape::Recursive(declared))
                if self.is_same_type(stored, declared) =>
            {
                Ok(())
            }
            (stored, declared) if stored == declared && !matches!(stored, Shape::Recursive(_)) => {
                Ok(())
            }
            (stored, declared) if widens(stored, declared) => {
                self.note(format!("{stored} becomes {declared}"));
                Ok(())
            }
            (stored, Shape::Option(declared)) if !may_be_nil(stored, is_unknown) => {
                self.compare(stored, declared)?;
                self.note(format!("{stored} becomes optional"));
                Ok(())
            }
            (stored, declared) => {
                Err(self.change(format!("{stored} was stored, {declared} is declared")))
            }
        }
    }

    fn around(
        &mut self,
        stored: &'a str,
        declared: &'a str,
        compare: impl FnOnce(&mut Self) -> Result<(), Change>,
    ) -> Result<(), Change> {
        self.enclosing.push((stored, declared));
        let result = compare(self);
        self.enclosing.pop();
        result
    }

    /// Whether two names refer to the same pair of enclosing types.
    fn is_same_type(&self, stored: &str, declared: &str) -> bool {
        let mut around = self.enclosing.iter().rev();
        let nearest = around.find(|(one, other)| *one == stored || *other == declared);
        nearest == Some(&(stored, declared))
    }

    /// Fields that are stored by their place.
    fn places(
        &mut self,
        stored: &'a [(String, Shape)],
        declared: &'a [(String, Shape)],
    ) -> Result<(), Change> {
        if !stored
            .iter()
            .map(|(name, _)| name)
            .eq(declared.iter().map(|(name, _)| name))
        {
            let told = |fields: &[(String, Shape)]| {
                let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                format!("fields {}", names.join(", "))
            };
            return Err(self.change(format!(
                "{} were stored, {} are declared, and fields of a tuple struct are stored without names",
                told(stored),
                told(declared)
            )));
        }
        stored
            .iter()
            .zip(declared)
            .try_for_each(|((name, stored), (_, declared))| self.inside(name, stored, declared))
    }

    fn fields(
        &mut self,
        stored: &'a [(String, Shape)],
        declared: &'a [(String, Shape)],
    ) -> Result<(), Change> {
        for (name, shape) in stored {
            match declared.iter().find(|(other, _)| other == name) {
                Some((_, declared)) => self.inside(name, shape, declared)?,
                None if self.in_map_key => {
                    return Err(self.change(format!(
                        "field `{name}` of a map's key was stored, and is not declared"
                    )));
                }
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

/// Whether these are the fields of a tuple struct.
fn is_positional(fields: &[(String, Shape)]) -> bool {
    !fields.is_empty()
        && (0..)
            .zip(fields)
            .all(|(n, (name, _))| *name == n.to_string())
}

/// Whether nothing is known of a value here.
const fn is_unknown(shape: &Shape) -> bool {
    matches!(shape, Shape::Opaque | Shape::Recursive(_))
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
