//! A savepoint stands for itself: another job starts from it, with any number of workers.

use std::num::NonZeroU64;
use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium_timely::{
    CheckpointEvery, Deployment, Job, JobOptions, LinesSink, SavepointAt, SavepointRequest,
    recover_from_savepoint,
};

use crate::counting::Counting;
use crate::place::{Place, engine, options};
use crate::words::Words;

fn with_savepoint(name: &str, at: SavepointAt) -> JobOptions {
    let mut options = options();
    options.savepoint = Some(SavepointRequest::new(name, at));
    options
}

/// Runs job `copy` from a savepoint of the job of `place`; returns what it put out.
fn run_copy(place: &Place, words: &Words, folder: &str, workers: u32) -> Vec<String> {
    let sink = Arc::new(LinesSink::in_directory(&place.path().join("copy")).unwrap());
    let environment = Environment::system();
    let recovered =
        recover_from_savepoint(&place.storage, "copy", folder, &environment, &*sink).unwrap();
    let (storage, store) = (Arc::clone(&place.storage), Arc::clone(&place.store));
    let deployment = Deployment::new("copy", storage, store, place.path().join("work"));
    let job = Job::new(
        deployment,
        words.clone(),
        Counting::default,
        Arc::clone(&sink),
    );
    job.options(options())
        .run(&engine(workers), &recovered)
        .unwrap();
    sink.published().unwrap()
}

#[test]
fn a_job_that_starts_from_a_savepoint_puts_out_what_the_first_had_not() {
    let (place, words) = (Place::new(), Words::new(4, 900));
    let options = with_savepoint("noon", SavepointAt::Checkpoint(3));
    place.run_with(&words, 2, options, Arc::new(())).unwrap();

    let mut after = run_copy(&place, &words, "words/savepoints/noon", 3);

    // Which lines came before the savepoint depends on the order in which splits were read.
    let expected = words.expected();
    after.sort_unstable();
    assert_eq!(place.published(), expected);
    assert!(
        after.len() > 100 && after.len() < expected.len() - 100,
        "{} lines",
        after.len()
    );
    let doubled = after.windows(2).find(|lines| lines[0] == lines[1]);
    assert_eq!(doubled, None);
    let totals = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| line.contains("in all"))
            .cloned()
            .collect()
    };
    assert_eq!(totals(&after), totals(&expected));
}

#[test]
fn the_savepoint_of_the_end_goes_on_when_the_input_does() {
    let (place, words) = (Place::new(), Words::new(4, 300));
    let mut options = with_savepoint("end", SavepointAt::End);
    options.checkpoint_every = CheckpointEvery::Records(NonZeroU64::new(100).unwrap());
    place.run_with(&words, 3, options, Arc::new(())).unwrap();
    let longer = Words::new(4, 500);

    let after = run_copy(&place, &longer, "words/savepoints/end", 2);

    let mut all: Vec<_> = place
        .published()
        .into_iter()
        .filter(|line| !line.contains("in all"))
        .collect();
    all.extend(after);
    all.sort_unstable();
    assert_eq!(all, longer.expected());
}

#[test]
fn a_savepoint_that_nothing_follows_puts_out_nothing() {
    let (place, words) = (Place::new(), Words::new(4, 300));
    place
        .run_with(
            &words,
            3,
            with_savepoint("end", SavepointAt::End),
            Arc::new(()),
        )
        .unwrap();

    let after = run_copy(&place, &words, "words/savepoints/end", 2);

    assert!(after.is_empty(), "{after:?}");
}

#[test]
fn a_savepoint_is_never_replaced() {
    let (place, words) = (Place::new(), Words::new(2, 300));
    let noon = with_savepoint("noon", SavepointAt::Checkpoint(1));
    place.run_with(&words, 1, noon, Arc::new(())).unwrap();

    let again = with_savepoint("noon", SavepointAt::End);
    let error = place.run_with(&words, 1, again, Arc::new(())).unwrap_err();

    assert!(
        error.to_string().contains("choose another name"),
        "{error:?}"
    );
}

#[test]
fn an_attempt_that_is_asked_for_the_savepoint_it_stands_at_leaves_it_as_it_is() {
    let (place, words) = (Place::new(), Words::new(2, 300));
    let end = || with_savepoint("end", SavepointAt::End);
    place.run_with(&words, 1, end(), Arc::new(())).unwrap();
    let before = place.storage.list("words/savepoints/").unwrap();

    place.run_with(&words, 2, end(), Arc::new(())).unwrap();

    assert_eq!(place.storage.list("words/savepoints/").unwrap(), before);
}
