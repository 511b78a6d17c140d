//! How many instructions the hot paths take, counted by Callgrind and compared with the budgets in `budgets.txt`.
//!
//! `make bench-instructions` counts all paths, `ARGS="value/ timer/poll"` those that begin so. Counts do not depend on
//! what else the machine does, so that a small loss is seen where times would hide it; they know nothing of
//! caches and memory, which the benchmarks with a clock see. `ALLUVIUM_BLESS=1` makes today's counts the budgets.
//!
//! Each path runs in a process of its own, under Valgrind, which this program starts as itself with `--path NAME`: no
//! path's count depends on which others there are. This file leaves to `callgrind` how counts are taken, to `budget`
//! what they mean, to `paths` what is counted.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::path::PathBuf;

use alluvium::{Error, Result};

use crate::budget::{Budgets, Counts};
use crate::paths::Path;

mod budget;
mod callgrind;
mod fixture;
mod paths;
mod region;
mod toolchain;

const USAGE: &str = "usage: instructions [--keep DIRECTORY] [PATH…]
  counts the paths whose names begin with one of PATH, or all
  --keep DIRECTORY  keeps Callgrind's files there, for callgrind_annotate";

fn main() -> Result<()> {
    let mut begin_with = Vec::new();
    let mut keep = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| Error::invalid(USAGE));
        match argument.as_str() {
            "--bench" => {} // Cargo says so to every benchmark.
            "--path" => return run(&value()?),
            "--keep" => keep = Some(PathBuf::from(value()?)),
            option if option.starts_with('-') => return Err(Error::invalid(USAGE)),
            _ => begin_with.push(argument),
        }
    }
    check(&begin_with, keep)
}

/// What Valgrind is told to run.
fn run(name: &str) -> Result<()> {
    let all = paths::all();
    let path = all.iter().find(|path| path.name == name);
    let path = path.ok_or_else(|| Error::invalid(format!("no path is called {name}")))?;
    // Asked here, for Valgrind shows programs a processor of its own.
    println!("{}", toolchain::cpu());
    (path.run)()
}

fn check(begin_with: &[String], keep: Option<PathBuf>) -> Result<()> {
    let chosen = |path: &Path| {
        let mut names = begin_with.iter();
        names.clone().next().is_none() || names.any(|name| path.name.starts_with(name.as_str()))
    };
    let paths: Vec<Path> = paths::all().into_iter().filter(chosen).collect();
    if paths.is_empty() {
        return Err(Error::invalid(format!(
            "no path begins with {begin_with:?}"
        )));
    }
    let temporary = tempfile::tempdir().map_err(|error| Error::io("tempdir", error))?;
    let directory = keep.unwrap_or_else(|| temporary.path().join("callgrind"));
    let mut counts = Counts::default();
    let mut cpu = String::new();
    for path in &paths {
        let counted = callgrind::count(path.name, &directory, &temporary.path().join("work"))?;
        counts.insert(path.name, counted.instructions, path.operations);
        cpu = counted.cpu;
    }
    counts.toolchain = toolchain::describe(&cpu)?;

    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/budgets.txt");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let budgets = Budgets::parse(&text).map_err(Error::invalid)?;
    let whole = begin_with.is_empty();
    let report = budgets.compare(&counts, whole);
    println!("{}", report.table);
    if std::env::var_os("ALLUVIUM_BLESS").is_some_and(|value| value == "1") {
        let blessed = budgets.blessed(&counts, whole).map_err(Error::invalid)?;
        std::fs::write(&file, blessed.render())
            .map_err(|error| Error::io("write budgets", error))?;
        println!("blessed: look at the difference in {}", file.display());
        return Ok(());
    }
    println!("{}", report.verdict);
    if report.failed {
        std::process::exit(1);
    }
    Ok(())
}
