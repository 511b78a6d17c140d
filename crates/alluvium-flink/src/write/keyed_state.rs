//! The keyed state of one operator: read from all its handles, written as a file for each subtask.
//!
//! ```text
//! groups as they are:   subtask ──► its key groups ──► rows of the handles that have them ──► file
//! dealt anew:           all handles ──► rows ──► sorted by new key group ──► files
//! replaced:             key groups of all subtasks ──► rows from elsewhere ──► files
//! ```
//!
//! Memory: the largest row and some buffers, what RocksDB needs for the tables of one subtask, and 64 MiB if rows are sorted, which needs
//! as much room on the savepoint's disk as the operator's rows once more.

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};

use super::keyed_file::KeyedFile;
use super::keys::{Keys, Verdict};
use super::plan::{OperatorPlan, Rewrite, whose};
use super::replacement::{Replacement, check_groups, write_groups};
use super::rows::Stored;
use super::savepoint::Savepoint;
use super::sort::{Merged, Sorter};
use super::states::{States, states};
use super::tally::Tally;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::keyed::composite::Layout;
use crate::keyed::{KeyedMeta, StateMeta};
use crate::metadata::KeyedHandle;

/// Writes the keyed state of one operator.
pub(super) struct KeyedState<'k, 'w> {
    pub(super) files: &'k Files,
    pub(super) rewrite: &'k Rewrite,
    /// Whether what Kryo wrote could not be read where the savepoint goes.
    pub(super) is_for_other_kryo: bool,
    pub(super) plan: &'k OperatorPlan<'k>,
    pub(super) savepoint: &'k mut Savepoint,
    pub(super) tally: &'k mut Tally<'w>,
}

/// Handles of one operator, and what becomes of their states.
struct Handles<'h> {
    /// Whose each is, for messages, and what it holds.
    stored: &'h [(String, Stored<'h>)],
    states: States,
}

impl<'k> KeyedState<'k, '_> {
    /// A handle for each subtask that has some. A replacement that is of this operator is taken.
    ///
    /// # Errors
    /// As [`rewrite`](super::rewrite()).
    pub(super) fn write<'r>(
        mut self,
        replacement: &mut Option<&'r mut (dyn Replacement + 'r)>,
    ) -> Result<Vec<(u32, KeyedHandle)>> {
        let stored = self.stored()?;
        let label = self.plan.operator.label();
        let metas: Vec<&KeyedMeta> = stored.iter().map(|(_, stored)| &stored.meta).collect();
        let Some(states) = states(&label, &metas, &self.plan.states)? else {
            return Ok(Vec::new());
        };
        self.tally.begin(&label, &states);
        if states.meta.states.is_empty() {
            return Ok(Vec::new());
        }
        self.check_kryo(&states.meta)?;
        let id = self.plan.operator.id;
        if let Some(replacement) = replacement.take_if(|it| it.operator() == id) {
            return self.replaced(&states.meta, replacement);
        }
        let handles = Handles {
            stored: &stored,
            states,
        };
        let mut sorted = if self.plan.is_dealt_anew() {
            Some(self.sorted(&handles)?)
        } else {
            None
        };
        self.files(
            &handles.states.meta,
            |this, range, file| match &mut sorted {
                Some(sorted) => dealt(sorted, range, file, this.tally),
                None => this.kept(&handles, range, file),
            },
        )
    }

    fn check_kryo(&self, meta: &KeyedMeta) -> Result<()> {
        if !self.is_for_other_kryo {
            return Ok(());
        }
        let of_state = |state: &&StateMeta| {
            let mut serializers = state.serializers().iter();
            meta.key.has_kryo() || serializers.any(|(_, serializer)| serializer.has_kryo())
        };
        let Some(state) = meta.states.iter().find(of_state) else {
            return Ok(());
        };
        Err(Error::unknown(format!(
            "state {} of operator {} has objects that Kryo wrote, whose bytes Flink 1 and Flink 2 do not read of each other: keep the \
             version of the metadata, or drop the state",
            state.name,
            self.plan.operator.label()
        )))
    }

    /// What the handles of all subtasks hold.
    fn stored(&self) -> Result<Vec<(String, Stored<'k>)>> {
        let mut stored = Vec::new();
        for subtask in self.plan.operator.subtasks() {
            let Some(state) = &subtask.state else {
                continue;
            };
            let whose = whose(self.plan.operator, subtask.index);
            let mut opened = match &state.keyed_managed {
                Some(handle) => Stored::open(self.files, handle, &whose)?,
                None => Vec::new(),
            };
            if let Some(handle) = &state.keyed_raw {
                opened.extend(Stored::timers(self.files, handle, &whose)?);
            }
            stored.extend(opened.into_iter().map(|stored| (whose.clone(), stored)));
        }
        Ok(stored)
    }

    /// Writes a file for each subtask.
    fn files(
        &mut self,
        meta: &KeyedMeta,
        mut write: impl FnMut(&mut Self, KeyGroupRange, &mut KeyedFile) -> Result<()>,
    ) -> Result<Vec<(u32, KeyedHandle)>> {
        let mut written = Vec::new();
        for (index, range) in &self.plan.keyed {
            let name = self.plan.file_name("keyed", *index);
            let mut file = self.savepoint.keyed(&name, meta, *range)?;
            write(self, *range, &mut file)?;
            written.push((*index, file.finish()?));
            self.savepoint.settle(self.tally.cancel())?;
        }
        Ok(written)
    }

    /// Writes the state that takes the place of an operator's.
    fn replaced(
        &mut self,
        meta: &KeyedMeta,
        replacement: &mut dyn Replacement,
    ) -> Result<Vec<(u32, KeyedHandle)>> {
        check_groups(self.plan)?;
        let scratch = self.savepoint.folder();
        let watch = self.tally.watch();
        replacement.begin(meta, self.plan.max_parallelism, scratch, watch)?;
        self.files(meta, |this, range, file| {
            write_groups(replacement, range, file, this.tally)
        })
    }

    /// Writes key groups that keep their rows.
    fn kept(
        &mut self,
        handles: &Handles<'_>,
        range: KeyGroupRange,
        file: &mut KeyedFile,
    ) -> Result<()> {
        let max_parallelism = self.plan.max_parallelism;
        let mut readers = Vec::new();
        for ((whose, stored), numbers) in handles.stored.iter().zip(&handles.states.numbers) {
            if stored.range.intersection(range).is_some() {
                let reader = stored.reader(self.files, whose)?;
                let keys = self.keys(whose, &stored.meta);
                readers.push((stored.range, reader, keys, numbers));
            }
        }
        for group in range.iter() {
            let mut section = file.group(group)?;
            for (range, reader, keys, numbers) in &mut readers {
                if !range.contains(group) {
                    continue;
                }
                reader.group(group, max_parallelism, &mut |state, key, value| {
                    let Some(number) = number(numbers, state)? else {
                        return Ok(());
                    };
                    let bytes = key.len() + value.len();
                    match keys.judge(state, key)? {
                        Verdict::Drop => self.tally.left_out(number, bytes),
                        _ => {
                            self.tally.row(number, bytes)?;
                            section.row(number, key, value)
                        }
                    }
                })?;
            }
            section.end()?;
        }
        Ok(())
    }

    /// Sorts all rows of an operator by their new key groups.
    fn sorted(&mut self, handles: &Handles<'_>) -> Result<Merged> {
        let before = self.plan.operator.max_parallelism;
        let width = Layout::of_timers(before).group_width();
        let layout = Layout::of_timers(self.plan.max_parallelism);
        let mut sorter = Sorter::new(self.savepoint.folder());
        for ((whose, stored), numbers) in handles.stored.iter().zip(&handles.states.numbers) {
            let reader = stored.reader(self.files, whose)?;
            let mut keys = self.keys(whose, &stored.meta);
            for group in stored.range.iter() {
                reader.group(group, before, &mut |state, key, value| {
                    let Some(number) = number(numbers, state)? else {
                        return Ok(());
                    };
                    let bytes = key.len() + value.len();
                    let Verdict::Deal(group) = keys.judge(state, key)? else {
                        return self.tally.left_out(number, bytes);
                    };
                    self.tally.row(number, bytes)?;
                    // All that is behind the key group stays as it is.
                    let rest = key.get(width..).unwrap_or_default();
                    sorter.add(group, number, &[&layout.prefix(group.get())?, rest], value)
                })?;
            }
        }
        sorter.finish()
    }

    fn keys<'m>(&self, whose: &str, meta: &'m KeyedMeta) -> Keys<'m>
    where
        'k: 'm,
    {
        let filter = self.rewrite.keys.as_ref().filter(|_| self.plan.is_filtered);
        let before = self.plan.operator.max_parallelism;
        Keys::new(whose, meta, filter, before, self.plan.max_parallelism)
    }
}

/// Writes key groups of sorted rows.
fn dealt(
    sorted: &mut Merged,
    range: KeyGroupRange,
    file: &mut KeyedFile,
    tally: &mut Tally<'_>,
) -> Result<()> {
    while let Some(group) = sorted.group()?.filter(|group| *group <= range.last().get()) {
        let mut section = file.group(KeyGroup::new(group))?;
        while sorted.group()? == Some(group)
            && let Some(row) = sorted.next()?
        {
            section.row(row.state, &row.key, &row.value)?;
            tally.look()?;
        }
        section.end()?;
    }
    Ok(())
}

/// The number that a handle's state is written with.
fn number(numbers: &[Option<u16>], state: u16) -> Result<Option<u16>> {
    numbers.get(usize::from(state)).copied().ok_or_else(|| {
        Error::corrupt(format!(
            "a row of state {state} of {} states",
            numbers.len()
        ))
    })
}
