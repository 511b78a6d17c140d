//! Something around the job fails, and its output is exact all the same once an attempt comes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium::environment::Environment;
use alluvium::protocol::key::EncodeKey;
use alluvium::{Backend, Error, ErrorKind, Result};
use alluvium_testing::faulty::{Fault, FaultyStorage, Operation};
use alluvium_timely::{
    Event, Job, LinesSink, Observer, Operator, Prepare, Recovered, Sink, recover,
};

use crate::counting::Counting;
use crate::place::{JOB, Place, engine, options};
use crate::words::{Word, Words};

/// Counts checkpoints.
#[derive(Default)]
struct Counts {
    completed: AtomicU64,
    aborted: AtomicU64,
}

impl Observer for Counts {
    fn event(&self, event: &Event) {
        match event {
            Event::CheckpointCompleted { .. } => self.completed.fetch_add(1, Ordering::SeqCst),
            Event::CheckpointAborted { .. } => self.aborted.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
    }
}

#[test]
fn an_upload_that_fails_costs_a_checkpoint_and_no_line() {
    let place = Place::new();
    let faulty = Arc::new(FaultyStorage::new(Arc::clone(&place.storage)));
    let storage = Arc::<FaultyStorage>::clone(&faulty);
    let place = Place { storage, ..place };
    let (words, counts) = (Words::new(4, 1500), Arc::new(Counts::default()));
    let recovered = place.recover().unwrap();
    // Not tried again, as what is unavailable is.
    faulty.fail(Operation::Upload, 3, Fault::Before(ErrorKind::Invalid));

    place
        .run_attempt(
            &words,
            2,
            options(),
            Arc::<Counts>::clone(&counts),
            &recovered,
        )
        .unwrap();

    assert_eq!(place.published(), words.expected());
    assert_eq!(counts.aborted.load(Ordering::SeqCst), 1);
    assert!(counts.completed.load(Ordering::SeqCst) > 3);
}

#[test]
fn a_storage_that_is_gone_ends_the_attempt_and_the_next_one_repeats_nothing() {
    let place = Place::new();
    let faulty = Arc::new(FaultyStorage::new(Arc::clone(&place.storage)));
    let storage = Arc::<FaultyStorage>::clone(&faulty);
    let place = Place { storage, ..place };
    let words = Words::new(4, 1500);
    let recovered = place.recover().unwrap();
    faulty.fail_always(Operation::Upload, Fault::Before(ErrorKind::Unavailable));

    let error = place
        .run_attempt(&words, 2, options(), Arc::new(()), &recovered)
        .unwrap_err();

    assert!(error.to_string().contains("4 in a row"), "{error:?}");
    assert!(place.unpublished() > 0);
    faulty.heal();
    place.recover().unwrap();
    assert_eq!(place.unpublished(), 0);
    place.run(&words, 2).unwrap();
    assert_eq!(place.published(), words.expected());
}

/// A sink that fails the first time it is to publish, after the commit.
struct Forgetful {
    lines: Arc<LinesSink>,
    publications: AtomicU64,
}

impl Sink for Forgetful {
    type Item = String;

    fn prepare(&self, of: Prepare, items: Vec<String>) -> Result<Option<Vec<u8>>> {
        self.lines.prepare(of, items)
    }

    fn publish(&self, token: &[u8]) -> Result<()> {
        if self.publications.fetch_add(1, Ordering::SeqCst) == 1 {
            return Err(Error::new(ErrorKind::Unavailable, "the power went out"));
        }
        self.lines.publish(token)
    }

    fn discard_unpublished(&self, attempt: u64) -> Result<()> {
        self.lines.discard_unpublished(attempt)
    }
}

#[test]
fn output_that_was_committed_and_not_published_is_published_by_recovery() {
    let (place, words) = (Place::new(), Words::new(4, 600));
    let lines = Arc::clone(&place.sink);
    let sink = Arc::new(Forgetful {
        lines,
        publications: AtomicU64::new(0),
    });
    let job = Job::new(
        place.deployment(),
        words.clone(),
        Counting::default,
        Arc::clone(&sink),
    );
    let recovered = place.recover().unwrap();

    let error = job
        .options(options())
        .run(&engine(2), &recovered)
        .unwrap_err();

    assert!(
        format!("{error:?}").contains("the power went out"),
        "{error:?}"
    );
    place.run(&words, 2).unwrap();
    assert_eq!(place.published(), words.expected());
}

/// Fails at a word, one way or the other.
struct Failing {
    panics: bool,
}

impl Operator for Failing {
    type Record = Word;
    type Key = String;
    type Output = String;

    fn key(record: &Word) -> impl EncodeKey<Key = String> {
        Counting::key(record)
    }

    fn open(&mut self, _backend: &mut Backend<String>) -> Result<()> {
        Ok(())
    }

    fn record(
        &mut self,
        _backend: &mut Backend<String>,
        _record: Word,
        _out: &mut dyn FnMut(String),
    ) -> Result<()> {
        assert!(!self.panics, "a bug in the operator");
        Err(Error::invalid("a word that nobody knows"))
    }
}

fn run_failing(place: &Place, panics: bool, recovered: &Recovered) -> Error {
    let words = Words::new(1, 10_000);
    let sink = Arc::clone(&place.sink);
    let job = Job::new(place.deployment(), words, move || Failing { panics }, sink);
    job.options(options())
        .run(&engine(3), recovered)
        .unwrap_err()
}

#[test]
fn an_operator_that_fails_ends_all_workers_with_its_error() {
    let place = Place::new();

    let error = run_failing(&place, false, &place.recover().unwrap());

    assert_eq!(error.to_string(), "a word that nobody knows");
}

#[test]
fn an_operator_that_panics_ends_all_workers() {
    let place = Place::new();

    let error = run_failing(&place, true, &place.recover().unwrap());

    assert!(error.to_string().contains("panicked"), "{error:?}");
}

#[test]
fn recovery_that_fails_half_way_is_simply_called_again() {
    let (place, words) = (Place::new(), Words::new(2, 300));
    let sink = Forgetful {
        lines: Arc::clone(&place.sink),
        publications: AtomicU64::new(1),
    };
    place.run(&words, 2).unwrap();

    let failed = recover(&place.storage, JOB, &Environment::system(), &sink);

    assert!(failed.is_err());
    place.run(&words, 1).unwrap();
    assert_eq!(place.published(), words.expected());
}
