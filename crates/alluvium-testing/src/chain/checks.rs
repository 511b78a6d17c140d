//! What must be true of storage after every step of a chain, and after its sweeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alluvium::catalog::Catalog;
use alluvium::protocol::catalog::names::ObjectName;
use alluvium::protocol::manifest::{CheckpointId, Manifest};
use alluvium::protocol::plan::log::Log;
use alluvium::protocol::plan::retention::referenced;
use alluvium::storage::{ObjectInfo, Storage};

use super::job::JOB;
use super::objects::Objects;

/// Reads the log, and all that its checkpoints consist of.
pub(super) fn intact(objects: &Arc<Objects>) -> Log {
    let (log, _) = read(&catalog(objects), objects);
    log
}

/// Panics if an object is nobody's. Checkpoints of which anything was written at `since` or later may be in flight: what
/// is theirs, and what their manifests refer to, may stay.
pub(super) fn no_orphans(objects: &Arc<Objects>, since_unix_millis: i64) {
    let (log, mut needed) = read(&catalog(objects), objects);
    let listing = listing(objects);
    let young = listing
        .iter()
        .filter(|(_, info)| info.modified_unix_millis >= since_unix_millis);
    needed.extend(young.clone().map(|(object, _)| object.clone()));
    let in_flight: BTreeSet<_> = young
        .filter_map(|(object, _)| snapshot_of(object))
        .collect();
    for (object, _) in &listing {
        if snapshot_of(object).is_some_and(|snapshot| in_flight.contains(&snapshot)) {
            needed.insert(object.clone());
            let files = manifest(objects, object).map(|manifest| manifest.files);
            needed.extend(files.into_iter().flatten().map(|file| file.object));
        }
    }
    for (object, _) in listing {
        let is_owned = match object.parse() {
            Ok(ObjectName::Record { sequence }) => log.counts(sequence),
            Ok(ObjectName::Savepoint { .. }) => true,
            Ok(_) => false,
            Err(error) => panic!("{error}"),
        };
        assert!(
            is_owned || needed.contains(&object),
            "{object} is nobody's after a sweep"
        );
    }
}

/// Checkpoint and attempt of an object that is named after them.
fn snapshot_of(object: &str) -> Option<(CheckpointId, u64)> {
    object.parse::<ObjectName>().ok()?.snapshot()
}

/// The manifest in an object, if it is one.
fn manifest(objects: &Objects, object: &str) -> Option<Manifest> {
    if !matches!(object.parse(), Ok(ObjectName::Manifest { .. })) {
        return None;
    }
    let name = format!("{JOB}/{object}");
    let bytes = objects.existing(&name).expect("reads an object");
    Some(Manifest::decode(&bytes, &name).expect("manifests are written whole"))
}

fn catalog(objects: &Arc<Objects>) -> Catalog {
    let objects = Arc::clone(objects);
    Catalog::open(objects, JOB).expect("the job has a name")
}

/// The log, and the objects that its checkpoints need.
fn read(catalog: &Catalog, objects: &Objects) -> (Log, BTreeSet<String>) {
    let log = catalog.read_log().expect("the log can be read");
    let mut manifests = BTreeMap::new();
    for commit in log.checkpoints() {
        for part in &commit.manifests {
            let whole = catalog.manifest(part);
            let manifest: Manifest = whole.expect("a committed checkpoint has its manifests");
            for file in &manifest.files {
                assert_eq!(
                    objects.facts(&format!("{JOB}/{}", file.object)),
                    Some((file.bytes, file.crc32c)),
                    "length and checksum of {} ({}), which subtask {} of checkpoint {} by attempt {} refers to",
                    file.object,
                    file.name,
                    part.subtask,
                    commit.checkpoint,
                    commit.attempt,
                );
            }
            manifests.insert(part.object.clone(), manifest);
        }
    }
    let commits: Vec<_> = log.checkpoints().collect();
    let needed = referenced(&commits, &manifests).expect("all manifests were read");
    (log, needed)
}

/// All objects of the job, by their names in its folder.
fn listing(objects: &Objects) -> Vec<(String, ObjectInfo)> {
    let folder = format!("{JOB}/");
    let listed = objects.list(&folder).expect("lists its objects");
    let named = listed.into_iter().filter_map(|info| {
        let object = info.name.strip_prefix(&folder)?.to_owned();
        Some((object, info))
    });
    named.collect()
}
