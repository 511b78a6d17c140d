//! Keys, row keys and rows files, without a backend.

use std::hint::black_box;

use alluvium::protocol::key::EncodeKey;
use alluvium::protocol::key_group::{KeyGroup, KeyHash, MaxParallelism};
use alluvium::protocol::row::{StateId, push_prefix};
use alluvium::protocol::rows_file::{
    Block, Change, Encoder, HEADER_BYTES, Index, TRAILER_BYTES, Trailer,
};
use alluvium::{Error, Result};

use crate::fixture::{KEYS, keys};
use crate::region::{ensure, measured};

fn encode(key: u64, encoded: &mut Vec<u8>) -> KeyGroup {
    encoded.clear();
    black_box(key).encode_key(encoded);
    MaxParallelism::DEFAULT.group_of(KeyHash::of(encoded))
}

pub(super) fn key_and_group() -> Result<()> {
    let mut encoded = Vec::new();
    let mut groups = 0;
    measured(&mut || {
        groups = keys(0, KEYS)
            .map(|key| u64::from(encode(key, &mut encoded).get()))
            .sum();
        Ok(())
    })?;
    ensure(groups > 0, "keys are in many groups")
}

pub(super) fn row_prefix() -> Result<()> {
    let mut encoded = Vec::new();
    let group = encode(1, &mut encoded);
    let mut row = Vec::new();
    let mut bytes = 0;
    measured(&mut || {
        for _ in 0..KEYS {
            row.clear();
            push_prefix(&mut row, black_box(group), black_box(StateId::new(1)));
            row.extend_from_slice(black_box(&encoded));
            bytes += row.len();
        }
        Ok(())
    })?;
    ensure(
        u32::try_from(bytes) == Ok(12 * KEYS),
        "a row key of 8 bytes has 12",
    )
}

/// Row keys in order; a value is the key four times.
fn rows() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut encoded = Vec::new();
    let row = |key| {
        let mut row = Vec::new();
        let group = encode(key, &mut encoded);
        push_prefix(&mut row, group, StateId::new(1));
        row.extend_from_slice(&encoded);
        (row, encoded.repeat(4))
    };
    let mut rows: Vec<_> = keys(0, KEYS).map(row).collect();
    rows.sort_unstable();
    rows
}

fn write(rows: &[(Vec<u8>, Vec<u8>)], file: &mut Vec<u8>) -> Result<()> {
    let mut encoder = Encoder::new();
    for (row, value) in rows {
        encoder.push(row, Change::Put(value), file)?;
    }
    encoder.finish(file)?;
    Ok(())
}

pub(super) fn rows_file_write() -> Result<()> {
    let rows = rows();
    let mut file = Vec::with_capacity(1 << 20);
    measured(&mut || write(&rows, &mut file))?;
    let (read, _) = read(&file)?;
    ensure(read == KEYS, "the file has every row")
}

pub(super) fn rows_file_read() -> Result<()> {
    let rows = rows();
    let mut file = Vec::new();
    write(&rows, &mut file)?;
    let mut found = (0, 0);
    measured(&mut || {
        found = read(&file)?;
        Ok(())
    })?;
    ensure(
        found == (KEYS, 44 * u64::from(KEYS)),
        "the file has every row",
    )
}

/// The number of rows in a file, and of the bytes of their keys and values.
fn read(file: &[u8]) -> Result<(u32, u64)> {
    let short = || Error::corrupt("the file ends too soon");
    let part = |from: u64, bytes: u64| {
        let from = usize::try_from(from).ok()?;
        file.get(from..from.checked_add(usize::try_from(bytes).ok()?)?)
    };
    let header = file.first_chunk::<HEADER_BYTES>().ok_or_else(short)?;
    let trailer = file.last_chunk::<TRAILER_BYTES>().ok_or_else(short)?;
    let length = u64::try_from(file.len()).unwrap_or(u64::MAX);
    let trailer = Trailer::decode(header, trailer, length)?;
    let index = part(trailer.index_offset(), trailer.index_bytes()).ok_or_else(short)?;
    let index = Index::decode(index, &trailer)?;
    let (mut rows, mut bytes) = (0, 0);
    for entry in index.blocks() {
        let stored = part(entry.offset(), u64::from(entry.bytes())).ok_or_else(short)?;
        let mut block = Block::decode(stored, entry)?;
        while block.advance()? {
            rows += 1;
            let value = match block.change() {
                Change::Put(value) => value,
                Change::Delete => &[],
            };
            bytes += u64::try_from(block.row().len() + value.len()).unwrap_or(0);
        }
    }
    Ok((rows, bytes))
}
