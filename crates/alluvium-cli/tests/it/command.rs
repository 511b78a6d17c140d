//! Runs the built binary and keeps what it said.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the command left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Its one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Panics, with all that was said, unless it ended with `code`.
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Runs `alluvium` with these arguments.
pub(crate) fn alluvium<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(arguments)
        .output()
        .expect("the binary was built for this test");
    Ran {
        code: output.status.code().expect("it was not killed"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Arguments of a demo that takes a few seconds at most.
pub(crate) fn small_demo(keys: u64, records: u64) -> Vec<String> {
    let (keys, records) = (keys.to_string(), records.to_string());
    let arguments = [
        "demo",
        "--keys",
        &keys,
        "--records",
        &records,
        "--checkpoint-every",
        "2000",
        "--rate",
        "0",
    ];
    arguments.map(str::to_owned).to_vec()
}

/// The work directory of a demo that ran to its end, made once for all tests that only read it.
pub(crate) fn finished_demo() -> &'static Path {
    static DEMO: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = DEMO.get_or_init(|| {
        let directory = TempDir::new().expect("a temporary directory");
        let work = directory.path().join("work");
        let work_argument = work.to_str().expect("text").to_owned();
        let more = [
            "--no-crash".to_owned(),
            "--work-dir".to_owned(),
            work_argument,
        ];
        alluvium(small_demo(60, 8_000).into_iter().chain(more)).ends_with(0);
        (directory, work)
    });
    path
}

/// The checkpoints of [`finished_demo`].
pub(crate) fn finished_checkpoints() -> String {
    finished_demo()
        .join("checkpoints")
        .to_str()
        .expect("text")
        .to_owned()
}

/// A copy of [`finished_checkpoints`], to be damaged.
pub(crate) fn copied_checkpoints() -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    copy_tree(&finished_demo().join("checkpoints"), copy.path());
    copy
}

/// All files below a directory, sorted.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Copies a directory with all below it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).expect("below it"));
        std::fs::create_dir_all(target.parent().expect("it has one")).expect("writable");
        std::fs::copy(&file, &target).expect("writable");
    }
}
