//! Databases that were made with the options of another program: merged, compressed with Snappy, damaged.

use std::path::Path;

use alluvium::ErrorKind;
use rust_rocksdb::{ColumnFamilyDescriptor, DBCompressionType};
use tempfile::TempDir;

use super::*;

const NAME: &str = "StringAppendTESTOperator";
const ROWS: u32 = 500;

fn append() -> Append {
    Append {
        name: NAME.to_owned(),
        delimiter: b',',
    }
}

/// A database with a family of values and one of lists, each of three elements that are merged across files.
fn made() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    let cache = Cache::new_lru_cache(1 << 20);
    let families = ["default", "values", "lists"].map(|family| {
        let mut options = family_options(&cache, Some(&append())).unwrap();
        options.set_compression_type(DBCompressionType::Snappy);
        ColumnFamilyDescriptor::new(family, options)
    });
    let db = DB::open_cf_descriptors(&options, directory.path(), families).unwrap();
    let (values, lists) = (
        db.cf_handle("values").unwrap(),
        db.cf_handle("lists").unwrap(),
    );
    for element in ["a", "b", "c"] {
        for row in 0..ROWS {
            db.put_cf(&values, row.to_be_bytes(), [b'v'; 50]).unwrap();
            db.merge_cf(&lists, row.to_be_bytes(), element).unwrap();
        }
        db.flush_cf(&values).unwrap();
        db.flush_cf(&lists).unwrap();
    }
    drop(db);
    directory
}

fn rows(database: &ForeignDatabase, family: &str) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut rows = database.rows(family, &[], None)?;
    let mut read = Vec::new();
    while let Some((key, value)) = rows.current()? {
        read.push((key.to_vec(), value.to_vec()));
        rows.advance();
    }
    Ok(read)
}

#[test]
fn rows_are_read_in_order_with_merged_values_whole_and_within_bounds() {
    let directory = made();
    let database = ForeignDatabase::open(directory.path(), Some(&append())).unwrap();

    let lists = rows(&database, "lists").unwrap();

    let expected: Vec<_> = (0..ROWS)
        .map(|row| (row.to_be_bytes().to_vec(), b"a,b,c".to_vec()))
        .collect();
    assert_eq!(lists, expected);
    let mut bounded = database
        .rows("values", &7_u32.to_be_bytes(), Some(&9_u32.to_be_bytes()))
        .unwrap();
    let mut keys = Vec::new();
    while let Some((key, _)) = bounded.current().unwrap() {
        keys.push(key.to_vec());
        bounded.advance();
    }
    assert_eq!(keys, [7_u32.to_be_bytes(), 8_u32.to_be_bytes()]);
    database.verify().unwrap();
    assert_eq!(
        database.rows("x", &[], None).unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[test]
fn merged_rows_without_an_operator_are_an_error_and_no_end() {
    let directory = made();
    let opened = ForeignDatabase::open(directory.path(), None);

    let read = opened.and_then(|database| rows(&database, "lists"));

    assert!(read.is_err(), "{read:?}");
}

#[test]
fn a_flipped_byte_of_a_table_is_an_error_or_changes_nothing() {
    let directory = made();
    let whole = ForeignDatabase::open(directory.path(), Some(&append())).unwrap();
    let expected = (
        rows(&whole, "values").unwrap(),
        rows(&whole, "lists").unwrap(),
    );
    drop(whole);
    let is_table = |path: &PathBuf| path.extension().is_some_and(|end| end == "sst");
    let files = std::fs::read_dir(directory.path()).unwrap();
    let files = files.map(|entry| entry.unwrap().path()).filter(is_table);
    let mut errors = 0;
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for nth in 0..12 {
            let mut damaged = bytes.clone();
            let at = bytes.len() * nth / 12;
            damaged[at] ^= 0x10;
            std::fs::write(&file, damaged).unwrap();

            let read = read_all(directory.path());

            match read {
                Ok(read) => assert_eq!(read, expected, "{} byte {at}", file.display()),
                Err(_) => errors += 1,
            }
        }
        std::fs::write(&file, bytes).unwrap();
    }
    assert!(errors > 20, "{errors}");
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn read_all(directory: &Path) -> Result<(Rows, Rows)> {
    let database = ForeignDatabase::open(directory, Some(&append()))?;
    Ok((rows(&database, "values")?, rows(&database, "lists")?))
}

#[test]
fn a_directory_without_a_database_is_an_error() {
    let directory = tempfile::tempdir().unwrap();

    assert!(ForeignDatabase::open(directory.path(), None).is_err());
}
