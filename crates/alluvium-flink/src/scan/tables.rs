//! Handles of RocksDB's files: they are put into a directory under the names they had, and opened to be read.
//!
//! One iterator a state is open at once, so that rows come in the order of key groups, whatever their states. What a restored
//! job has hidden of key groups that it does not own is not met: iterators are bounded by the handle's key groups.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_rocksdb::{Append, ForeignDatabase, ForeignRows};
use tempfile::TempDir;

use super::assemble::{group_of, group_width};
use super::selection::WantedKey;
use super::sink::{Bytes, Sink};
use super::state::State;
use super::visit::Step;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::files::{Files, Source};
use crate::keyed::{KeyedMeta, StateKind};
use crate::metadata::Incremental;

/// The name under which Flink's RocksDB knows what it does with lists.
const APPEND: &str = "StringAppendTESTOperator";

/// Bytes that a description of states may have: thousands of states have fewer.
const DESCRIPTION_BYTES_MAX: u64 = 64 << 20;

/// What the names of files of options begin with; they are not read.
const OPTIONS: &str = "OPTIONS-";

/// The files of a handle, opened.
pub(crate) struct Tables {
    pub(crate) database: ForeignDatabase,
    // Goes after the database.
    _directory: TempDir,
}

impl Tables {
    pub(crate) fn open(handle: &Incremental, files: &Files, whose: &str) -> Result<Self> {
        let directory = TempDir::with_prefix("alluvium-flink-")
            .map_err(|error| Error::io("make a temporary directory for tables", error))?;
        for file in handle.files() {
            if file.name.starts_with(OPTIONS) {
                continue;
            }
            let source = files.open(&file.stream, whose)?;
            place(source, &directory.path().join(&file.name)).map_err(|error| {
                Error::io(
                    format!("put {} of {whose} into a directory", file.name),
                    error,
                )
            })?;
        }
        let append = Append {
            name: APPEND.to_owned(),
            delimiter: b',',
        };
        let database = ForeignDatabase::open(directory.path(), Some(&append))
            .map_err(|error| Error::from(error).context(format!("open the tables of {whose}")))?;
        Ok(Self {
            database,
            _directory: directory,
        })
    }
}

/// Makes a file with these bytes: a link where that is possible. Whatever is there is not overwritten, because it may be a
/// link, too.
fn place(mut source: Source, to: &Path) -> std::io::Result<()> {
    if let Some(from) = source.path() {
        let from = from.canonicalize()?;
        if std::fs::hard_link(&from, to).is_ok() || symlink(&from, to).is_ok() {
            return Ok(());
        }
    }
    let mut file = File::create_new(to)?;
    std::io::copy(&mut source, &mut file)?;
    Ok(())
}

/// The description of the states.
pub(super) fn meta(handle: &Incremental, files: &Files, whose: &str) -> Result<KeyedMeta> {
    let source = files.open(&handle.meta, whose)?;
    if source.len() > DESCRIPTION_BYTES_MAX {
        let message = format!("the states are described in {} bytes", source.len());
        return Err(Error::corrupt(message).at(source.name(), 0));
    }
    let bytes = source.range(0, source.len())?;
    KeyedMeta::read(&mut Cursor::new(&bytes, source.name(), 0))
}

/// The rows of one state.
struct Family<'d> {
    nth: usize,
    state: &'d State,
    rows: ForeignRows<'d>,
    file: Arc<str>,
    has_ended: bool,
}

/// Hands the rows of the key groups in `range` to the sink.
pub(super) fn read(
    handle: &Incremental,
    files: &Files,
    whose: &str,
    states: &[State],
    range: KeyGroupRange,
    sink: &mut Sink<'_>,
) -> Step<()> {
    let tables = Tables::open(handle, files, whose)?;
    let width = group_width(sink.operator().max_parallelism.get());
    let mut families = Vec::new();
    for (nth, state) in states.iter().enumerate() {
        if !sink.selection().has_state(&state.name) {
            continue;
        }
        let (from, to) = bounds(state, range, width, sink.wanted());
        match tables.database.rows(&state.name, &from, to.as_deref()) {
            Ok(rows) => families.push(Family {
                nth,
                state,
                rows,
                file: format!("rows of {} of {whose}", state.name).into(),
                has_ended: false,
            }),
            Err(error) => {
                let error = Error::corrupt("its tables have no such state").with_source(error);
                sink.problem(Some(state), None, error);
            }
        }
    }
    for group in range.iter() {
        for family in &mut families {
            family.read(group.get(), width, sink)?;
        }
    }
    Ok(())
}

/// The first composite key of a state's rows, and the first one behind them.
fn bounds(
    state: &State,
    range: KeyGroupRange,
    width: usize,
    wanted: Option<&WantedKey>,
) -> (Vec<u8>, Option<Vec<u8>>) {
    let prefix = |group: u16| {
        let [high, low] = group.to_be_bytes();
        if width == 2 {
            vec![high, low]
        } else {
            vec![low]
        }
    };
    let from = prefix(range.first().get());
    let to = prefix(range.last().get() + 1);
    let key = wanted.and_then(WantedKey::bytes);
    match key {
        Some(key) if range.len() == 1 && state.kind != StateKind::PriorityQueue => {
            let mut from = from;
            from.extend_from_slice(key);
            let to = behind(&from);
            (from, to)
        }
        _ => (from, Some(to)),
    }
}

/// The first bytes behind all that begin with these.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if let Some(next) = last.checked_add(1) {
            bytes.push(next);
            return Some(bytes);
        }
    }
    None
}

impl Family<'_> {
    /// Reads on to the end of a key group.
    fn read(&mut self, group: u16, width: usize, sink: &mut Sink<'_>) -> Step<()> {
        while !self.has_ended {
            let (key, value) = match self.rows.current() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    self.has_ended = true;
                    break;
                }
                Err(error) => {
                    self.has_ended = true;
                    let error = Error::from(error).context("the rest of its rows cannot be read");
                    sink.problem(Some(self.state), Some(group), error);
                    break;
                }
            };
            if group_of(key, width).is_some_and(|found| found > group) {
                break;
            }
            let bytes = |bytes| Bytes {
                bytes,
                offset: 0,
                file: &self.file,
            };
            let result = sink.pair(self.nth, self.state, group, bytes(key), bytes(value));
            sink.survive(Some(self.state), Some(group), result)?;
            self.rows.advance();
        }
        Ok(())
    }
}
