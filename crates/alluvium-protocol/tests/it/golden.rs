//! Objects that were written once are read for ever, and today's encoder still writes them so.
//!
//! `ALLUVIUM_BLESS=1` writes the files anew, which is right only for a format that was never released.

use std::fs;
use std::path::PathBuf;

use alluvium_protocol::catalog::{Record, Savepoint};
use alluvium_protocol::local_copy::LocalRecord;
use alluvium_protocol::manifest::Manifest;

use crate::samples;

/// Bytes that an earlier release wrote. Never written anew.
fn written_before(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// The checked-in bytes, after they were compared with what today's encoder writes.
fn golden(name: &str, encoded: &[u8]) -> Vec<u8> {
    let path = path(name);
    if std::env::var_os("ALLUVIUM_BLESS").is_some() {
        fs::write(&path, encoded).unwrap();
    }
    let bytes = fs::read(&path).unwrap();
    assert_eq!(
        bytes, encoded,
        "{name}: the encoder writes other bytes than it used to"
    );
    bytes
}

#[test]
fn a_manifest_of_format_1_is_read() {
    let bytes = written_before("manifest-v1.bin");

    assert_eq!(
        Manifest::decode(&bytes, "golden").unwrap(),
        samples::manifest()
    );
}

#[test]
fn a_manifest_of_format_2_is_read_and_written() {
    let whole = samples::manifest();
    let bytes = golden("manifest-v2.bin", &whole.encode());

    assert_eq!(Manifest::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_manifest_with_versions_of_types_of_format_1_is_read() {
    let bytes = written_before("manifest-versions-v1.bin");

    assert_eq!(
        Manifest::decode(&bytes, "golden").unwrap(),
        samples::manifest_with_versions()
    );
}

#[test]
fn a_manifest_with_versions_of_types_of_format_2_is_read_and_written() {
    let whole = samples::manifest_with_versions();
    let bytes = golden("manifest-versions-v2.bin", &whole.encode());

    assert_eq!(Manifest::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_manifest_with_ttl_of_format_1_is_read() {
    let bytes = written_before("manifest-ttl-v1.bin");

    assert_eq!(
        Manifest::decode(&bytes, "golden").unwrap(),
        samples::manifest_with_ttl()
    );
}

#[test]
fn a_manifest_with_ttl_of_format_2_is_read_and_written() {
    let whole = samples::manifest_with_ttl();
    let bytes = golden("manifest-ttl-v2.bin", &whole.encode());

    assert_eq!(Manifest::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_commit_of_format_1_is_read() {
    let bytes = written_before("commit-v1.bin");

    assert_eq!(
        Record::decode(&bytes, "golden").unwrap(),
        Record::Commit(samples::commit())
    );
}

#[test]
fn a_commit_of_format_2_is_read_and_written() {
    let whole = Record::Commit(samples::commit());
    let bytes = golden("commit-v2.bin", &whole.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_fence_of_format_1_is_read() {
    let bytes = written_before("fence-v1.bin");

    assert_eq!(
        Record::decode(&bytes, "golden").unwrap(),
        Record::Fence(samples::fence())
    );
}

#[test]
fn a_fence_of_format_2_is_read_and_written() {
    let whole = Record::Fence(samples::fence());
    let bytes = golden("fence-v2.bin", &whole.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_cut_of_format_1_is_read() {
    let bytes = written_before("cut-v1.bin");

    assert_eq!(
        Record::decode(&bytes, "golden").unwrap(),
        Record::Cut(samples::cut())
    );
}

#[test]
fn a_cut_of_format_2_is_read_and_written() {
    let whole = Record::Cut(samples::cut());
    let bytes = golden("cut-v2.bin", &whole.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_savepoint_of_format_1_is_read() {
    let bytes = written_before("savepoint-v1.bin");

    assert_eq!(
        Savepoint::decode(&bytes, "golden").unwrap(),
        samples::savepoint()
    );
}

#[test]
fn a_savepoint_of_format_2_is_read_and_written() {
    let whole = samples::savepoint();
    let bytes = golden("savepoint-v2.bin", &whole.encode());

    assert_eq!(Savepoint::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn a_record_of_a_local_copy_of_format_1_is_read() {
    let bytes = written_before("local-record-v1.bin");

    assert_eq!(
        LocalRecord::decode(&bytes, "golden").unwrap(),
        samples::local_record()
    );
}

#[test]
fn a_record_of_a_local_copy_of_format_2_is_read_and_written() {
    let whole = samples::local_record();
    let bytes = golden("local-record-v2.bin", &whole.encode());

    assert_eq!(LocalRecord::decode(&bytes, "golden").unwrap(), whole);
}

#[test]
fn manifests_that_an_older_reader_would_misread_ask_for_a_newer_one() {
    // The oldest format version whose readers understand the object (docs/format.md).
    let oldest_reader = |manifest: &Manifest| manifest.encode()[11..13].to_vec();

    assert_eq!(oldest_reader(&samples::manifest()), [0, 1]);
    assert_eq!(oldest_reader(&samples::manifest_with_ttl()), [0, 2]);
    assert_eq!(oldest_reader(&samples::manifest_with_versions()), [0, 2]);
}
