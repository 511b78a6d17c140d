//! Rows files as files: what is written is read back, and a file that is not whole is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::row::RowRange;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::error::{ErrorKind, Result};
use crate::store::{Change, RowCursor, SortedRun};

type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sample.rows");
    (directory, path)
}

fn write(path: &Path, changes: &Changes) -> Written {
    let mut writer = RowsFileWriter::create(path).unwrap();
    for (row, value) in changes {
        let change = value.as_deref().map_or(Change::Delete, Change::Put);
        writer.push(row, change).unwrap();
    }
    writer.finish().unwrap()
}

fn read_changes(reader: &RowsFileReader, range: &RowRange) -> Result<Changes> {
    let mut changes = reader.changes(range)?;
    let mut found = Changes::new();
    while let Some((row, change)) = changes.next()? {
        let value = match change {
            Change::Put(value) => Some(value.to_vec()),
            Change::Delete => None,
        };
        assert!(
            found
                .last_key_value()
                .is_none_or(|(last, _)| last.as_slice() < row)
        );
        found.insert(row.to_vec(), value);
    }
    Ok(found)
}

/// Rows of several blocks, every seventh deleted.
fn sample() -> Changes {
    let value = |n: u32| (!n.is_multiple_of(7)).then(|| n.to_be_bytes().repeat(30));
    (0..4000_u32)
        .map(|n| (n.to_be_bytes().to_vec(), value(n)))
        .collect()
}

#[test]
fn what_is_said_of_a_written_file_is_true() {
    let (_directory, path) = place();
    let changes = sample();

    let written = write(&path, &changes);

    let bytes = fs::read(&path).unwrap();
    assert_eq!(written.path, path);
    assert_eq!(written.bytes, bytes.len() as u64);
    assert_eq!(written.crc32c, crc32c::crc32c(&bytes));
    assert_eq!(written.rows, 4000);
    let bounds = (vec![0, 0, 0, 0], 3999_u32.to_be_bytes().to_vec());
    assert_eq!(written.bounds, Some(bounds));
    let reader = RowsFileReader::open(&path).unwrap();
    assert!(
        reader.index().blocks().len() > 3,
        "the sample has several blocks"
    );
    assert_eq!(read_changes(&reader, &RowRange::all()).unwrap(), changes);
}

#[test]
fn a_scan_passes_over_deletes() {
    let (_directory, path) = place();
    write(&path, &sample());
    let reader = RowsFileReader::open(&path).unwrap();

    let mut scan = reader.scan(&RowRange::all()).unwrap();
    let mut rows = Vec::new();
    while let Some((row, value)) = scan.next().unwrap() {
        rows.push((row.to_vec(), value.to_vec()));
    }

    let expected: Vec<_> = sample()
        .into_iter()
        .filter_map(|(row, v)| Some((row, v?)))
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(scan.next().unwrap(), None);
}

#[test]
fn a_file_that_was_not_finished_is_removed() {
    let (_directory, path) = place();
    let mut writer = RowsFileWriter::create(&path).unwrap();
    writer.push(b"a", Change::Put(b"1")).unwrap();
    assert!(path.exists());

    drop(writer);

    assert!(!path.exists());
}

#[test]
fn a_file_that_exists_is_neither_written_over_nor_removed() {
    let (_directory, path) = place();
    fs::write(&path, "precious").unwrap();

    let error = RowsFileWriter::create(&path).unwrap_err();

    assert!(error.to_string().contains("sample.rows"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_row_out_of_order_names_the_file() {
    let (_directory, path) = place();
    let mut writer = RowsFileWriter::create(&path).unwrap();
    writer.push(b"b", Change::Delete).unwrap();

    let error = writer.push(b"a", Change::Delete).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("sample.rows"), "{error}");
}

#[test]
fn missing_foreign_and_short_files_are_corrupt_and_named() {
    let (_directory, path) = place();
    let open = || RowsFileReader::open(&path).unwrap_err();
    let mut errors = vec![open()];
    for foreign in [&b""[..], b"ALLUROWS", &[7; 300]] {
        fs::write(&path, foreign).unwrap();
        errors.push(open());
    }

    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.to_string().contains("sample.rows"), "{error:?}");
    }
}

#[test]
fn damage_is_found_where_it_is_read() {
    let (_directory, path) = place();
    write(&path, &sample());
    let whole = fs::read(&path).unwrap();
    let mut found = 0;
    for at in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();

        let read =
            RowsFileReader::open(&path).and_then(|reader| read_changes(&reader, &RowRange::all()));

        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {at}: {error:?}");
        assert!(error.to_string().contains("sample.rows"), "{error:?}");
        found += 1;
    }
    assert!(found > 100);
}

#[test]
fn a_damaged_block_does_not_hide_the_others_and_is_not_passed_over() {
    let (_directory, path) = place();
    write(&path, &sample());
    let blocks = RowsFileReader::open(&path)
        .unwrap()
        .index()
        .blocks()
        .to_vec();
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(blocks[1].offset()).unwrap() + 20] ^= 1;
    fs::write(&path, bytes).unwrap();

    let reader = RowsFileReader::open(&path).unwrap();

    let behind = RowRange::new(blocks[2].first().to_vec(), None);
    assert!(!read_changes(&reader, &behind).unwrap().is_empty());
    let mut changes = reader.changes(&RowRange::all()).unwrap();
    for _ in 0..blocks[0].rows() {
        assert!(changes.next().unwrap().is_some());
    }
    for _ in 0..2 {
        assert_eq!(changes.next().unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn a_file_cut_while_it_is_open_is_corrupt() {
    let (_directory, path) = place();
    write(&path, &sample());
    let reader = RowsFileReader::open(&path).unwrap();
    fs::write(&path, b"").unwrap();

    let error = reader.changes(&RowRange::all()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_range_has_its_rows_and_no_others(
        from in 0..4100_u32,
        length in 0..2000_u32,
        open in any::<bool>(),
    ) {
        let (_directory, path) = place();
        write(&path, &sample());
        let reader = RowsFileReader::open(&path).unwrap();
        let to = (!open).then(|| (from + length).to_be_bytes().to_vec());
        let range = RowRange::new(from.to_be_bytes().to_vec(), to);

        let found = read_changes(&reader, &range).unwrap();

        let mut expected = sample();
        expected.retain(|row, _| range.contains(row));
        prop_assert_eq!(found, expected);
    }
}
