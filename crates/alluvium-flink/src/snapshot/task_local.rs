//! Task-local state: what a task manager keeps of its newest checkpoints on its own disk.
//!
//! ```text
//! …/vtx_<vertex id>_sti_<subtask>/chk_<checkpoint>/
//!     _task_state_snapshot            a Java object: which file is what
//!     <uuid>                          the block that describes the states
//!     <uuid of the backend>/          RocksDB's files, under their own names
//! ```
//!
//! The Java object holds classes of Flink's whole runtime and is not decoded. What it says is found otherwise: the block is the file that can
//! be read as one, RocksDB's folder the one with a `CURRENT`, the vertex and subtask are in the names of folders. The vertex has the id of the first operator of its chain,
//! which the keyed one nearly always is. Of the object only the range of key groups is taken, where it can be seen.
//!
//! Not known and assumed: the max parallelism, as 128 unless a key group is above or the caller knows it (keys are read wrong if it is on the other
//! side of 128, where their prefix grows to two bytes); the parallelism, as what the subtask's number needs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};

use super::locate::names;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::keyed::KeyedMeta;
use crate::metadata::{
    Incremental, KeyedHandle, LocalFile, Metadata, Operator, OperatorId, StreamHandle, Subtask,
    SubtaskState, Subtasks, Version,
};

/// The Java object in each folder.
const OBJECT: &str = "_task_state_snapshot";

/// The block that describes states has some kilobytes; larger files are not tried.
const META_BYTES_MAX: u64 = 16 << 20;

/// Whether a folder holds one subtask's task-local state.
pub(super) fn is_one(directory: &Path, names: &[String]) -> bool {
    names.iter().any(|name| name == OBJECT) || !backends(directory, names).is_empty()
}

/// The number in the name of a folder `chk_17`.
pub(super) fn checkpoint_number(name: &str) -> Option<u64> {
    name.strip_prefix("chk_")?.parse().ok()
}

/// The folder's content as a snapshot of one operator with one subtask, of so many key groups if that is known.
pub(super) fn read(directory: &Path, known: Option<MaxParallelism>) -> Result<Metadata> {
    let names = names(directory)?;
    let backends = backends(directory, &names);
    let metas: Vec<&String> = names
        .iter()
        .filter(|name| is_meta(&directory.join(name)))
        .collect();
    let ([backend], [meta]) = (backends.as_slice(), metas.as_slice()) else {
        return Err(Error::invalid(format!(
            "{} holds {} folders of RocksDB and {} files that describe states; one of each can be read: it holds {}",
            directory.display(),
            backends.len(),
            metas.len(),
            names.join(", ")
        )));
    };
    let (vertex, subtask) = of_parent(directory);
    let name = directory.file_name().unwrap_or_default();
    let checkpoint_id = checkpoint_number(&name.to_string_lossy()).unwrap_or(0);
    let range = std::fs::read(directory.join(OBJECT)).ok();
    let range = range.and_then(|object| key_groups(&object));
    let max_parallelism = match (known, range) {
        (Some(known), Some(range)) if !known.all().covers(range) => {
            return Err(Error::invalid(format!(
                "{} has key groups {} to {}, and the job would have {known}",
                directory.display(),
                range.first(),
                range.last()
            )));
        }
        (Some(known), _) => known,
        (None, Some(range)) if range.last().get() >= MaxParallelism::DEFAULT.get() => {
            MaxParallelism::LARGEST
        }
        (None, _) => MaxParallelism::DEFAULT,
    };
    let handle = Incremental {
        checkpoint_id: i64::try_from(checkpoint_id).unwrap_or(0),
        backend: (*backend).clone(),
        key_groups: Some(range.unwrap_or_else(|| max_parallelism.all())),
        account: None,
        meta: stream(directory, meta)?,
        shared: files(directory, backend, true)?,
        private: files(directory, backend, false)?,
    };
    let state = SubtaskState {
        keyed_managed: Some(KeyedHandle::Incremental(handle)),
        ..SubtaskState::default()
    };
    let operator = Operator {
        name: None,
        uid: None,
        id: vertex.unwrap_or(OperatorId::new([0; 16])),
        parallelism: subtask.saturating_add(1),
        max_parallelism,
        coordinator: None,
        subtasks: Subtasks::Of(vec![Subtask {
            index: subtask,
            state: Some(state),
        }]),
    };
    Ok(Metadata {
        version: Version::V6,
        checkpoint_id,
        masters: Vec::new(),
        operators: vec![operator],
        properties: None,
    })
}

/// Folders of RocksDB.
fn backends<'a>(directory: &Path, names: &'a [String]) -> Vec<&'a String> {
    let has_current = |name: &&String| directory.join(name).join("CURRENT").is_file();
    names.iter().filter(has_current).collect()
}

fn is_meta(path: &Path) -> bool {
    let small =
        std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= META_BYTES_MAX);
    if !small {
        return false;
    }
    let file: Arc<str> = path.display().to_string().into();
    std::fs::read(path)
        .is_ok_and(|bytes| KeyedMeta::read(&mut Cursor::new(&bytes, &file, 0)).is_ok())
}

/// RocksDB's tables, or its other files.
fn files(directory: &Path, backend: &str, tables: bool) -> Result<Vec<LocalFile>> {
    let names = names(&directory.join(backend))?;
    let wanted = names
        .into_iter()
        .filter(|name| name.ends_with(".sst") == tables);
    let file = |name: String| {
        let stream = stream(directory, &format!("{backend}/{name}"))?;
        Ok(LocalFile { name, stream })
    };
    wanted.map(file).collect()
}

fn stream(directory: &Path, path: &str) -> Result<StreamHandle> {
    let file = directory.join(path);
    let length = File::open(&file).and_then(|file| file.metadata());
    let length = length.map_err(|error| Error::io(format!("read {}", file.display()), error))?;
    Ok(StreamHandle::Relative {
        path: path.to_owned(),
        length: Some(length.len()),
    })
}

/// The vertex and subtask in the name of the folder above: `vtx_<id>_sti_<subtask>`.
fn of_parent(directory: &Path) -> (Option<OperatorId>, u32) {
    let parent = directory.canonicalize().ok();
    let parent = parent.as_deref().and_then(Path::parent);
    let name = parent.and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy();
    let parts = name
        .strip_prefix("vtx_")
        .and_then(|rest| rest.split_once("_sti_"));
    parts.map_or((None, 0), |(vertex, subtask)| {
        (vertex.parse().ok(), subtask.parse().unwrap_or(0))
    })
}

/// The first range of key groups in the Java object. Its class is described where it is used first, and the values of its two
/// fields follow that description.
fn key_groups(object: &[u8]) -> Option<KeyGroupRange> {
    const CLASS: &[u8] = b"\0\x2Corg.apache.flink.runtime.state.KeyGroupRange";
    const FIELDS: &[u8] = b"\x02\0\x02I\0\x0BendKeyGroupI\0\x0DstartKeyGroup\x78\x70";
    /// Of the class.
    const SERIAL_VERSION_BYTES: usize = 8;
    let at = object
        .windows(CLASS.len())
        .position(|window| window == CLASS)?;
    let rest = object.get(at + CLASS.len() + SERIAL_VERSION_BYTES..)?;
    let values = rest.strip_prefix(FIELDS)?.first_chunk::<8>()?;
    let [last, first] = [values.first_chunk::<4>()?, values.last_chunk::<4>()?]
        .map(|bytes| u16::try_from(i32::from_be_bytes(*bytes)).ok());
    KeyGroupRange::new(first?, last?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_key_groups_is_seen_in_the_java_object() {
        let object = [
            b"\xAC\xED\0\x05sr\0\x2Corg.apache.flink.runtime.state.KeyGroupRange".as_slice(),
            &[7; 8],
            b"\x02\0\x02I\0\x0BendKeyGroupI\0\x0DstartKeyGroup\x78\x70",
            &[0, 0, 0, 63, 0, 0, 0, 32],
            b"more",
        ]
        .concat();

        assert_eq!(key_groups(&object), KeyGroupRange::new(32, 63).ok());
        for length in 0..object.len() - 4 {
            assert_eq!(key_groups(&object[..length]), None);
        }
    }
}
