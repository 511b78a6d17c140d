//! Forms: what the values of a state look like, and what those look like that were not written since.
//!
//! Invariant of a stored schema: every value of the state has its present form or one of the older ones. A form leaves
//! the schema only when all values of the state have been written anew.

use crate::schema::ValueSchema;
use crate::shape::{Shape, difference};

/// Older forms that a schema may have. A state whose type changed so often without a rewrite is due for one: each
/// further declaration is compared with all of them, and all are in every manifest.
pub const OLDER_MAX: usize = 64;

/// One form that values of a state have or had.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it field by field")]
pub struct Form {
    /// The type's version, where each value tells its own.
    pub type_version: Option<u32>,
    /// The type's name, for people: it decides nothing.
    pub type_name: String,
    /// What the bytes consist of.
    pub shape: Shape,
}

impl Form {
    /// Whether the bytes of both are the same. Names of types do not matter.
    pub(super) fn is_written_like(&self, other: &Self) -> bool {
        self.type_version == other.type_version && difference(&self.shape, &other.shape).is_none()
    }
}

impl ValueSchema {
    /// The form that is written.
    #[must_use]
    pub fn form(&self) -> Form {
        Form {
            type_version: self.type_version,
            type_name: self.type_name.clone(),
            shape: self.shape.clone(),
        }
    }

    /// All forms, oldest first; the last is the one that is written.
    #[must_use]
    pub fn forms(&self) -> impl DoubleEndedIterator<Item = Form> {
        self.older.iter().cloned().chain([self.form()])
    }

    /// The shape of values of a type's version, or of all values that do not tell: the newest, if there are several.
    #[must_use]
    pub fn shape_of(&self, type_version: Option<u32>) -> Option<Shape> {
        let mut forms = self.forms().rev();
        forms
            .find(|form| form.type_version == type_version)
            .map(|form| form.shape)
    }

    /// This schema of a state that holds nothing else: new, or written anew.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            older: Vec::new(),
            ..self
        }
    }

    /// What is recorded from when on `declared` writes to a state that has this schema: values written before keep
    /// their forms.
    #[must_use]
    pub fn succeeded_by(&self, declared: &Self) -> Self {
        let present = declared.form();
        let older = self.forms().filter(|form| !form.is_written_like(&present));
        Self {
            older: older.collect(),
            ..declared.clone()
        }
    }

    /// What is recorded of values of two stores that become one, the present form being this schema's.
    #[must_use]
    pub(super) fn joined_by(&self, other: &Self) -> Self {
        let mut older: Vec<_> = other
            .forms()
            .filter(|form| self.forms().all(|known| !known.is_written_like(form)))
            .collect();
        // The other store is behind, so what only it has is older; of values that tell, the version says so.
        older.extend(self.older.iter().cloned());
        older.sort_by_key(|form| form.type_version);
        Self {
            older,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::MSGPACK_NAMED;

    fn schema(shape: Shape, older: &[Shape]) -> ValueSchema {
        let form = |shape: &Shape| Form {
            type_version: None,
            type_name: String::new(),
            shape: shape.clone(),
        };
        ValueSchema {
            codec: MSGPACK_NAMED.to_owned(),
            version: 1,
            type_name: String::new(),
            shape,
            type_version: None,
            older: older.iter().map(form).collect(),
        }
    }

    #[test]
    fn what_is_not_written_anew_keeps_its_form() {
        let first = schema(Shape::U8, &[]);

        let second = first.succeeded_by(&schema(Shape::U16, &[]));
        let third = second.succeeded_by(&schema(Shape::U32, &[]));

        assert_eq!(third, schema(Shape::U32, &[Shape::U8, Shape::U16]));
        assert_eq!(
            third.succeeded_by(&first),
            schema(Shape::U8, &[Shape::U16, Shape::U32])
        );
        assert_eq!(third.alone(), schema(Shape::U32, &[]));
    }
}
