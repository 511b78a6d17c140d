//! A real Flink, as the judge of snapshots: it restores them, and tells the keyed state that it then has.
//!
//! The programs are in `tests/jvm`; `scripts/flink.sh` gets Flink. `ALLUVIUM_FLINK` in the environment says whether they are asked:
//! `try` where Flink can be had, `required` always, so that a test fails where it cannot; otherwise a test says that it was
//! skipped, since the first use downloads hundreds of megabytes.
//!
//! One process of each version serves all tests of this binary, one after the other. It ends with its standard input, so with
//! this process at the latest.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A version of Flink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1_20,
    V2_3,
}

impl Version {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1_20 => "1.20.5",
            Self::V2_3 => "2.3.0",
        }
    }
}

/// One restore: of which snapshot, and how.
#[derive(Debug, Clone)]
pub(crate) struct Restore {
    snapshot: PathBuf,
    options: String,
}

impl Restore {
    /// Of a folder with a `_metadata`, with operators of this parallelism, at most 8, which is how many slots there are.
    ///
    /// Operators with the uids of `data/flink/README.md` and `tests/jvm/Operators.java` declare their states as a job would;
    /// states and operators that are not declared there are read with the serializers that the snapshot recorded.
    /// Canonical savepoints are restored by the HashMap backend, others by the one that wrote them.
    pub(crate) fn new(snapshot: &Path, parallelism: u8) -> Self {
        Self {
            snapshot: std::path::absolute(snapshot).unwrap(),
            options: format!("\tparallelism={parallelism}"),
        }
    }

    /// A canonical savepoint, restored by RocksDB.
    pub(crate) fn by_rocksdb(mut self) -> Self {
        self.options.push_str("\tbackend=rocksdb");
        self
    }

    /// Files whose addresses begin with `from` are looked for in the folder `to`.
    pub(crate) fn moved(mut self, from: &str, to: &Path) -> Self {
        let to = std::path::absolute(to).unwrap();
        write!(self.options, "\tfrom={from}\tto=file:{}", to.display()).unwrap();
        self
    }

    /// By the serializers that the snapshot recorded, whatever the job would declare.
    pub(crate) fn by_records(mut self) -> Self {
        self.options.push_str("\tserializers=recorded");
        self
    }

    /// As recorded, and values with a time to live as `{"value":…,"timestamp":…}`.
    pub(crate) fn with_timestamps(mut self) -> Self {
        self.options
            .push_str("\tserializers=recorded\ttimestamps=true");
        self
    }
}

/// A running Flink. Tests hold it one at a time.
pub(crate) struct Flink(MutexGuard<'static, Option<Process>>);

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The running Flink of a version, or `None` when it is not to be asked: then standard error says so, and the test passes.
///
/// # Panics
///
/// When it is required and cannot be had.
pub(crate) fn flink(version: Version) -> Option<Flink> {
    static RUNNING: [Mutex<Option<Process>>; 2] = [Mutex::new(None), Mutex::new(None)];

    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let asked = std::env::var("ALLUVIUM_FLINK").unwrap_or_default();
    let required = asked == "required";
    let found = if required || asked == "try" {
        let place = match version {
            Version::V1_20 => &RUNNING[0],
            Version::V2_3 => &RUNNING[1],
        };
        // A test that failed while it held the process may have left an answer unread.
        let mut held = place.lock().unwrap_or_else(|poisoned| {
            place.clear_poison();
            let mut held = PoisonError::into_inner(poisoned);
            *held = None;
            held
        });
        match held.take().map_or_else(|| Process::start(version), Ok) {
            Ok(process) => {
                *held = Some(process);
                Ok(Flink(held))
            }
            Err(error) => Err(error),
        }
    } else {
        Err("ALLUVIUM_FLINK is neither `try` nor `required`".to_owned())
    };
    match found {
        Ok(flink) => Some(flink),
        Err(reason) if required => panic!("no Flink {}: {reason}", version.name()),
        Err(reason) => {
            // Past the test harness, which keeps what tests that pass have printed to itself.
            writeln!(std::io::stderr(), "SKIPPED: {test}: {reason}").unwrap();
            None
        }
    }
}

impl Process {
    fn start(version: Version) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jvm/run.sh");
        let log = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let mut child = Command::new(script)
            .args([version.name(), "Restore"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.reopen().map_err(|error| error.to_string())?)
            .spawn()
            .map_err(|error| format!("tests/jvm/run.sh: {error}"))?;
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut process = Self {
            child,
            input,
            output: BufReader::new(output),
        };
        if process.line().as_deref() == Some("ready") {
            return Ok(process);
        }
        let said = std::fs::read_to_string(log.path()).unwrap_or_default();
        Err(format!("tests/jvm/run.sh: {}", said.trim()))
    }

    /// `None` at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Flink {
    /// Restores a snapshot, and returns all keyed state as Flink then reads it: lines as `data/flink/README.md` has them,
    /// sorted, all of them in ASCII. If Flink refuses the snapshot: the innermost cause.
    ///
    /// # Panics
    ///
    /// When the process is gone.
    pub(crate) fn restore(&mut self, restore: &Restore) -> Result<Vec<String>, String> {
        let process = self.0.as_mut().unwrap();
        let out = tempfile::NamedTempFile::new().unwrap();
        writeln!(
            process.input,
            "snapshot={}{}\tout={}",
            restore.snapshot.display(),
            restore.options,
            out.path().display()
        )
        .expect("Flink takes requests");
        let answer = process.line().expect("Flink answers");
        match answer.split_once(' ') {
            Some(("ok", _)) => {
                let text = std::fs::read_to_string(out.path()).unwrap();
                Ok(text.lines().map(str::to_owned).collect())
            }
            Some(("error", why)) => Err(why.to_owned()),
            _ => panic!("Flink answered {answer}"),
        }
    }
}

/// Both have the same lines; else the first line that only one of them has is told.
pub(crate) fn assert_same(found: &[String], expected: &[String]) {
    let first = |left: &[String], right: &[String]| {
        left.iter()
            .find(|line| right.binary_search(line).is_err())
            .cloned()
    };
    assert!(
        found == expected,
        "{} lines, {} expected; restored only: {:?}; expected only: {:?}",
        found.len(),
        expected.len(),
        first(found, expected),
        first(expected, found),
    );
}
