//! Directories for tests that write much and prove nothing about disks.

use std::io;

use tempfile::TempDir;

/// A directory in memory, where there is one: ten times as fast, for nothing here is about power failures. One where
/// `TMPDIR` says, if it does.
pub(crate) fn temporary() -> io::Result<TempDir> {
    if std::env::var_os("TMPDIR").is_some() {
        return TempDir::new();
    }
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new())
}
