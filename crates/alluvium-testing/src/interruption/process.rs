//! Restores in processes of their own, which are killed.
//!
//! The child says each event on standard output before it happens, on a line of its own that begins with
//! [`MARK`]; the test harness around it says other things there. The parent kills it when it has read so many, after a
//! moment of another length each time: at any instant, then, not just at events.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use alluvium::storage::Cancel;
use alluvium::store::StoreFactory;

use super::job::{COMMITTED, Job, RESTORED};
use super::state::expected_after;
use super::watched::Event;
use super::{SHAPES, Shape};
use crate::directory;

/// What lines of the child begin with.
const MARK: &str = "@ ";

/// Says that the restore is done and its backends are closed; the state follows.
const CLOSED: &str = "closed ";

/// Names the directory of the job that the child restores.
const DIRECTORY: &str = "ALLUVIUM_TEST_RESTORE_IN";

/// Says how: the position in [`SHAPES`]; another number says that the job shall work.
const SHAPE: &str = "ALLUVIUM_TEST_RESTORE_SHAPE";

/// What the child's test runs: nothing, unless it was started by [`killed`].
pub fn child(factory: Arc<dyn StoreFactory>) {
    let (Ok(directory), Ok(shape)) = (std::env::var(DIRECTORY), std::env::var(SHAPE)) else {
        return;
    };
    let shape: usize = shape.parse().expect("a number");
    let job = Job::open(Path::new(&directory), factory).expect("the job's storage");
    let event: Event = Arc::new(say);
    let Some(shape) = SHAPES.get(shape) else {
        job.work(&event).expect("works");
        return say(CLOSED);
    };
    let restored = job.restore(*shape, &event, &Cancel::new());
    say(&format!("{CLOSED}{:?}", restored.expect("restores")));
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The harness does not end the line on which it names the test.
    let said = write!(out, "\n{MARK}{line}\n").and_then(|()| out.flush());
    said.expect("the parent listens");
}

/// Kills restores of all shapes, `kills` of each, in processes that run the test `child_test`.
pub fn killed(factory: &dyn Fn() -> Arc<dyn StoreFactory>, child_test: &str, kills: usize) {
    let mut left = 0;
    for (number, shape) in SHAPES.into_iter().enumerate() {
        let directory = directory::temporary().expect("a directory");
        let job = Job::prepare(directory.path(), factory(), shape).expect("a checkpoint");
        let expected = format!("{CLOSED}{:?}", job.expected());
        let before = job.storage_files();
        let start = || start(child_test, directory.path(), number);
        let whole = listen(start(), None);
        assert_whole(&job, shape, &whole, &expected);
        for kill in 0..kills {
            // Spread over all events, each shape at others.
            let at = (kill * whole.len() + number) / kills.max(1);
            let said = listen(start(), Some(at));
            left += u32::from(!job.left().is_empty());
            assert_eq!(
                job.storage_files(),
                before,
                "{shape:?} killed after {said:?}"
            );

            let again = listen(start(), None);

            assert_whole(&job, shape, &again, &expected);
            assert_eq!(job.storage_files(), before, "{shape:?} after {said:?}");
        }
    }
    assert!(
        left > 0,
        "no process was killed in the middle of its restore"
    );
}

/// Kills a whole job `kills` times while it restores, takes checkpoints and drops old ones. It goes on each time from a
/// checkpoint no older than the last that it said was committed, with that one's state; in the end a sweep leaves nothing.
pub fn killed_at_work(factory: &dyn Fn() -> Arc<dyn StoreFactory>, child_test: &str, kills: usize) {
    let directory = directory::temporary().expect("a directory");
    let job = Job::open(directory.path(), factory()).expect("a storage");
    let mut committed = 0;
    let mut events = 60;
    // The last three attempts live on, one of each parallelism, so that every working directory is opened again.
    for kill in 0..kills + 3 {
        // Steps that share no divisor with the numbers of events: at another place each time.
        let at = (kill < kills).then_some(kill * 37 % events);
        let said = listen(start(child_test, directory.path(), SHAPES.len()), at);
        if at.is_none_or(|at| said.len() <= at) {
            events = said.len();
        }
        for line in &said {
            if let Some((number, contents)) = line
                .strip_prefix(RESTORED)
                .and_then(|restored| restored.split_once(' '))
            {
                let number = number.parse().expect("a number");
                assert!(
                    number >= committed,
                    "{committed} was committed, not {number}"
                );
                let expected = expected_after(number);
                assert_eq!(contents, format!("{expected:?}"), "checkpoint {number}");
            } else if let Some(number) = line.strip_prefix(COMMITTED) {
                committed = number.parse().expect("a number");
            }
        }
    }
    assert_eq!(job.left(), [""; 0], "in the working directories");
    let left = job.sweep().expect("sweeps");
    assert_eq!(
        left,
        Vec::<std::path::PathBuf>::new(),
        "files that are no objects"
    );
}

fn assert_whole(job: &Job, shape: Shape, said: &[String], expected: &str) {
    assert_eq!(said.last().map(String::as_str), Some(expected), "{shape:?}");
    assert_eq!(job.left(), [""; 0], "left behind by {shape:?}");
}

fn start(test: &str, directory: &Path, shape: usize) -> Child {
    let program = std::env::current_exe().expect("the test's program");
    let child = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(SHAPE, shape.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    child.expect("starts a process")
}

/// What the child says, until it ends or is killed after its `kill_at`-th line.
fn listen(mut child: Child, kill_at: Option<usize>) -> Vec<String> {
    let out = child.stdout.take().expect("standard output is piped");
    let mut said = Vec::new();
    for line in BufReader::new(out).lines() {
        let line = line.expect("a line of text");
        let Some(line) = line.strip_prefix(MARK) else {
            continue;
        };
        said.push(line.to_owned());
        if kill_at.is_some_and(|at| said.len() > at) {
            // A moment that grows with the events, so that no two kills come at the same distance from theirs.
            for _ in 0..said.len() * 7919 {
                std::hint::spin_loop();
            }
            child.kill().expect("kills the process");
            break;
        }
    }
    let status = child.wait().expect("the process ends");
    assert!(
        kill_at.is_some() || status.success(),
        "a restore in a process of its own"
    );
    said
}
