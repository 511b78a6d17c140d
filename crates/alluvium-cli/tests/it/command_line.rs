//! Help texts and wrong command lines: exit codes as documented, nothing done.

use crate::command::alluvium;

#[test]
fn every_command_has_help_that_tells_the_exit_codes() {
    let commands: [&[&str]; 10] = [
        &[],
        &["demo"],
        &["checkpoints", "list"],
        &["checkpoints", "verify"],
        &["checkpoints", "copy"],
        &["checkpoints", "retain"],
        &["checkpoints", "sweep"],
        &["state", "scan"],
        &["state", "get"],
        &["flink", "show"],
    ];
    for command in commands {
        let ran = alluvium(command.iter().chain(&["--help"])).ends_with(0);

        assert!(
            ran.stdout.contains("Exit codes:"),
            "{command:?}: {}",
            ran.stdout
        );
    }
}

#[test]
fn the_documentation_tells_the_same_exit_codes_as_the_help() {
    let documented = include_str!("../../../../docs/cli.md");
    let help = alluvium(["--help"]).ends_with(0).stdout;
    for code in ["0", "1", "2", "3", "4", "70", "130"] {
        assert!(
            documented.contains(&format!("| {code} |")),
            "docs/cli.md lacks {code}"
        );
        assert!(help.contains(&format!("  {code} ")), "--help lacks {code}");
    }
}

#[test]
fn an_unknown_flag_is_a_wrong_command_line() {
    let ran = alluvium(["demo", "--no-such-flag"]).ends_with(2);

    assert!(ran.stderr.contains("--no-such-flag"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn more_workers_than_key_groups_are_refused_with_both_numbers() {
    let ran = alluvium(["demo", "--workers", "5", "--max-parallelism", "4"]).ends_with(2);

    assert!(
        ran.stderr.contains("5 workers") && ran.stderr.contains("4 key groups"),
        "{}",
        ran.stderr
    );
}

#[test]
fn workers_that_processes_cannot_share_evenly_are_refused() {
    let ran = alluvium(["demo", "--workers", "3", "--processes", "2"]).ends_with(2);

    assert!(ran.stderr.contains("divided evenly"), "{}", ran.stderr);
}

#[test]
fn a_location_that_is_not_there_is_unreachable_and_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let ran = alluvium(["checkpoints".as_ref(), "list".as_ref(), missing.as_os_str()]).ends_with(3);

    assert!(ran.stderr.contains("is not a directory"), "{}", ran.stderr);
    assert!(!missing.exists());
}

#[test]
fn an_empty_location_holds_no_checkpoints() {
    let directory = tempfile::tempdir().unwrap();
    let ran = alluvium([
        "checkpoints".as_ref(),
        "list".as_ref(),
        directory.path().as_os_str(),
    ])
    .ends_with(2);

    assert!(
        ran.stderr.contains("holds no checkpoints"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_location_of_no_known_kind_is_refused() {
    alluvium(["checkpoints", "list", "ftp://host/path"]).ends_with(2);
}
