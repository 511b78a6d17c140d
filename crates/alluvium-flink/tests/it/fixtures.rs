//! What is scanned of a real snapshot is what Flink's own backends read of it.

use alluvium_flink::scan::Selection;

use crate::{lines, snapshots};

#[test]
fn every_snapshot_has_the_rows_that_flink_reads() {
    for folder in snapshots::folders() {
        let (expected, uids) = lines::expected(&lines::expected_of(&folder));
        let snapshot = lines::open(&folder);

        let (told, report) = lines::scanned(&snapshot, &Selection::default(), &uids);

        assert!(
            report.is_clean(),
            "{}: {:#?}",
            folder.display(),
            report.problems
        );
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(told, expected, "{}", folder.display());
        }
        assert_eq!(told.len(), expected.len(), "{}", folder.display());
    }
}
