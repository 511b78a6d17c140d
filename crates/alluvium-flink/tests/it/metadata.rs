//! `_metadata` files: those that Flink wrote, made-up ones of every version, and damaged ones.

mod damage;
mod models;
mod old_versions;

use alluvium_flink::metadata::{Metadata, Properties};

use crate::snapshots;

#[test]
fn what_flink_wrote_is_written_as_the_same_bytes() {
    for folder in snapshots::folders() {
        let bytes = snapshots::metadata(&folder);

        let read = Metadata::read(&bytes, "_metadata").unwrap();

        assert!(read.write().unwrap() == bytes, "{}", folder.display());
    }
}

#[test]
fn the_properties_that_are_written_are_those_that_flink_writes() {
    let known = [
        Properties::checkpoint(),
        Properties::canonical_savepoint(),
        Properties::native_savepoint(),
    ];
    for folder in snapshots::folders() {
        let read = Metadata::read(&snapshots::metadata(&folder), "_metadata").unwrap();

        assert!(
            known.contains(&read.properties.unwrap()),
            "{}",
            folder.display()
        );
    }
}
