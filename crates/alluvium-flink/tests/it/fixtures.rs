//! What is scanned of a real snapshot is what Flink's own backends read of it.

use std::path::Path;

use alluvium_flink::scan::Selection;

use crate::{lines, snapshots};

/// States that only Flink can read, by class: their rows are bytes.
const OPAQUE: [&str; 1] = ["kryo"];

#[test]
fn every_snapshot_has_the_rows_that_flink_reads() {
    let folders = snapshots::folders();
    let folders = folders
        .iter()
        .filter(|folder| !folder.components().any(|part| part.as_os_str() == "more"));
    let differences: Vec<String> = folders.filter_map(|folder| difference(folder)).collect();

    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How the rows of a snapshot differ from what Flink reads.
fn difference(folder: &Path) -> Option<String> {
    let (expected, uids) = lines::expected(&lines::expected_of(folder));
    let snapshot = lines::open(folder);

    let (told, report) = lines::scanned(&snapshot, &Selection::default(), &uids);

    let name = folder.display();
    if !report.is_clean() {
        return Some(format!("{name}: {:#?}", report.problems));
    }
    let readable = |lines: Vec<String>| lines.into_iter().map(without_opaque).collect::<Vec<_>>();
    let (mut told, mut expected) = (readable(told), readable(expected));
    told.sort();
    expected.sort();
    let missing = expected.iter().find(|line| !told.contains(line));
    let extra = told.iter().find(|line| !expected.contains(line));
    (told != expected).then(|| format!("{name}:\n  Flink {missing:?}\n  here  {extra:?}"))
}

fn without_opaque(line: String) -> String {
    let is_opaque = OPAQUE
        .iter()
        .any(|state| line.contains(&format!("\"state\":\"{state}\"")));
    match line.split_once(",\"value\":") {
        Some((head, _)) if is_opaque => head.to_owned(),
        _ => line,
    }
}
