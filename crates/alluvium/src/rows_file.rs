//! Rows files on this machine: written once, from front to back, and read block by block.
//!
//! Invariants: a file under its name is whole, because a writer that is dropped before it finished
//! removes what it wrote; it was synced to the device when [`RowsFileWriter::finish`] returned, and not when
//! [`RowsFileWriter::finish_unsynced`] did. Writer and reader hold one block of rows each, and a reader the index.
//!
//! The bytes are [`alluvium_protocol::rows_file`]'s. Does not sync directories, and does not compare a
//! file with the checksum that a manifest has of it: whoever placed the file did.

mod reader;
mod writer;

use std::path::Path;

use crate::error::Error;

pub use reader::{RowsFileChanges, RowsFileReader, RowsFileScan};
pub use writer::{RowsFileWriter, Written};

/// An error of the format, with the file's name before it.
fn about(path: &Path, error: alluvium_protocol::Error) -> Error {
    let message = format!("rows file {}: {error}", path.display());
    Error::new(Error::from(error).kind(), message)
}

#[cfg(test)]
mod tests;
