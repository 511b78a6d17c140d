//! Flink's snapshots, as people look into them.

use std::path::{Path, PathBuf};

use crate::command::{Ran, alluvium};

mod changes;
mod export;
mod imported;
mod interrupted;
mod refused;
#[cfg(feature = "cloud")]
mod remote;
mod rewrite;
mod rows;
mod show;
mod verify;

/// A snapshot of `data/flink`.
fn snapshot(path: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/flink");
    data.join(path).canonicalize().unwrap()
}

fn flink(command: &str, location: &Path, more: &[&str]) -> Ran {
    let arguments = ["flink", command, location.to_str().unwrap()];
    alluvium(arguments.iter().chain(more))
}
