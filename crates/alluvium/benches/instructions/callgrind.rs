//! Runs one path under Callgrind and reads its count.
//!
//! Invariant: the count depends on nothing but the program and what `toolchain` describes. The child has an
//! environment without variables and a working directory of its own, and Valgrind gives it the same addresses each time.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use alluvium::{Error, Result};

use crate::region::WATCHED;

/// What a path took.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) instructions: u64,
    /// The processor that Valgrind showed it.
    pub(crate) cpu: String,
}

/// Counts the path `name`, in the directory `work`, which is new afterwards. Callgrind's file is left in `directory`.
pub(crate) fn count(name: &str, directory: &Path, work: &Path) -> Result<Counted> {
    let failed = |error| Error::io(format!("count {name}"), error);
    fs::create_dir_all(directory).map_err(failed)?;
    // Absolute: the child has another working directory.
    let directory = fs::canonicalize(directory).map_err(failed)?;
    let file = directory.join(format!("callgrind.{}", name.replace('/', ".")));
    if work.exists() {
        fs::remove_dir_all(work).map_err(failed)?;
    }
    fs::create_dir_all(work).map_err(failed)?;
    let mut to_file = OsString::from("--callgrind-out-file=");
    to_file.push(&file);
    let child = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect={WATCHED}"))
        .arg(to_file)
        .arg(std::env::current_exe().map_err(failed)?)
        .args(["--path", name])
        .current_dir(work)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .output()
        .map_err(failed)?;
    if !child.status.success() {
        let said = String::from_utf8_lossy(&child.stderr);
        return Err(Error::invalid(format!(
            "count {name}: {}\n{}",
            child.status,
            said.trim_end()
        )));
    }
    let text = fs::read_to_string(&file).map_err(failed)?;
    let instructions = total(&text).filter(|total| *total > 0).ok_or_else(|| {
        Error::invalid(format!(
            "count {name}: nothing was counted. Has the binary its symbols?"
        ))
    })?;
    let cpu = String::from_utf8_lossy(&child.stdout).trim().to_owned();
    Ok(Counted { instructions, cpu })
}

/// The instructions in a file of Callgrind: its last line of totals.
fn total(file: &str) -> Option<u64> {
    let mut totals = file
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    totals.next_back()?.split_whitespace().next()?.parse().ok()
}
