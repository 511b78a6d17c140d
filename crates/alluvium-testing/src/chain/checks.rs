//! What must be true of storage after every step of a chain, and after its sweeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alluvium::Result;
use alluvium::catalog::Catalog;
use alluvium::protocol::catalog::names::ObjectName;
use alluvium::protocol::manifest::Manifest;
use alluvium::protocol::plan::log::Log;
use alluvium::protocol::plan::orphans::{Listed, orphans};
use alluvium::protocol::plan::retention::referenced;
use alluvium::storage::Storage;

use super::job::JOB;
use super::objects::Objects;

/// Reads the log, and all that its checkpoints consist of.
pub(super) fn intact(objects: &Arc<Objects>) -> Log {
    let (log, _) = read(&catalog(objects), objects);
    log
}

/// Panics if an object is nobody's. What was written at `since` or later may belong to checkpoints in flight, and so may
/// the files that manifests of theirs refer to.
pub(super) fn no_orphans(objects: &Arc<Objects>, since_unix_millis: i64) {
    let (log, mut needed) = read(&catalog(objects), objects);
    let listing = listing(&**objects).expect("lists its objects");
    let is_young = |listed: &&Listed| listed.modified_unix_millis >= since_unix_millis;
    for young in listing.iter().filter(is_young) {
        needed.insert(young.object.clone());
        if let Some(manifest) = manifest(&**objects, &young.object).expect("reads an object") {
            needed.extend(manifest.files.into_iter().map(|file| file.object));
        }
    }
    for listed in listing {
        let is_owned = match listed.object.parse() {
            Ok(ObjectName::Record { sequence }) => log.counts(sequence),
            Ok(ObjectName::Savepoint { .. }) => true,
            Ok(_) => false,
            Err(error) => panic!("{error}"),
        };
        assert!(
            is_owned || needed.contains(&listed.object),
            "{} is nobody's after a sweep",
            listed.object
        );
    }
}

/// The manifest in an object, if it is one.
fn manifest(storage: &dyn Storage, object: &str) -> Result<Option<Manifest>> {
    if !matches!(object.parse(), Ok(ObjectName::Manifest { .. })) {
        return Ok(None);
    }
    let name = format!("{JOB}/{object}");
    let bytes = storage.get(&name)?.unwrap_or_default();
    Ok(Some(Manifest::decode(&bytes, &name)?))
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

fn listing(storage: &dyn Storage) -> Result<Vec<Listed>> {
    let listed = storage.list(&format!("{JOB}/"))?.into_iter();
    let listed = listed.map(|info| Listed {
        object: info
            .name
            .trim_start_matches(JOB)
            .trim_start_matches('/')
            .to_owned(),
        bytes: info.bytes,
        modified_unix_millis: info.modified_unix_millis,
    });
    Ok(listed.collect())
}

/// Deletes the objects that no checkpoint needs and that were written before `before`.
pub(super) fn sweep(
    storage: &dyn Storage,
    catalog: &Catalog,
    before_unix_millis: i64,
) -> Result<()> {
    // The log is read after the listing: what was committed meanwhile is not taken for an orphan.
    let listing = listing(storage)?;
    let log = catalog.read_log()?;
    let mut manifests = BTreeMap::new();
    for part in log.checkpoints().flat_map(|commit| &commit.manifests) {
        manifests.insert(part.object.clone(), catalog.manifest(part)?);
    }
    for listed in &listing {
        if let Some(manifest) = manifest(storage, &listed.object)? {
            manifests.insert(listed.object.clone(), manifest);
        }
    }
    for orphan in orphans(&listing, &log, &manifests, before_unix_millis - 1)? {
        storage.delete(&format!("{JOB}/{}", orphan.listed.object))?;
    }
    Ok(())
}
