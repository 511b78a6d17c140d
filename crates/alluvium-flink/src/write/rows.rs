//! The rows of a keyed handle as bytes: composite keys and values as Flink's RocksDB backend has them, whatever backend wrote the handle.
//!
//! Unlike a scan, this is strict: what cannot be read is an error, because a savepoint that lacks rows would be wrong.
//!
//! [`Stored`] knows what a handle's states are; [`Reader`] reads it, for which tables of RocksDB are opened.

mod heap;
mod sections;
mod tables;
mod timers;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};

use self::sections::Sections;
use self::timers::Timers;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::keyed::KeyedMeta;
use crate::metadata::{Incremental, KeyedHandle};
use crate::scan::tables::Tables;

pub(super) use timers::{Raw, raw};

/// What is done with a row: the number of its state in the handle's own list, its composite key, its value.
pub(crate) type Each<'e> = dyn FnMut(u16, &[u8], &[u8]) -> Result<()> + 'e;

/// What one handle holds.
pub(super) struct Stored<'s> {
    /// Its states.
    pub(super) meta: KeyedMeta,
    /// Its key groups.
    pub(super) range: KeyGroupRange,
    form: Form<'s>,
}

enum Form<'s> {
    Sections(Sections),
    Tables(&'s Incremental),
    Timers(Timers),
}

/// A handle whose rows are read.
pub(super) enum Reader<'s> {
    Sections(&'s Sections, &'s KeyedMeta),
    Tables(Tables, &'s KeyedMeta),
    Timers(&'s Timers),
}

impl<'s> Stored<'s> {
    /// What a handle holds; of a changelog without changes, what each of its snapshots does. Nothing of an empty range.
    ///
    /// # Errors
    /// `Incompatible` when there are changes that would have to be applied; what opening and reading the description of the states returns.
    pub(super) fn open(files: &Files, handle: &'s KeyedHandle, whose: &str) -> Result<Vec<Self>> {
        let Some(range) = handle.key_groups() else {
            return Ok(Vec::new());
        };
        match handle {
            KeyedHandle::KeyGroups(handle) => {
                let source = files.open(&handle.stream, whose)?;
                let (sections, meta) = Sections::open(source, handle)?;
                let form = Form::Sections(sections);
                Ok(vec![Self { meta, range, form }])
            }
            KeyedHandle::Incremental(handle) => {
                let source = files.open(&handle.meta, whose)?;
                let bytes = source.range(0, source.len())?;
                let meta = KeyedMeta::read(&mut Cursor::new(&bytes, source.name(), 0))?;
                let form = Form::Tables(handle);
                Ok(vec![Self { meta, range, form }])
            }
            KeyedHandle::Changelog(changelog) if changelog.changes.is_empty() => {
                let nested = changelog.materialized.iter();
                let nested = nested.map(|handle| Self::open(files, handle, whose));
                Ok(nested
                    .collect::<Result<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                    .collect())
            }
            other => Err(changes(other, whose)),
        }
    }

    /// The timers in raw keyed state, as far as it is that.
    ///
    /// # Errors
    /// What opening and reading it returns; `Incompatible` when it is not by key groups, or key groups disagree on serializers.
    pub(super) fn timers(files: &Files, handle: &KeyedHandle, whose: &str) -> Result<Option<Self>> {
        if raw(files, handle, whose)? != Raw::Timers {
            return Ok(None);
        }
        let opened = Timers::open(files, handle, whose)?;
        Ok(opened.map(|(timers, meta)| Self {
            meta,
            range: timers.range(),
            form: Form::Timers(timers),
        }))
    }

    /// Begins to read. Tables are linked into a temporary directory, which goes with the reader.
    pub(super) fn reader(&self, files: &Files, whose: &str) -> Result<Reader<'_>> {
        Ok(match &self.form {
            Form::Sections(sections) => Reader::Sections(sections, &self.meta),
            Form::Timers(timers) => Reader::Timers(timers),
            Form::Tables(handle) => Reader::Tables(Tables::open(handle, files, whose)?, &self.meta),
        })
    }
}

/// That a changelog would have to be applied.
pub(super) fn changes(handle: &KeyedHandle, whose: &str) -> Error {
    Error::unknown(format!(
        "the keyed state of {whose} is a {} with changes, which are not applied here: take a canonical savepoint with Flink",
        handle.class()
    ))
}

impl Reader<'_> {
    /// Reads the rows of a key group; those of one state are one after the other.
    ///
    /// # Errors
    /// What `each` returns; `Corrupt` when the bytes are damaged; `Incompatible` when entries of a heap are of a serializer that is not
    /// known, so that their ends cannot be found.
    pub(super) fn group(
        &self,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
        each: &mut Each<'_>,
    ) -> Result<()> {
        match self {
            Self::Sections(sections, meta) => sections.group(meta, group, max_parallelism, each),
            Self::Timers(timers) => timers.group(group, max_parallelism, each),
            Self::Tables(tables, meta) => tables::group(tables, meta, group, max_parallelism, each),
        }
    }
}
