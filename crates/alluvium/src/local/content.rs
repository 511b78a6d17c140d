//! Reads and copies files of this machine with their checksums, and stops when it is told to.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use alluvium_protocol::file::FileRef;

use crate::error::{Error, Result};
use crate::storage::{Cancel, Transfer};

/// Bytes read between two looks at the cancel flag: a fraction of a millisecond, and few calls.
const LOOK_BYTES: usize = 256 << 10;

/// Reads a whole file.
///
/// # Errors
/// `Unavailable` when it cannot be read; `Cancelled` soon after `cancel` is set.
pub(crate) fn checksum(path: &Path, cancel: &Cancel) -> Result<Transfer> {
    let failed = |error| Error::io(format!("read {}", path.display()), error);
    let mut file = File::open(path).map_err(failed)?;
    pour(&mut file, &mut std::io::sink(), cancel, failed, failed)
}

/// Copies a file to a new one. Nothing is left at `to` after an error.
///
/// # Errors
/// `Unavailable` when one cannot be read or the other not be written, or exists; `Cancelled` soon after `cancel` is
/// set.
pub(crate) fn copy(from: &Path, to: &Path, cancel: &Cancel) -> Result<Transfer> {
    copy_and(from, to, cancel, |_| Ok(()))
}

/// Copies a file to a new one and flushes that to the device. Nothing is left at `to` after an error.
///
/// # Errors
/// As [`copy`].
pub(crate) fn copy_synced(from: &Path, to: &Path, cancel: &Cancel) -> Result<Transfer> {
    copy_and(from, to, cancel, File::sync_all)
}

fn copy_and(
    from: &Path,
    to: &Path,
    cancel: &Cancel,
    finish: impl FnOnce(&File) -> std::io::Result<()>,
) -> Result<Transfer> {
    let read_failed = |error| Error::io(format!("read {}", from.display()), error);
    let write_failed = |error| Error::io(format!("write {}", to.display()), error);
    let mut source = File::open(from).map_err(read_failed)?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(to)
        .map_err(write_failed)?;
    let copied = pour(&mut source, &mut target, cancel, read_failed, write_failed)
        .and_then(|moved| finish(&target).map(|()| moved).map_err(write_failed));
    if copied.is_err() {
        remove(to);
    }
    copied
}

/// Whether what was read is what a manifest says; the error tells the difference.
pub(crate) fn check(file: &FileRef, found: Transfer) -> Result<(), String> {
    if found.bytes != file.bytes {
        return Err(format!(
            "has {} bytes where its manifest says {}",
            found.bytes, file.bytes
        ));
    }
    if found.crc32c != file.crc32c {
        return Err(format!(
            "has checksum {:08x} where its manifest says {:08x}",
            found.crc32c, file.crc32c
        ));
    }
    Ok(())
}

/// Removes a file that is to be nowhere, if it is there.
pub(crate) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a file is left behind");
        }
        _ => {}
    }
}

fn pour(
    from: &mut File,
    to: &mut dyn Write,
    cancel: &Cancel,
    read_failed: impl Fn(std::io::Error) -> Error,
    write_failed: impl Fn(std::io::Error) -> Error,
) -> Result<Transfer> {
    let mut buffer = vec![0; LOOK_BYTES];
    let mut sum = Transfer {
        bytes: 0,
        crc32c: 0,
    };
    loop {
        cancel.check("reading a file")?;
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.map_err(&read_failed)?,
        };
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(sum);
        };
        to.write_all(bytes).map_err(&write_failed)?;
        sum.crc32c = crc32c::crc32c_append(sum.crc32c, bytes);
        sum.bytes += bytes.len() as u64;
    }
}
