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
use alluvium::storage::{Storage, in_memory};
use alluvium_testing::faulty::FaultyStorage;

/// One process's view of the job.
pub(super) struct Job {
    pub(super) catalog: Catalog,
    pub(super) storage: Arc<FaultyStorage>,
    /// The same objects, without faults.
    pub(super) storage_below: Arc<dyn Storage>,
    pub(super) environment: Environment,
}

impl Job {
    pub(super) fn new() -> Self {
        Self::over(in_memory())
    }

    /// Another process that sees the same objects, without this one's faults.
    pub(super) fn rival(&self) -> Self {
        Self::over(Arc::clone(&self.storage_below))
    }

    fn over(storage_below: Arc<dyn Storage>) -> Self {
        let storage = Arc::new(FaultyStorage::new(Arc::clone(&storage_below)));
        let seen: Arc<dyn Storage> = Arc::<FaultyStorage>::clone(&storage);
        let catalog = Catalog::open(seen, "job").unwrap();
        Self {
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
            job: "job".to_owned(),
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
        };
        let own = &manifest.files[0].object;
        self.storage_below
            .put(&format!("job/{own}"), b"rows")
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

    fn put(&self, manifest: &Manifest) -> ManifestRef {
        let object = names::manifest(manifest.checkpoint, manifest.attempt, manifest.subtask);
        let bytes = manifest.encode();
        self.storage_below
            .put(&format!("job/{object}"), &bytes)
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
        let listed = self.storage_below.list(&format!("job/{prefix}")).unwrap();
        listed
            .into_iter()
            .map(|object| object.name["job/".len()..].to_owned())
            .collect()
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
fn file(checkpoint: CheckpointId) -> FileRef {
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
