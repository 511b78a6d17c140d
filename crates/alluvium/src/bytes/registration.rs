//! Registering states: what the registry decides is carried out here, before the program sees the state.

use std::sync::Arc;

use alluvium_protocol::stamp::Moment;
use alluvium_protocol::ttl::{Restamp, TimeDomain};

use super::registry::{Registration, StateDeclaration};
use super::rewrite::Rewritten;
use super::timers::TimerQueue;
use super::{BytesBackend, StateIndex, is_timers};
use crate::codec::UpgradeValue;
use crate::error::{Error, Result};

impl BytesBackend {
    /// Declares a state. Declaring it again the same way returns the same index.
    ///
    /// A restored state whose TTL was switched on or off, or to another time, is rewritten here, which takes a time in
    /// proportion to its rows: those that had expired go, those that had none live from now on. Another duration, refresh or
    /// visibility holds for later reads and writes, and changes nothing that is stored.
    ///
    /// # Errors
    /// `Incompatible` when the state was restored or declared with other types; the message names the
    /// difference. Nothing changes then. `Invalid` when timers or a state without duration have a TTL. What
    /// [`BytesBackend::get`] says of the store, when rows are to be rewritten; the backend has to be restored again then.
    pub fn register(&mut self, declaration: StateDeclaration) -> Result<StateIndex> {
        self.check_whole()?;
        let registration = self.registry.plan(declaration)?;
        if let Some(restamp) = registration.restamp {
            self.restamp(&registration, restamp)?;
        }
        let declared = &registration.declared;
        // It may know other forms than what is declared now.
        self.lifetimes.forget_upgrade(declared.id);
        let (kind, id, ttl) = (declared.kind, declared.id, declared.ttl);
        let position = self.registry.accept(registration);
        let index = u16::try_from(position).ok();
        let index = index.ok_or_else(|| Error::invalid("more than 65,536 states"))?;
        if let Some(ttl) = ttl {
            self.lifetimes.know(id, kind, ttl.time);
        }
        if self.timers.len() <= position {
            self.timers.resize_with(position + 1, || None);
        }
        if is_timers(kind)
            && let Some(slot @ None) = self.timers.get_mut(position)
        {
            *slot = Some(TimerQueue::new(id, self.range));
        }
        Ok(StateIndex(index))
    }

    /// From now on the store may give values of the state the newest form of their type, by `upgrade`, when it writes their rows again:
    /// in compaction, on threads of its own. Does nothing where no value can have an older form. Holds until the state
    /// is registered again, migrated or rewritten.
    ///
    /// `upgrade` is given what was put, without a stamp, and makes of it what the program reads as the same value. What it refuses
    /// stays as it is; so does all that is left once it has panicked.
    ///
    /// # Errors
    /// `Invalid` when the state is of another backend, or has timers.
    pub fn upgrade_stored(&mut self, state: StateIndex, upgrade: Arc<UpgradeValue>) -> Result<()> {
        let schema = self.schema_of(state, |kind| !kind.is_timers())?;
        if !schema.value.older.is_empty() {
            self.lifetimes.upgrade(schema.id, schema.kind, upgrade);
        }
        Ok(())
    }

    fn restamp(&mut self, registration: &Registration, restamp: Restamp) -> Result<()> {
        let (id, kind) = (registration.declared.id, registration.declared.kind);
        let moment = |time: Option<TimeDomain>| {
            time.map_or(Moment::BEFORE_TIME, |time| self.lifetimes.moment(time))
        };
        let moments = (moment(restamp.from), moment(restamp.to.map(|ttl| ttl.time)));
        let rows = self.rewrite_rows(id, &mut |_, value, out| {
            let put = restamp.rewrite(kind, value, moments, out)?;
            Ok(if put {
                Rewritten::Put
            } else {
                Rewritten::Deleted
            })
        });
        let name = &registration.declared.name;
        let rows = rows.map_err(|error| error.context(format!("state {name:?}")))?;
        if rows > 0 {
            tracing::info!(state = name, rows, "rows were rewritten for another TTL");
        }
        Ok(())
    }
}
