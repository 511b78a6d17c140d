//! A file of sorted rows.
//!
//! ```text
//! row   group:u16 state:u16 key length:u32 value length:u32 key value        big-endian; lengths in bytes
//! ```

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Write as _};

use crate::error::{Error, Result};

/// A row that is next in its part.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sorted {
    pub(crate) group: u16,
    pub(crate) state: u16,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Appends a row.
pub(super) fn write(
    part: &mut BufWriter<File>,
    group: u16,
    state: u16,
    key: &[u8],
    value: &[u8],
) -> Result<()> {
    let lengths = [length(key)?, length(value)?];
    for number in [group, state] {
        part.write_all(&number.to_be_bytes()).map_err(failed)?;
    }
    for length in lengths {
        part.write_all(&length.to_be_bytes()).map_err(failed)?;
    }
    part.write_all(key).map_err(failed)?;
    part.write_all(value).map_err(failed)
}

/// The next row.
pub(super) fn read(part: &mut BufReader<File>) -> Result<Option<Sorted>> {
    let mut head = [0; 12];
    match part.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(failed)?,
    }
    let [g0, g1, s0, s1, k0, k1, k2, k3, v0, v1, v2, v3] = head;
    let mut bytes = |length: [u8; 4]| {
        let length = u64::from(u32::from_be_bytes(length));
        let mut bytes = Vec::new();
        let read = part.take(length).read_to_end(&mut bytes).map_err(failed)?;
        if read as u64 != length {
            return Err(failed(ErrorKind::UnexpectedEof.into()));
        }
        Ok::<_, Error>(bytes)
    };
    Ok(Some(Sorted {
        group: u16::from_be_bytes([g0, g1]),
        state: u16::from_be_bytes([s0, s1]),
        key: bytes([k0, k1, k2, k3])?,
        value: bytes([v0, v1, v2, v3])?,
    }))
}

fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len())
        .map_err(|large| Error::invalid("a key or value of 4 GiB").with_source(large))
}

/// That a part cannot be read or written.
pub(super) fn failed(error: std::io::Error) -> Error {
    Error::io("sort rows in a temporary file", error)
}
