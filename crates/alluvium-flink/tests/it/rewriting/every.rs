//! Every snapshot in `data/flink` is rewritten.

use std::path::Path;

use alluvium_flink::metadata::Version;
use alluvium_flink::scan::Selection;
use alluvium_flink::verify::verify;
use alluvium_flink::write::Rewrite;
use alluvium_flink::{ErrorKind, Snapshot};

use super::{groups, refused, rewritten, scanned, without_groups};
use crate::{lines, snapshots};

/// What the fixtures cannot become, and why.
fn obstacle(folder: &Path, version: Version) -> Option<&'static str> {
    let name = folder.display().to_string();
    let has_kryo = name.contains("kinds") && !name.contains("kinds-native-rocksdb");
    let is_of_flink_1 = name.contains("flink-1");
    if has_kryo && is_of_flink_1 != (version == Version::V4) {
        return Some("has objects that Kryo wrote");
    }
    // In the heap's form nobody else can tell where such a value ends.
    let is_cut_off = name.ends_with("kinds-native-heap");
    is_cut_off.then_some("which Kryo wrote: only Kryo can read it")
}

/// The rows of a snapshot as they are scanned here; `fixtures` compares them with those that Flink reads.
fn contents(snapshot: &Snapshot, uids: &[String]) -> Vec<String> {
    let (lines, report) = lines::scanned(snapshot, &Selection::default(), uids);
    assert!(report.is_clean(), "{:?}", report.problems);
    lines
}

#[test]
fn a_rewritten_snapshot_has_the_rows_that_flink_reads() {
    for folder in snapshots::folders() {
        if folder.display().to_string().contains("kinds") {
            // Has values that only Flink can read, so that they are compared in another test.
            continue;
        }
        let (_into, savepoint) = rewritten(&folder, &Rewrite::default());

        let (found, expected) = scanned(&savepoint, &folder);

        assert!(found == expected, "{}", folder.display());
    }
}

#[test]
fn every_snapshot_becomes_a_savepoint_of_every_version_with_any_number_of_key_groups() {
    for folder in snapshots::folders() {
        let (_, uids) = lines::expected(&lines::expected_of(&folder));
        for (version, max_parallelism) in [
            (Version::V4, 129),
            (Version::V5, 1000),
            (Version::V6, 32_768),
        ] {
            let name = format!("{} as {version:?}", folder.display());
            let changes = Rewrite {
                version: Some(version),
                ..groups(max_parallelism)
            };
            if let Some(told) = obstacle(&folder, version) {
                let error = refused(&folder, &changes);
                assert_eq!(error.kind(), ErrorKind::Incompatible, "{name}: {error:?}");
                assert!(error.to_string().contains(told), "{name}: {error:?}");
                continue;
            }
            let before = contents(&lines::open(&folder), &uids);

            let (_into, savepoint) = rewritten(&folder, &changes);

            let written = lines::open(&savepoint);
            assert_eq!(written.metadata().version, version, "{name}");
            let after = contents(&written, &uids);
            assert!(without_groups(&after) == without_groups(&before), "{name}");
            // Each key is in the group of its hash.
            let verified = verify(&written).unwrap();
            assert!(
                verified.report.is_clean(),
                "{name}: {:?}",
                verified.report.problems
            );
        }
    }
}

#[test]
fn key_groups_that_become_many_and_few_again_are_what_they_were() {
    for folder in snapshots::folders() {
        let (_, uids) = lines::expected(&lines::expected_of(&folder));
        if obstacle(&folder, Version::V6).is_some() {
            continue;
        }
        let before = lines::open(&folder);
        let operators = before.operators();
        let keyed = operators
            .iter()
            .find(|operator| operator.max_parallelism.get() > 1);
        let max_parallelism = keyed.unwrap().max_parallelism;
        let mut last = folder.clone();
        let mut _kept = tempfile::tempdir().unwrap();
        for steps in [129, 32_768, 8, u32::from(max_parallelism.get())] {
            let (into, savepoint) = rewritten(&last, &groups(steps));
            // The one before it goes.
            (_kept, last) = (into, savepoint);
        }

        let name = folder.display();
        assert!(
            contents(&lines::open(&last), &uids) == contents(&before, &uids),
            "{name}"
        );
    }
}
