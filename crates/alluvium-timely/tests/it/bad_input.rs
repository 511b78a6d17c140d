//! What is wrong with arguments, options or a checkpoint is said before anything is done.

use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::environment::Environment;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium_timely::{Job, JobOptions, LinesSink, recover, recover_from_savepoint};

use crate::counting::Counting;
use crate::place::{Place, options};
use crate::words::Words;

fn with_max_parallelism(groups: u32) -> JobOptions {
    let mut options = options();
    options.max_parallelism = MaxParallelism::new(groups).unwrap();
    options
}

#[test]
fn more_workers_than_key_groups_are_refused() {
    let (place, words) = (Place::new(), Words::new(2, 10));

    let error = place
        .run_with(&words, 5, with_max_parallelism(4), Arc::new(()))
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error
            .to_string()
            .contains("parallelism 5 is above the max parallelism 4"),
        "{error}"
    );
}

#[test]
fn another_max_parallelism_than_the_checkpoint_has_is_refused() {
    let (place, words) = (Place::new(), Words::new(2, 10));
    place.run(&words, 2).unwrap();

    let error = place
        .run_with(&words, 2, with_max_parallelism(64), Arc::new(()))
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible);
    assert!(error.to_string().contains("declare 128"), "{error}");
}

#[test]
fn a_source_with_fewer_splits_than_before_is_refused() {
    let (place, words) = (Place::new(), Words::new(3, 10));
    place.run(&words, 2).unwrap();

    let error = place.run(&Words::new(2, 10), 2).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible);
    assert!(
        error.to_string().contains("the source has 2 splits"),
        "{error}"
    );
}

#[test]
fn arguments_that_the_engine_does_not_know_are_named() {
    let (place, words) = (Place::new(), Words::new(1, 1));
    let recovered = place.recover().unwrap();

    for arguments in [["-w", "many"], ["--speed", "9"], ["-n", "-1"]] {
        let sink = Arc::clone(&place.sink);
        let job =
            Job::new(place.deployment(), words.clone(), Counting::default, sink).options(options());
        let error = job
            .run(&arguments.map(str::to_owned), &recovered)
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[test]
fn what_was_recovered_of_another_job_is_refused() {
    let (place, words) = (Place::new(), Words::new(1, 1));
    let other = recover(
        &place.storage,
        "other",
        &Environment::system(),
        &*place.sink,
    )
    .unwrap();

    let error = place
        .run_attempt(&words, 1, options(), Arc::new(()), &other)
        .unwrap_err();

    assert!(
        error.to_string().contains("recovered of job \"other\""),
        "{error}"
    );
}

#[test]
fn no_checkpoint_in_flight_is_no_job() {
    let (place, words) = (Place::new(), Words::new(1, 1));
    let mut options = options();
    options.checkpoints_in_flight_max = 0;

    let error = place
        .run_with(&words, 1, options, Arc::new(()))
        .unwrap_err();

    assert!(error.to_string().contains("allow at least 1"), "{error}");
}

#[test]
fn a_folder_without_a_savepoint_is_named_and_no_attempt_begins() {
    let place = Place::new();
    let sink = LinesSink::in_directory(&place.path().join("copy")).unwrap();
    let environment = Environment::system();

    let error = recover_from_savepoint(
        &place.storage,
        "copy",
        "words/savepoints/x",
        &environment,
        &sink,
    )
    .unwrap_err();

    assert!(
        error
            .to_string()
            .contains("no savepoint in words/savepoints/x"),
        "{error}"
    );
    assert_eq!(
        recover(&place.storage, "copy", &environment, &sink)
            .unwrap()
            .attempt(),
        1
    );
}
