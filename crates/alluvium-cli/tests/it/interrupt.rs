//! Ctrl-C: each command ends with its code, and nothing half-written is left.
//!
//! A command is held where it reads a file of a savepoint, whose place a named pipe takes, or where it prints to a pipe
//! that nobody reads; so it is certain that it had begun, and was not done.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::command::{alluvium, files_below};
use crate::made::{Size, Visitor, hundred, visitors};

const ONE: Size = Size {
    groups: 16,
    parallelism: 1,
};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A savepoint, a directory for temporary files, and one for what commands write.
struct Places {
    _directory: TempDir,
    savepoint: PathBuf,
    scratch: PathBuf,
    out: PathBuf,
}

fn places(all: &BTreeMap<String, Visitor>) -> Places {
    let directory = TempDir::new().unwrap();
    let of = |name: &str| directory.path().join(name);
    let (savepoint, scratch, out) = (of("savepoint"), of("scratch"), of("out"));
    visitors(&savepoint, ONE, all, false);
    std::fs::create_dir(&scratch).unwrap();
    std::fs::create_dir(&out).unwrap();
    Places {
        _directory: directory,
        savepoint,
        scratch,
        out,
    }
}

/// Puts a named pipe in the place of the first file of rows, so that whoever reads it waits.
fn block(savepoint: &Path) -> PathBuf {
    let is_rows = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "rows");
    let mut files = files_below(savepoint).into_iter();
    let file = files.find(is_rows).unwrap();
    std::fs::remove_file(&file).unwrap();
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    file
}

fn start(places: &Places, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(arguments)
        .env("TMPDIR", &places.scratch)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends Ctrl-C and returns when the command has noticed.
pub(crate) fn interrupt(running: &mut Child) {
    let pid = running.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let mut stderr = BufReader::new(running.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("taking back what was begun") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    running.stderr = Some(stderr.into_inner());
}

fn check_ended(places: &Places, running: Child) {
    let ended = running.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
    assert_eq!(files_below(&places.scratch), Vec::<PathBuf>::new());
    assert_eq!(files_below(&places.out), Vec::<PathBuf>::new());
}

/// Runs a command that reads the savepoint, interrupts it there, and checks what is left.
fn interrupted_while_it_reads(more: impl Fn(&Places) -> Vec<String>) {
    let places = places(&hundred());
    let arguments = more(&places);
    let pipe = block(&places.savepoint);
    let mut running = start(
        &places,
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    // Opens when the command has come to read it.
    let held: File = OpenOptions::new().write(true).open(pipe).unwrap();

    interrupt(&mut running);
    drop(held);

    check_ended(&places, running);
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&it| it.to_owned()).collect()
}

#[test]
fn a_comparison_that_is_interrupted_leaves_nothing() {
    interrupted_while_it_reads(|places| {
        let savepoint = text(&places.savepoint);
        owned(&["checkpoints", "diff", savepoint, savepoint])
    });
}

#[test]
fn counting_timers_that_is_interrupted_leaves_nothing() {
    interrupted_while_it_reads(|places| owned(&["timers", text(&places.savepoint)]));
}

#[test]
fn an_export_that_is_interrupted_leaves_no_file() {
    interrupted_while_it_reads(|places| {
        let to = places.out.join("all.jsonl");
        owned(&["export", text(&places.savepoint), "--to", text(&to)])
    });
}

#[test]
fn a_migration_of_keys_that_is_interrupted_leaves_no_savepoint() {
    interrupted_while_it_reads(|places| {
        let (from, to) = (&places.savepoint, places.out.join("wide"));
        let arguments = ["savepoint", "migrate-keys", text(from), text(&to)];
        owned(&[&arguments[..], &["--max-parallelism", "32"]].concat())
    });
}

#[test]
fn an_import_that_waits_for_lines_is_interrupted_and_leaves_no_savepoint() {
    let places = places(&hundred());
    let lines = alluvium(["export", text(&places.savepoint)]).ends_with(0);
    let to = places.out.join("made");
    let like = ["--like", text(&places.savepoint), "--to", text(&to)];
    let mut running = start(&places, &[&["state", "import", "-"], &like[..]].concat());
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(lines.stdout.as_bytes()).unwrap();
    while files_below(&places.scratch).is_empty() {
        assert!(running.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::yield_now();
    }

    interrupt(&mut running);

    // Its input is still open: it does not wait for the end.
    check_ended(&places, running);
    drop(stdin);
}

/// Enough that their lines do not fit into a pipe, and that many are still to be read then.
fn many() -> BTreeMap<String, Visitor> {
    let visitor = |n: u64| Visitor {
        visits: Some(n),
        ..Visitor::default()
    };
    (0..20_000)
        .map(|n| (format!("user-{n}"), visitor(n)))
        .collect()
}

#[test]
fn commands_that_print_rows_are_interrupted_among_them() {
    let places = places(&many());
    let savepoint = text(&places.savepoint);
    let empty = places.out.parent().unwrap().join("empty");
    visitors(&empty, ONE, &BTreeMap::new(), false);
    let diff = ["checkpoints", "diff", savepoint, text(&empty)];
    let diff = [&diff[..], &["--state", "visits", "--output", "jsonl"]].concat();
    for arguments in [diff, vec!["export", savepoint]] {
        let mut running = start(&places, &arguments);
        let mut stdout = running.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();

        interrupt(&mut running);
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();

        let lines = rest.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines < 20_000, "{lines}");
        check_ended(&places, running);
    }
}

#[test]
fn a_comparison_whose_reader_has_seen_enough_ends_as_different() {
    let places = places(&many());
    let empty = places.out.parent().unwrap().join("empty");
    visitors(&empty, ONE, &BTreeMap::new(), false);
    let diff = ["checkpoints", "diff", text(&places.savepoint), text(&empty)];
    let diff = [&diff[..], &["--state", "visits", "--output", "jsonl"]].concat();
    let mut running = start(&places, &diff);
    running.stdout.take().unwrap().read_exact(&mut [0]).unwrap();

    let ended = running.wait_with_output().unwrap();

    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, b"");
}
