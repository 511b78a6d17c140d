//! Migrating all values of a state at once, on request.
//!
//! Two passes over the rows. The first makes every new value and throws it away, so that a value that cannot be migrated
//! leaves the state as it was; the second writes. Both hold a bounded number of rows. When they are done, the
//! schema has the new form alone. Which values are migrated at all is [`plan_migration`]'s decision.

use alluvium_protocol::chunk::{Elements, push_element_with};
use alluvium_protocol::row::{RowRange, StateId, push_prefix};
use alluvium_protocol::schema::{Migration, StateKind, StateSchema, plan_migration};
use alluvium_protocol::stamp::STAMP_BYTES;

use super::rewrite::Rewritten;
use super::{BytesBackend, StateDeclaration, StateIndex};
use crate::buffer::check_row;
use crate::error::{Error, ErrorKind, Result};

/// Makes a new value (list element, map value, accumulator) of an old one: it is given the old one, and appends the new one.
pub type ChangeValue<'c> = dyn FnMut(&[u8], &mut Vec<u8>) -> Result<()> + 'c;

impl BytesBackend {
    /// Declares a state as `new`. Where its values are stored as `old` says, all are changed first, which takes a time in
    /// proportion to them; where they are stored as `new` says already, or there are none, nothing is. `change` is asked
    /// twice for each value, and must give the same both times. What [`BytesBackend::register`] returned for the state before is
    /// invalid once its values have changed.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use alluvium::bytes::StateDeclaration;
    /// # use alluvium::protocol::schema::{BYTES, StateKind, ValueSchema};
    /// # use alluvium::protocol::shape::Shape;
    /// # use alluvium::{Builder, store::memory::MemoryStoreFactory};
    /// # let directory = tempfile::tempdir()?;
    /// # let builder = Builder::new("job", Arc::new(MemoryStoreFactory::new()), directory.path());
    /// # let mut backend = builder.key_shape(Shape::Str).open()?;
    /// # let declared = |version| StateDeclaration {
    /// #     name: "latest".to_owned(),
    /// #     kind: StateKind::Value,
    /// #     namespace: Shape::Unit,
    /// #     map_key: None,
    /// #     value: ValueSchema {
    /// #         codec: BYTES.to_owned(),
    /// #         version,
    /// #         type_name: String::new(),
    /// #         shape: Shape::Bytes,
    /// #         type_version: None,
    /// #         older: Vec::new(),
    /// #     },
    /// #     ttl: None,
    /// # };
    /// let (old, new): (StateDeclaration, StateDeclaration) = (declared(1), declared(2));
    /// let latest = backend.migrate(old, new, &mut |old, out| {
    ///     out.push(0); // A flag that values of version 2 begin with.
    ///     out.extend_from_slice(old);
    ///     Ok(())
    /// })?;
    /// # assert_eq!(backend.register(declared(2))?, latest);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` when the two differ in more than values and TTL, or in nothing; `Incompatible` when what is stored is
    /// neither; what `change` returns: nothing has changed then. What [`BytesBackend::get`] says of the store; when it
    /// fails while values are written, the backend has to be restored again.
    pub fn migrate(
        &mut self,
        old: StateDeclaration,
        new: StateDeclaration,
        change: &mut ChangeValue<'_>,
    ) -> Result<StateIndex> {
        let stored = self.registry.named(&new.name).cloned();
        match plan_migration(stored.as_ref(), &old.schema(), &new.schema()) {
            Migration::Done => {}
            Migration::Incompatible(why) => {
                return Err(Error::new(ErrorKind::Incompatible, why));
            }
            Migration::Invalid(why) => return Err(Error::invalid(why)),
            Migration::Rewrite => {
                if let Some(stored) = &stored {
                    self.check_changes(stored, change)?;
                }
                // A TTL that is switched has its stamps changed here, before values are.
                let old = StateDeclaration {
                    ttl: new.ttl,
                    ..old
                };
                let state = self.register(old)?;
                let id = self.write_changes(state, change)?;
                self.registry.migrated(id, new.value.clone());
            }
        }
        self.register(new)
    }

    /// Writes all values of a state anew, so that none has an older form, and a program need not know those any more. Does
    /// nothing when none has.
    ///
    /// # Errors
    /// As [`BytesBackend::migrate`].
    pub fn rewrite(&mut self, state: StateIndex, change: &mut ChangeValue<'_>) -> Result<()> {
        let schema = self.schema_of(state, |kind| !kind.is_timers())?;
        if schema.value.older.is_empty() {
            return Ok(());
        }
        let schema = schema.clone();
        self.check_changes(&schema, change)?;
        let id = self.write_changes(state, change)?;
        self.registry.written_anew(id, schema.value);
        Ok(())
    }

    /// Changes all values of a state, which were checked. What its schema says of them is then up to the caller.
    fn write_changes(
        &mut self,
        state: StateIndex,
        change: &mut ChangeValue<'_>,
    ) -> Result<StateId> {
        let schema = self.schema_of(state, |kind| !kind.is_timers())?.clone();
        // It knows nothing of the values that are about to be written.
        self.lifetimes.forget_upgrade(schema.id);
        // What it knows of lists and maps is about to be wrong.
        let forgotten = self.buffer.forget_collections();
        let rewritten = forgotten.and_then(|()| {
            self.rewrite_rows(schema.id, &mut |_, old, new| {
                changed(&schema, old, new, change)?;
                Ok(Rewritten::Put)
            })
        });
        let rows = rewritten.map_err(|error| of_state(error, &schema))?;
        tracing::info!(state = schema.name, rows, "all values have the new form");
        Ok(schema.id)
    }

    /// Makes all new values for nothing but their errors.
    fn check_changes(&mut self, schema: &StateSchema, change: &mut ChangeValue<'_>) -> Result<()> {
        let checked = self.check_rows(schema, change);
        checked.map_err(|error| of_state(error, schema))
    }

    fn check_rows(&mut self, schema: &StateSchema, change: &mut ChangeValue<'_>) -> Result<()> {
        self.check_whole()?;
        self.buffer.settle()?;
        let mut new = Vec::new();
        for group in self.range.iter() {
            self.row.clear();
            push_prefix(&mut self.row, group, schema.id);
            let mut rows = self.buffer.store().scan(&RowRange::prefix(&self.row))?;
            while let Some((row, old)) = rows.next()? {
                new.clear();
                changed(schema, old, &mut new, change)?;
                check_row(row.len(), new.len())?;
            }
        }
        Ok(())
    }
}

fn of_state(error: Error, schema: &StateSchema) -> Error {
    error.context(format!("migrate state {:?}", schema.name))
}

/// Appends a row's new value.
fn changed(
    schema: &StateSchema,
    old: &[u8],
    new: &mut Vec<u8>,
    change: &mut ChangeValue<'_>,
) -> Result<()> {
    let stamp_bytes = schema.ttl.map_or(0, |_| STAMP_BYTES);
    let mut one = |old: &[u8], new: &mut Vec<u8>| {
        let (stamp, old) = old
            .split_at_checked(stamp_bytes)
            .ok_or_else(|| Error::corrupt("a value ends within its stamp"))?;
        new.extend_from_slice(stamp);
        change(old, new)
    };
    if schema.kind != StateKind::List {
        return one(old, new);
    }
    for element in Elements::new(old) {
        let element = element?;
        push_element_with(new, |new| one(element, new))?;
    }
    Ok(())
}
