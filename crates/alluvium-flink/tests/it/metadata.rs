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
    // When a checkpoint is deleted is a matter of settings; the flags are the only bytes that say so.
    let without_flags = |properties: &Properties| {
        let bytes = properties.as_bytes();
        let flags = bytes
            .windows(2)
            .position(|two| two == [0x78, 0x70])
            .unwrap()
            + 2;
        [&bytes[..flags], &bytes[flags + 7..]].concat()
    };
    let known = [
        Properties::checkpoint(),
        Properties::canonical_savepoint(),
        Properties::native_savepoint(),
    ];
    let known = known.map(|properties| without_flags(&properties));
    for folder in snapshots::folders() {
        let read = Metadata::read(&snapshots::metadata(&folder), "_metadata").unwrap();

        assert!(
            known.contains(&without_flags(&read.properties.unwrap())),
            "{}",
            folder.display()
        );
    }
}
