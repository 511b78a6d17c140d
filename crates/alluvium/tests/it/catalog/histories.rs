//! Random histories of a job, swept at random moments: nothing that is or may come to be referred to goes, and
//! everything else does in the end.
//!
//! Time is the test's: objects have the age that they would have if steps took hours.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alluvium::Result;
use alluvium::catalog::{Attempt, Proposal};
use alluvium::environment::Clock;
use alluvium::protocol::catalog::names;
use alluvium::protocol::file::{FileId, FileRef};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{Manifest, SnapshotKind};
use alluvium::protocol::schema::KeyedSchema;
use alluvium::protocol::shape::Shape;
use alluvium::protocol::stamp::Moment;
use alluvium::storage::{Cancel, ObjectInfo, PutOutcome, Storage, Transfer, Watch, in_memory};
use proptest::prelude::*;

use super::fixture::{Job, id};

const HOUR: i64 = 3_600_000;
/// No checkpoint takes longer: the engine gives it up.
const AGE_MIN: Duration = Duration::from_hours(24);

#[derive(Debug, Clone)]
enum Step {
    /// Uploads a checkpoint's snapshot, with so many new files and every other one of its base's.
    Upload { new: u8 },
    /// Commits what was uploaded.
    Commit,
    /// Keeps so many checkpoints.
    Retain(u8),
    /// Starts another attempt; what the one before uploaded is left.
    Start,
    /// Time goes by.
    Hours(u8),
    /// Deletes orphans.
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..4).prop_map(|new| Step::Upload { new }),
        4 => Just(Step::Commit),
        2 => (1u8..4).prop_map(Step::Retain),
        1 => Just(Step::Start),
        2 => (1u8..30).prop_map(Step::Hours),
        2 => Just(Step::Sweep),
    ]
}

/// A job that an engine runs.
struct Run {
    job: Job,
    now: Arc<AtomicI64>,
    attempt: Attempt,
    /// The next checkpoint, and the next file.
    next: u64,
    /// What the backend's snapshots refer to: the newest committed checkpoint and its files.
    base: Option<(u64, Vec<FileRef>)>,
    /// Uploaded and not committed: when, the proposal, its files.
    pending: Option<(i64, Proposal, Vec<FileRef>)>,
}

impl Run {
    fn new() -> Self {
        let now = Arc::new(AtomicI64::new(0));
        let dated = Dated {
            inner: in_memory(),
            now: Arc::clone(&now),
            written: Mutex::default(),
        };
        let mut job = Job::over(Arc::new(dated), "job");
        job.environment.clock = Arc::new(Hours(Arc::clone(&now)));
        let attempt = job.start();
        Self {
            job,
            now,
            attempt,
            next: 1,
            base: None,
            pending: None,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Upload { new } => self.upload(*new),
            Step::Commit => self.commit(),
            Step::Retain(keep) => {
                self.job.retain(&self.attempt, usize::from(*keep));
            }
            Step::Start => {
                self.attempt = self.job.start();
                self.pending = None;
            }
            Step::Hours(hours) => {
                self.now
                    .fetch_add(i64::from(*hours) * HOUR, Ordering::Relaxed);
                let deadline = self.now() - 24 * HOUR;
                self.pending.take_if(|(began, _, _)| *began <= deadline);
            }
            Step::Sweep => self.sweep(),
        }
        self.job.assert_whole();
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn upload(&mut self, new: u8) {
        let checkpoint = id(self.number());
        let from_base = self.base.iter().flat_map(|(_, files)| files);
        let mut files: Vec<FileRef> = from_base.step_by(2).cloned().collect();
        for _ in 0..new {
            let file = FileId::new(self.number().into());
            let object = names::shared(file, 1);
            let name = format!("job/{object}");
            self.job.storage_below.put(&name, b"rows").unwrap();
            files.push(FileRef {
                id: file,
                object,
                name: format!("{file}.rows"),
                uploaded_by: checkpoint,
                ..super::fixture::file(checkpoint)
            });
        }
        let max_parallelism = MaxParallelism::DEFAULT;
        let manifest = self.job.put(&Manifest {
            job: "job".to_owned(),
            checkpoint,
            attempt: self.attempt.number,
            subtask: 0,
            kind: SnapshotKind::Incremental,
            store: "memory".to_owned(),
            range: max_parallelism.all(),
            max_parallelism,
            base: self.base.as_ref().map(|(base, _)| id(*base)),
            next_generation: 1,
            schema: KeyedSchema {
                key: Shape::Str,
                states: Vec::new(),
            },
            files: files.clone(),
            created_unix_millis: 0,
            event_time: Moment::BEFORE_TIME,
        });
        let proposal = Proposal {
            checkpoint,
            kind: SnapshotKind::Incremental,
            max_parallelism,
            manifests: vec![manifest],
            bases: self.base.iter().map(|(base, _)| id(*base)).collect(),
            attachments: BTreeMap::new(),
        };
        self.pending = Some((self.now(), proposal, files));
    }

    fn commit(&mut self) {
        let Some((_, proposal, files)) = self.pending.take() else {
            return;
        };
        let environment = &self.job.environment;
        let committed = self
            .job
            .catalog
            .commit(&self.attempt, &proposal, environment);
        committed.unwrap();
        self.base = Some((proposal.checkpoint.get(), files));
    }

    fn sweep(&self) {
        let (catalog, cancel) = (&self.job.rival().catalog, Cancel::new());
        let environment = &self.job.environment;
        let orphans = catalog.orphans(AGE_MIN, environment, &cancel).unwrap();
        let swept = catalog.sweep(&orphans, environment, &cancel).unwrap();
        assert_eq!(swept.deleted, u64::try_from(orphans.len()).unwrap());
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// All objects of checkpoints, and of nothing else.
    fn needed(&self) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        for commit in self.job.catalog.checkpoints().unwrap() {
            for part in commit.manifests {
                let manifest = self.job.catalog.manifest(&part).unwrap();
                needed.insert(part.object);
                needed.extend(manifest.files.into_iter().map(|file| file.object));
            }
        }
        needed
    }
}

proptest! {
    #[test]
    fn a_sweep_takes_nothing_that_is_needed_and_leaves_no_orphan_behind_a_fence(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        let keep = NonZeroUsize::new(2).unwrap();
        run.step(&Step::Start);
        run.job.catalog.retain(&run.attempt, keep).unwrap();

        let (environment, cancel) = (&run.job.environment, Cancel::new());
        let orphans = run.job.catalog.orphans_behind(&run.attempt, environment, &cancel).unwrap();
        run.job.catalog.sweep(&orphans, environment, &cancel).unwrap();

        run.job.assert_whole();
        let mut left: BTreeSet<String> = run.job.objects("shared/").into_iter().collect();
        left.extend(run.job.objects("checkpoints/"));
        prop_assert_eq!(left, run.needed());
    }
}

/// The test's time, in place of the system's.
#[derive(Debug)]
struct Hours(Arc<AtomicI64>);

impl Clock for Hours {
    fn unix_millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) {}
}

/// A storage whose listings tell the test's time.
#[derive(Debug)]
struct Dated {
    inner: Arc<dyn Storage>,
    now: Arc<AtomicI64>,
    written: Mutex<BTreeMap<String, i64>>,
}

impl Dated {
    fn note(&self, name: &str) {
        let now = self.now.load(Ordering::Relaxed);
        self.written.lock().unwrap().insert(name.to_owned(), now);
    }
}

impl Storage for Dated {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.note(name);
        self.inner.put(name, bytes)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        self.note(name);
        self.inner.put_if_absent(name, bytes)
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        self.note(name);
        self.inner.upload(name, from, watch)
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        self.inner.download(name, to, watch)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.inner.get(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let mut listed = self.inner.list(prefix)?;
        let written = self.written.lock().unwrap();
        for info in &mut listed {
            info.modified_unix_millis = written[&info.name];
        }
        Ok(listed)
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        self.note(to);
        self.inner.copy(from, to)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }
}
