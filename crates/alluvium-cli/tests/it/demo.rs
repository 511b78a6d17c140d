//! The demo from end to end: killed, recovered, rescaled, and equal to the recomputation.

use serde_json::Value;

use crate::command::{alluvium, files_below, finished_demo, small_demo};

fn demo(records: u64, more: &[&str]) -> Value {
    let more = more.iter().map(|argument| (*argument).to_owned());
    let json = ["--output".to_owned(), "json".to_owned()];
    alluvium(small_demo(100, records).into_iter().chain(more).chain(json))
        .ends_with(0)
        .json()
}

#[test]
fn a_job_killed_half_way_recovers_with_more_workers_and_is_exact() {
    let summary = demo(30_000, &["--workers", "2"]);

    let (first, second) = (&summary["attempts"][0], &summary["attempts"][1]);
    assert_eq!(
        (&first["killed"], &first["workers"]),
        (&true.into(), &2.into())
    );
    assert_eq!(
        (&second["killed"], &second["workers"]),
        (&false.into(), &3.into())
    );
    assert!(first["rows_to_read_again"].as_u64() > Some(0), "{first}");
    assert_eq!(second["rows_after"], 30_000);
    assert!(second["rows_before"].as_u64() >= Some(1), "{second}");
    assert_eq!(summary["result"]["equal"], true);
    assert!(
        summary["result"]["alerts"].as_u64() > Some(0),
        "{}",
        summary["result"]
    );
    assert_eq!(summary["result"]["aircraft"], 100);
}

#[test]
fn recovery_takes_data_files_from_local_copies() {
    let summary = demo(30_000, &[]);

    let recovery = &summary["attempts"][1]["recovery"];
    assert!(recovery["files_linked"].as_u64() > Some(0), "{recovery}");
    assert_eq!(recovery["files_downloaded"], 0, "{recovery}");
}

#[test]
fn two_processes_of_which_one_is_killed_recover_and_are_exact() {
    let summary = demo(30_000, &["--processes", "2", "--workers", "2"]);

    assert_eq!(summary["attempts"][0]["killed"], true);
    assert_eq!(summary["attempts"][1]["workers"], 4);
    assert_eq!(summary["result"]["equal"], true);
}

#[test]
fn fewer_workers_can_go_on_too() {
    let summary = demo(
        30_000,
        &["--workers", "3", "--rescale-to", "1", "--store", "memory"],
    );

    assert_eq!(summary["attempts"][1]["workers"], 1);
    assert_eq!(summary["result"]["equal"], true);
}

#[test]
fn without_a_crash_one_attempt_does_it_all_and_takes_a_savepoint() {
    let summary = demo(8_000, &["--no-crash"]);

    assert_eq!(summary["attempts"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        summary["attempts"][0]["savepoint"]["folder"],
        "flights/savepoints/end-1"
    );
    assert_eq!(summary["result"]["equal"], true);
    assert_eq!(
        summary["kept"],
        Value::Null,
        "a temporary directory is removed"
    );
}

#[test]
fn tables_are_for_people_and_say_that_the_result_is_equal() {
    let arguments = small_demo(100, 8_000)
        .into_iter()
        .chain(["--no-crash".to_owned()]);
    let ran = alluvium(arguments).ends_with(0);

    for part in [
        "most delayed aircraft",
        "grounded aircraft",
        "result: equal to a plain recomputation",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn the_checkpoints_of_another_job_are_refused_and_left_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("other").join("commits");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join("00000000000000000001"), b"somebody's").unwrap();
    let location = directory.path().to_str().unwrap().to_owned();

    let more = ["--checkpoint-dir".to_owned(), location];
    let ran = alluvium(small_demo(10, 100).into_iter().chain(more)).ends_with(4);

    assert!(
        ran.stderr.contains("job `other`") && ran.stderr.contains("empty --checkpoint-dir"),
        "{}",
        ran.stderr
    );
    assert_eq!(files_below(directory.path()).len(), 1);
}

#[test]
fn a_work_directory_in_use_is_refused_and_left_as_it_is() {
    let before = files_below(finished_demo());
    let more = [
        "--work-dir".to_owned(),
        finished_demo().to_str().unwrap().to_owned(),
    ];

    let ran = alluvium(small_demo(10, 100).into_iter().chain(more)).ends_with(4);

    assert!(ran.stderr.contains("is not empty"), "{}", ran.stderr);
    assert_eq!(files_below(finished_demo()), before);
}
