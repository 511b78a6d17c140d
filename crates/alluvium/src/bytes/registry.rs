//! Which states a backend has: what was restored, and what the program declares.
//!
//! Invariants: a name has one id for the life of its rows; an id has one name. Ids come from the name's
//! hash, so that subtasks agree on them in whatever order they register. A restored state that the
//! program has not declared (yet) is kept, and goes into every snapshot.

use alluvium_protocol::key_group::KeyHash;
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{KeyedSchema, Resolution, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::schema::{lossy, resolve, resolve_key};
use alluvium_protocol::shape::Shape;

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
}

#[derive(Debug)]
pub(crate) struct Registry {
    key: Shape,
    states: Vec<StateSchema>,
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
                states: stored.states,
            }),
            Resolution::AfterMigration(why) | Resolution::Incompatible(why) => {
                Err(Error::new(ErrorKind::Incompatible, why))
            }
        }
    }

    pub(crate) fn register(&mut self, declaration: StateDeclaration) -> Result<usize> {
        let StateDeclaration {
            name,
            kind,
            namespace,
            map_key,
            value,
        } = declaration;
        if let Some(why) = lossy(&value.codec, &value.shape) {
            return Err(Error::invalid(format!("state {name:?}: {why}")));
        }
        let found = self.states.iter().position(|state| state.name == name);
        let id = match found.and_then(|index| self.states.get(index)) {
            Some(stored) => stored.id,
            None => self.free_id(&name)?,
        };
        let declared = StateSchema {
            id,
            name,
            kind,
            namespace,
            map_key,
            value,
        };
        let Some(stored) = found.and_then(|index| self.states.get_mut(index)) else {
            // Nothing is stored, so nothing is of an older version that the program could read.
            self.states.push(StateSchema {
                value: declared.value.alone(),
                ..declared
            });
            return Ok(self.states.len() - 1);
        };
        match resolve(stored, &declared) {
            Resolution::AsIs => {}
            Resolution::AfterMigration(how) => {
                tracing::info!(
                    state = declared.name,
                    how,
                    "values are migrated as they are read"
                );
                *stored = StateSchema {
                    value: stored.value.succeeded_by(&declared.value),
                    ..declared
                };
            }
            Resolution::Incompatible(why) => return Err(Error::new(ErrorKind::Incompatible, why)),
        }
        Ok(found.unwrap_or_default())
    }

    fn free_id(&self, name: &str) -> Result<StateId> {
        let taken = |id: u16| self.states.iter().any(|state| state.id.get() == id);
        let hash = KeyHash::of(name.as_bytes()).0;
        let first = u16::try_from(hash & 0xffff).unwrap_or_default();
        (0..=u16::MAX)
            .map(|step| first.wrapping_add(step))
            .find(|id| !taken(*id))
            .map(StateId::new)
            .ok_or_else(|| Error::invalid(format!("state {name:?} is one too many: 65,536 exist")))
    }

    pub(crate) fn get(&self, index: usize) -> Option<&StateSchema> {
        self.states.get(index)
    }

    pub(crate) fn schema(&self) -> KeyedSchema {
        KeyedSchema {
            key: self.key.clone(),
            states: self.states.clone(),
        }
    }
}
