//! A job whose storage fails as planned, and checkpoints of one subtask each.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use alluvium::Result;
use alluvium::catalog::{Attempt, Catalog, Proposal, Swept};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::{Commit, ManifestRef, names};
use alluvium::protocol::file::{FileId, FileRef};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::protocol::schema::KeyedSchema;
use alluvium::protocol::shape::Shape;
use alluvium::protocol::stamp::Moment;
use alluvium::storage::{Storage, in_memory};
use alluvium_testing::faulty::FaultyStorage;

/// One process's view of a job.
pub(super) struct Job {
    pub(super) name: &'static str,
    pub(super) catalog: Catalog,
    pub(super) storage: Arc<FaultyStorage>,
    /// The same objects, without faults.
    pub(super) storage_below: Arc<dyn Storage>,
    pub(super) environment: Environment,
}

impl Job {
    pub(super) fn new() -> Self {
        Self::named("job")
    }

    /// A job of its own, in a storage of its own.
    pub(super) fn named(name: &'static str) -> Self {
        Self::over(in_memory(), name)
    }

    /// Another process that sees the same objects, without this one's faults.
    pub(super) fn rival(&self) -> Self {
        Self::over(Arc::clone(&self.storage_below), self.name)
    }

    pub(super) fn over(storage_below: Arc<dyn Storage>, name: &'static str) -> Self {
        let storage = Arc::new(FaultyStorage::new(Arc::clone(&storage_below)));
        let seen: Arc<dyn Storage> = Arc::<FaultyStorage>::clone(&storage);
        let catalog = Catalog::open(seen, name).unwrap();
        Self {
            name,
            catalog,
            storage,
            storage_below,
            environment: Environment::system(),
        }
    }

    pub(super) fn start(&self) -> Attempt {
        self.catalog.start_attempt(&self.environment).unwrap()
    }

    pub(super) fn commit(&self, attempt: &Attempt, checkpoint: u64) -> Result<Commit> {
        let proposal = self.proposal(attempt, checkpoint);
        self.catalog.commit(attempt, &proposal, &self.environment)
    }

    pub(super) fn retain(&self, attempt: &Attempt, keep: usize) -> Swept {
        self.catalog
            .retain(attempt, NonZeroUsize::new(keep).unwrap())
            .unwrap()
    }

    /// A checkpoint whose one snapshot is uploaded: a shared file of its own, and that of the one before.
    pub(super) fn proposal(&self, attempt: &Attempt, checkpoint: u64) -> Proposal {
        let max_parallelism = MaxParallelism::DEFAULT;
        let file = |checkpoint: u64| file(id(checkpoint));
        let mut files = vec![file(checkpoint)];
        if checkpoint > 1 {
            files.push(file(checkpoint - 1));
        }
        let manifest = Manifest {
            job: self.name.to_owned(),
            checkpoint: id(checkpoint),
            attempt: attempt.number,
            subtask: 0,
            kind: SnapshotKind::Incremental,
            store: "memory".to_owned(),
            range: max_parallelism.all(),
            max_parallelism,
            base: None,
            next_generation: 1,
            schema: KeyedSchema {
                key: Shape::Str,
                states: Vec::new(),
            },
            files,
            created_unix_millis: 0,
            event_time: Moment::BEFORE_TIME,
        };
        let own = &manifest.files[0].object;
        self.storage_below
            .put(&format!("{}/{own}", self.name), b"rows")
            .unwrap();
        Proposal {
            checkpoint: id(checkpoint),
            kind: SnapshotKind::Incremental,
            max_parallelism,
            manifests: vec![self.put(&manifest)],
            bases: BTreeSet::new(),
            attachments: BTreeMap::new(),
        }
    }

    pub(super) fn put(&self, manifest: &Manifest) -> ManifestRef {
        let object = names::manifest(manifest.checkpoint, manifest.attempt, manifest.subtask);
        let bytes = manifest.encode();
        self.storage_below
            .put(&format!("{}/{object}", self.name), &bytes)
            .unwrap();
        ManifestRef {
            object,
            bytes: bytes.len().try_into().unwrap(),
            crc32c: crc32c::crc32c(&bytes),
            subtask: manifest.subtask,
            range: manifest.range,
        }
    }

    /// Names of all objects of the job that start so.
    pub(super) fn objects(&self, prefix: &str) -> Vec<String> {
        let folder = format!("{}/", self.name);
        let listed = self.storage_below.list(&format!("{folder}{prefix}"));
        listed
            .unwrap()
            .into_iter()
            .map(|object| object.name[folder.len()..].to_owned())
            .collect()
    }

    /// All objects with their content.
    pub(super) fn content(&self) -> BTreeMap<String, Vec<u8>> {
        let read = |object: String| {
            let name = format!("{}/{object}", self.name);
            let bytes = self.storage_below.get(&name).unwrap().unwrap();
            (object, bytes)
        };
        self.objects("").into_iter().map(read).collect()
    }

    /// Panics unless every object that a checkpoint refers to is there and as its manifest says. The numbers of
    /// the checkpoints.
    pub(super) fn assert_whole(&self) -> Vec<u64> {
        let catalog = self.rival().catalog;
        for commit in catalog.checkpoints().unwrap() {
            for part in &commit.manifests {
                let manifest = catalog.manifest(part).unwrap();
                assert_eq!(manifest.job, self.name);
                for file in manifest.files {
                    let name = format!("{}/{}", self.name, file.object);
                    let bytes = self.storage_below.get(&name).unwrap();
                    let bytes =
                        bytes.unwrap_or_else(|| panic!("{name} of {} is gone", commit.checkpoint));
                    let found = (bytes.len().try_into(), crc32c::crc32c(&bytes));
                    assert_eq!(found, (Ok(file.bytes), file.crc32c), "{name}");
                }
            }
        }
        ids(&catalog)
    }
}

pub(super) fn id(checkpoint: u64) -> CheckpointId {
    CheckpointId::new(checkpoint)
}

/// The numbers of the checkpoints that exist.
pub(super) fn ids(catalog: &Catalog) -> Vec<u64> {
    catalog
        .checkpoints()
        .unwrap()
        .iter()
        .map(|commit| commit.checkpoint.get())
        .collect()
}

/// The shared file that the snapshot of a checkpoint uploads.
pub(super) fn file(checkpoint: CheckpointId) -> FileRef {
    let id = FileId::new(checkpoint.get().into());
    FileRef {
        id,
        object: names::shared(id, 0),
        name: format!("{checkpoint}.rows"),
        shared: true,
        bytes: 4,
        crc32c: crc32c::crc32c(b"rows"),
        bounds: None,
        note: Vec::new(),
        uploaded_by: checkpoint,
    }
}
