//! Which states a backend has: what was restored, and what the program declares.
//!
//! Invariants: a name has one id for the life of its rows; an id has one name. Ids come from the name's
//! hash, so that subtasks agree on them in whatever order they register. A restored state that the
//! program has not declared (yet) is kept, and goes into every snapshot. A position, which is what handles have, is never given
//! to another state or to values of another type that were migrated.

use alluvium_protocol::key_group::KeyHash;
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{KeyedSchema, Resolution, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::schema::{lossy, resolve, resolve_key};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::ttl::{Restamp, Ttl, plan_restamp};

use crate::error::{Error, ErrorKind, Result};

/// What a program says of a state when it registers it.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "engines declare states field by field"
)]
pub struct StateDeclaration {
    /// The state's name, unique in its operator.
    pub name: String,
    /// What it holds.
    pub kind: StateKind,
    /// The namespace's shape; [`Shape::Unit`] where there is none.
    pub namespace: Shape,
    /// The map key's shape, for maps.
    pub map_key: Option<Shape>,
    /// How values (list elements, map values, accumulators) are written.
    pub value: ValueSchema,
    /// How long values live, if not for ever.
    pub ttl: Option<Ttl>,
}

impl StateDeclaration {
    /// The declaration as a schema to compare with: its number is no state's.
    pub(crate) fn schema(&self) -> StateSchema {
        self.clone().of_state(StateId::new(0))
    }

    /// The schema of a state that is as declared.
    fn of_state(self, id: StateId) -> StateSchema {
        let Self {
            name,
            kind,
            namespace,
            map_key,
            value,
            ttl,
        } = self;
        StateSchema {
            id,
            name,
            kind,
            namespace,
            map_key,
            value,
            ttl,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Registry {
    key: Shape,
    /// By position; `None` where a state was before its values were migrated.
    states: Vec<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    schema: StateSchema,
    /// Whether the program declared it, so that it may have been read and written.
    declared: bool,
}

/// What registering a state takes.
#[derive(Debug)]
pub(crate) struct Registration {
    /// Where the state is, if it is known.
    position: Option<usize>,
    pub(crate) declared: StateSchema,
    /// How its rows are rewritten first.
    pub(crate) restamp: Option<Restamp>,
}

impl Registry {
    pub(crate) const fn new(key: Shape) -> Self {
        Self {
            key,
            states: Vec::new(),
        }
    }

    /// Takes over what a snapshot recorded.
    ///
    /// # Errors
    /// `Incompatible` when the stored keys have another shape.
    pub(crate) fn restore(key: Shape, stored: KeyedSchema) -> Result<Self> {
        match resolve_key(&stored.key, &key) {
            Resolution::AsIs => Ok(Self {
                key,
                states: stored
                    .states
                    .into_iter()
                    .map(|state| Some(Known::stored(state)))
                    .collect(),
            }),
            Resolution::AfterMigration(why) | Resolution::Incompatible(why) => {
                Err(Error::new(ErrorKind::Incompatible, why))
            }
        }
    }

    /// What registering a state takes.
    ///
    /// # Errors
    /// `Incompatible` when the state was restored or declared otherwise, `Invalid` when its TTL makes no sense.
    pub(crate) fn plan(&self, declaration: StateDeclaration) -> Result<Registration> {
        check_ttl(&declaration)?;
        let is_known = |state: &Option<Known>| {
            let known = state.as_ref();
            known.is_some_and(|known| known.schema.name == declaration.name)
        };
        let position = self.states.iter().position(is_known);
        let known = position.and_then(|position| self.states.get(position)?.as_ref());
        let id = match known {
            Some(known) => known.schema.id,
            None => self.free_id(&declaration.name)?,
        };
        let mut declared = declaration.of_state(id);
        let Some(known) = known else {
            check_readable(&declared)?;
            // Nothing is stored, so nothing is of an older version that the program could read.
            declared.value = declared.value.alone();
            return Ok(Registration {
                position,
                declared,
                restamp: None,
            });
        };
        match resolve(&known.schema, &declared) {
            Resolution::AsIs => {
                declared = StateSchema {
                    ttl: declared.ttl,
                    ..known.schema.clone()
                };
            }
            Resolution::AfterMigration(how) => {
                check_readable(&declared)?;
                tracing::info!(
                    state = declared.name,
                    how,
                    "values are migrated as they are read"
                );
                declared.value = known.schema.value.succeeded_by(&declared.value);
            }
            Resolution::Incompatible(why) => return Err(Error::new(ErrorKind::Incompatible, why)),
        }
        let restamp = plan_restamp(known.schema.ttl, declared.ttl);
        if restamp.is_some() && known.declared {
            return Err(Error::new(
                ErrorKind::Incompatible,
                format!(
                    "state {:?} was registered by this backend with another TTL: it is switched on, off or to another \
                     time when a job is restored",
                    declared.name
                ),
            ));
        }
        Ok(Registration {
            position,
            declared,
            restamp,
        })
    }

    /// Takes a state over as it was declared. Returns its position.
    pub(crate) fn accept(&mut self, registration: Registration) -> usize {
        let state = Some(Known {
            schema: registration.declared,
            declared: true,
        });
        let known = registration.position;
        match known.and_then(|position| Some((position, self.states.get_mut(position)?))) {
            Some((position, known)) => {
                *known = state;
                position
            }
            None => {
                self.states.push(state);
                self.states.len() - 1
            }
        }
    }

    fn free_id(&self, name: &str) -> Result<StateId> {
        let taken = |id: u16| self.known().any(|known| known.schema.id.get() == id);
        let hash = KeyHash::of(name.as_bytes()).0;
        let first = u16::try_from(hash & 0xffff).unwrap_or_default();
        (0..=u16::MAX)
            .map(|step| first.wrapping_add(step))
            .find(|id| !taken(*id))
            .map(StateId::new)
            .ok_or_else(|| Error::invalid(format!("state {name:?} is one too many: 65,536 exist")))
    }

    /// The state of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&StateSchema> {
        let mut schemas = self.known().map(|known| &known.schema);
        schemas.find(|schema| schema.name == name)
    }

    /// Notes that all values of a state have one form.
    pub(crate) fn written_anew(&mut self, id: StateId, value: ValueSchema) {
        let mut schemas = self.states.iter_mut().flatten();
        if let Some(state) = schemas.find(|known| known.schema.id == id) {
            state.schema.value = value.alone();
        }
    }

    /// Notes that all values of a state were migrated. It has another position from then on: who has the one before would
    /// misread them.
    pub(crate) fn migrated(&mut self, id: StateId, value: ValueSchema) {
        self.written_anew(id, value);
        let is_meant = |known: &mut Known| known.schema.id == id;
        let moved = self
            .states
            .iter_mut()
            .find_map(|slot| slot.take_if(is_meant));
        if moved.is_some() {
            self.states.push(moved);
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&StateSchema> {
        self.states.get(index)?.as_ref().map(|known| &known.schema)
    }

    fn known(&self) -> impl Iterator<Item = &Known> {
        self.states.iter().flatten()
    }

    pub(crate) fn schema(&self) -> KeyedSchema {
        KeyedSchema {
            key: self.key.clone(),
            states: self.known().map(|known| known.schema.clone()).collect(),
        }
    }
}

impl Known {
    const fn stored(schema: StateSchema) -> Self {
        Self {
            schema,
            declared: false,
        }
    }
}

/// Refuses values that could be written and not be read. Those that a state has already are what they are.
fn check_readable(declared: &StateSchema) -> Result<()> {
    match lossy(&declared.value.codec, &declared.value.shape) {
        None => Ok(()),
        Some(why) => Err(Error::invalid(format!("state {:?}: {why}", declared.name))),
    }
}

fn check_ttl(declaration: &StateDeclaration) -> Result<()> {
    let StateDeclaration {
        name, kind, ttl, ..
    } = declaration;
    match ttl {
        Some(_) if kind.is_timers() => Err(Error::invalid(format!(
            "state {name:?} has timers, which have no TTL: deregister them instead"
        ))),
        Some(ttl) if ttl.millis == 0 => Err(Error::invalid(format!(
            "state {name:?} has a TTL of no time: declare at least a millisecond"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alluvium_protocol::schema::MSGPACK_NAMED;

    use super::*;

    fn declared(shape: Shape) -> StateDeclaration {
        StateDeclaration {
            name: "latest".to_owned(),
            kind: StateKind::Value,
            namespace: Shape::Unit,
            map_key: None,
            value: ValueSchema {
                codec: MSGPACK_NAMED.to_owned(),
                version: 1,
                type_name: String::new(),
                shape,
                type_version: None,
                older: Vec::new(),
            },
            ttl: None,
        }
    }

    #[test]
    fn a_stored_state_whose_values_may_be_ambiguous_has_a_way_out() {
        let ambiguous = declared(Shape::option(Shape::option(Shape::U8)));
        let wider = declared(Shape::option(Shape::option(Shape::U16)));
        let stored = KeyedSchema {
            key: Shape::Str,
            states: vec![ambiguous.schema()],
        };

        let registry = Registry::restore(Shape::Str, stored).unwrap();

        assert!(registry.plan(ambiguous.clone()).is_ok());
        let refused = [
            registry.plan(wider).unwrap_err(),
            Registry::new(Shape::Str).plan(ambiguous).unwrap_err(),
        ];
        assert!(
            refused
                .iter()
                .all(|error| error.kind() == ErrorKind::Invalid)
        );
    }
}
