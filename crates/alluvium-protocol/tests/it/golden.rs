//! Objects that were written once are read for ever, and today's encoder still writes them so.
//!
//! `ALLUVIUM_BLESS=1` writes the files anew, which is right only for a format that was never released.

use std::fs;
use std::path::PathBuf;

use alluvium_protocol::catalog::{Record, Savepoint};
use alluvium_protocol::local_copy::LocalRecord;
use alluvium_protocol::manifest::Manifest;

use crate::samples;

/// The checked-in bytes, after they were compared with what today's encoder writes.
fn golden(name: &str, encoded: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
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
fn a_manifest_of_format_1_is_read_and_written() {
    let bytes = golden("manifest-v1.bin", &samples::manifest().encode());

    assert_eq!(
        Manifest::decode(&bytes, "golden").unwrap(),
        samples::manifest()
    );
}

#[test]
fn a_manifest_with_versions_of_types_of_format_1_is_read_and_written() {
    let manifest = samples::manifest_with_versions();
    let bytes = golden("manifest-versions-v1.bin", &manifest.encode());

    assert_eq!(Manifest::decode(&bytes, "golden").unwrap(), manifest);
}

#[test]
fn a_manifest_with_ttl_of_format_1_is_read_and_written() {
    let manifest = samples::manifest_with_ttl();
    let bytes = golden("manifest-ttl-v1.bin", &manifest.encode());

    assert_eq!(Manifest::decode(&bytes, "golden").unwrap(), manifest);
}

#[test]
fn a_commit_of_format_1_is_read_and_written() {
    let record = Record::Commit(samples::commit());
    let bytes = golden("commit-v1.bin", &record.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), record);
}

#[test]
fn a_fence_of_format_1_is_read_and_written() {
    let record = Record::Fence(samples::fence());
    let bytes = golden("fence-v1.bin", &record.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), record);
}

#[test]
fn a_cut_of_format_1_is_read_and_written() {
    let record = Record::Cut(samples::cut());
    let bytes = golden("cut-v1.bin", &record.encode());

    assert_eq!(Record::decode(&bytes, "golden").unwrap(), record);
}

#[test]
fn a_savepoint_of_format_1_is_read_and_written() {
    let bytes = golden("savepoint-v1.bin", &samples::savepoint().encode());

    assert_eq!(
        Savepoint::decode(&bytes, "golden").unwrap(),
        samples::savepoint()
    );
}

#[test]
fn a_record_of_a_local_copy_of_format_1_is_read_and_written() {
    let bytes = golden("local-record-v1.bin", &samples::local_record().encode());

    assert_eq!(
        LocalRecord::decode(&bytes, "golden").unwrap(),
        samples::local_record()
    );
}
