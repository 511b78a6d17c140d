//! Structs whose fields have several names each.
//!
//! Such a struct asks for all names in one list, those of a field next to each other, and does not say which belong together, nor
//! which of them is written. It is found out by giving it two of them, and no more: of one field it says that the field comes
//! twice, and what it is called.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};

use super::access::Parts;
use super::node::{Form, Node};
use super::pass::{Pass, Stop};
use super::source::Source;

/// What is known of the names of a struct that has fewer fields than names.
#[derive(Debug)]
pub(super) struct Aliases {
    /// All names, and the number of fields.
    all: &'static [&'static str],
    fields: usize,
    /// What the fields are called whose first name has been met.
    names: Vec<&'static str>,
    /// The first name of the field that was met last.
    first: usize,
    /// The name that is asked for next.
    next: usize,
}

impl Aliases {
    pub(super) fn is_known(&self) -> bool {
        self.next == self.all.len() && self.names.len() == self.fields
    }

    pub(super) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Two names to ask about, and which field the first is of.
    fn question(&self) -> Option<(&'static str, &'static str, usize)> {
        let (first, next) = (*self.all.get(self.first)?, *self.all.get(self.next)?);
        let is_new = self.first == self.next;
        let field = if is_new {
            self.names.len()
        } else {
            self.names.len().checked_sub(1)?
        };
        Some((first, next, field))
    }

    /// Notes that both names are of one field, which is called this.
    fn are_one(&mut self, name: &'static str) {
        if self.first == self.next {
            self.names.push(name);
        }
        self.next += 1;
    }

    /// Notes that the names are of two fields. Returns whether they can be.
    fn are_two(&mut self) -> bool {
        let is_new = self.first == self.next;
        self.first = self.next;
        !is_new
    }
}

/// Answers with all fields of a struct.
pub(super) fn structure<'de, V: Visitor<'de>>(
    node: &mut Node,
    pass: &Pass,
    name: &'static str,
    names: &'static [&'static str],
    visitor: V,
) -> Result<V::Value, Stop> {
    let (fields, aliases) = node.fields(Form::Struct(name, names), names.len())?;
    if let Some(known) = aliases
        && let Some((first, next, field)) = known.question()
        && let Some(field) = fields.get_mut(field)
    {
        let mut took_both = false;
        let outcome = visitor.visit_map(Two {
            keys: [next, first],
            left: 2,
            field,
            pass,
            took_both: &mut took_both,
        });
        let twice = outcome.as_ref().err().and_then(|stop| stop.twice);
        // An error of what is inside of the field is no answer.
        let answered = match twice {
            Some(name) => {
                known.are_one(name);
                true
            }
            None => took_both && known.are_two(),
        };
        if answered {
            pass.learn();
        }
        return outcome;
    }
    let mut left = fields.iter_mut();
    let outcome = visitor.visit_seq(Parts {
        nodes: &mut left,
        pass,
    });
    let unasked = left.len();
    if outcome.is_ok() && unasked > 0 && aliases.is_none() {
        let asked = names.len() - unasked;
        fields.truncate(asked);
        *aliases = Some(Aliases {
            all: names,
            fields: asked,
            names: Vec::new(),
            first: 0,
            next: 0,
        });
        pass.learn();
        // What is around has to come here again.
        return Err(Stop::new(format!("`{name}` has more names than fields")));
    }
    outcome
}

/// Two keys, of which the first has a value.
struct Two<'t> {
    /// The last comes first.
    keys: [&'static str; 2],
    left: usize,
    field: &'t mut Node,
    pass: &'t Pass,
    /// Whether a value was asked for under each of the keys.
    took_both: &'t mut bool,
}

impl<'de> MapAccess<'de> for Two<'_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let Some(key) = self.keys.get(left) else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Stop> = (*key).into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        if self.left == 0 {
            *self.took_both = true;
            return Err(Stop::new("the names are of two fields"));
        }
        let value = seed.deserialize(Source::new(self.field, self.pass));
        value.map_err(Stop::inside_of_a_field)
    }
}
