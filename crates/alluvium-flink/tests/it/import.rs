//! State of Flink jobs is imported, and Rust jobs go on with it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use alluvium::backend::Backend;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, in_memory};
use alluvium::{ErrorKind, Ttl, ValueState};

use alluvium_flink::Snapshot;
use alluvium_flink::files::Remap;
use alluvium_flink::import::{Import, Imported, KeyGroups, Values, import};
use alluvium_flink::return_path::{Return, write_back};
use alluvium_flink::scan::{Place, Row, Selection, scan};
use alluvium_flink::write::{Rewrite, rewrite};
use alluvium_protocol::key_group::MaxParallelism;

use crate::job::{Subtask, builder, expected, nobody};
use crate::jvm::{Restore, Version, assert_same, flink};
use crate::lines;
use crate::snapshots::{data, folders};

/// The only snapshot below a folder of `data/flink`.
pub(crate) fn snapshot(folder: &str) -> Snapshot {
    let below = data().join(folder);
    let mut found = folders();
    found.retain(|it| it.starts_with(&below));
    assert_eq!(found.len(), 1, "{found:?}");
    let moved: Remap = format!("file:/data/flink/checkpoints={}", data().display())
        .parse()
        .unwrap();
    Snapshot::open(&found[0].display().to_string(), &[moved]).unwrap()
}

pub(crate) fn folder() -> SavepointFolder {
    SavepointFolder::new(in_memory(), "imported")
}

pub(crate) fn imported(from: &str, what: &Import) -> (SavepointFolder, Imported) {
    let to = folder();
    let done = import(&snapshot(from), what, &to, &Cancel::new(), &mut |_| {}).unwrap();
    (to, done)
}

fn keyed_all() -> Import {
    Import {
        operator: "keyed-all".to_owned(),
        ..Import::default()
    }
}

/// A Rust job has what the file says, at any parallelism.
fn goes_on(from: &str, file: &str) {
    let (savepoint, _) = imported(from, &keyed_all());
    let expected = expected(file, "keyed-all");

    for parallelism in [1, 3] {
        let mut found = BTreeSet::new();
        for subtask in 0..parallelism {
            let mut subtask = Subtask::restore(&savepoint, subtask, parallelism);
            found.append(&mut subtask.contents());
        }
        let differ = found.symmetric_difference(&expected).next();
        assert_eq!(differ, None, "at parallelism {parallelism}");
    }
}

#[test]
fn a_rust_job_goes_on_with_a_checkpoint_of_rocksdb() {
    goes_on("flink-2.3.0/rocksdb/checkpoints", "expected-800x4.jsonl.gz");
}

#[test]
fn a_rust_job_goes_on_with_a_savepoint_of_the_heap() {
    let folder = "flink-2.3.0/hashmap/savepoints/canonical";
    goes_on(folder, "expected-200x4.jsonl.gz");
}

#[test]
fn a_rust_job_goes_on_with_a_savepoint_of_flink_1() {
    let folder = "flink-1.20.5/rocksdb/savepoints/canonical";
    goes_on(folder, "expected-800x4.jsonl.gz");
}

/// A Rust job goes on with a snapshot and changes its state; Flink's savepoint then has what the job had, and all else that the
/// snapshot had.
fn goes_back(from: &str, judge: Version) {
    let like = snapshot(from);
    let (imported, _) = imported(from, &keyed_all());
    let mut job = Subtask::restore(&imported, 0, 1);
    job.change();
    let changed = job.contents();
    let saved = folder();
    job.save("keyed-all", &saved);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written");

    write_back(&saved, &like, &back(), &path, &Cancel::new()).unwrap();

    let written = Snapshot::open(&path.display().to_string(), &[]).unwrap();
    assert_eq!(written.operators().len(), like.operators().len());
    let again = folder();
    import(&written, &keyed_all(), &again, &Cancel::new(), &mut |_| {}).unwrap();
    let found = Subtask::restore(&again, 0, 1).contents();
    assert_eq!(found.symmetric_difference(&changed).next(), None);
    assert_eq!(
        rows(&written, "tumbling-list"),
        rows(&like, "tumbling-list")
    );
    if let Some(mut flink) = flink(judge) {
        let uids = lines::expected(&data().join("expected-200x4.jsonl.gz")).1;
        let (expected, _) = lines::scanned(&written, &Selection::default(), &uids);
        let restored = flink.restore(&Restore::new(&path, 3));
        assert_same(&normal(&restored.unwrap()), &normal(&expected));
    }
}

/// The lines, with the fields of objects in one order.
fn normal(lines: &[String]) -> Vec<String> {
    let parse = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let mut lines: Vec<String> = lines.iter().map(|line| parse(line).to_string()).collect();
    lines.sort();
    lines
}

/// The rows of an operator, sorted.
fn rows(snapshot: &Snapshot, operator: &str) -> Vec<String> {
    let mut found = Vec::new();
    let selection = Selection {
        operators: vec![operator.to_owned()],
        ..Selection::default()
    };
    let mut row = |place: &Place<'_>, row: &Row| {
        found.push(format!("{} {row:?}", place.state.name));
        Ok(ControlFlow::Continue(()))
    };
    let report = scan(snapshot, &selection, &mut row).unwrap();
    assert!(report.is_clean());
    found.sort();
    assert!(found.len() > 100, "{}", found.len());
    found
}

#[test]
fn changed_state_of_a_checkpoint_of_rocksdb_goes_back_to_flink() {
    goes_back("flink-2.3.0/rocksdb/checkpoints", Version::V2_3);
}

#[test]
fn changed_state_of_a_savepoint_of_the_heap_goes_back_to_flink() {
    goes_back("flink-2.3.0/hashmap/savepoints/canonical", Version::V2_3);
}

#[test]
fn changed_state_of_a_checkpoint_of_flink_1_goes_back_to_it() {
    goes_back("flink-1.20.5/rocksdb/checkpoints", Version::V1_20);
}

/// Times of the last access included, what was imported and brought back unchanged is what there was.
#[test]
fn state_that_goes_back_unchanged_has_the_rows_it_had() {
    let from = "flink-2.3.0/hashmap/checkpoints";
    let like = snapshot(from);
    let live = Ttl::new(Duration::from_hours(36_500 * 24));
    let lifetimes = ["ttl-value", "ttl-list", "ttl-map"].map(|state| (state.to_owned(), live));
    let what = Import {
        lifetimes: lifetimes.into(),
        ..keyed_all()
    };
    let (saved, done) = imported(from, &what);
    assert!(done.plan.notes.is_empty(), "{:?}", done.plan.notes);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written");

    write_back(&saved, &like, &back(), &path, &Cancel::new()).unwrap();

    let written = Snapshot::open(&path.display().to_string(), &[]).unwrap();
    assert_eq!(rows(&written, "keyed-all"), rows(&like, "keyed-all"));
}

fn back() -> Return {
    Return {
        operator: "keyed-all".to_owned(),
        ..Return::default()
    }
}

#[test]
fn values_that_had_expired_are_not_imported() {
    let from = "flink-2.3.0/hashmap/savepoints/canonical";
    let soon = Ttl::new(Duration::from_millis(1));
    let what = Import {
        states: vec!["ttl-value".to_owned(), "value-long".to_owned()],
        lifetimes: [("ttl-value".to_owned(), soon)].into(),
        ..keyed_all()
    };

    let (saved, _) = imported(from, &what);

    let found = Subtask::restore(&saved, 0, 1).contents();
    assert!(found.iter().any(|line| line.contains("value-long")));
    assert!(!found.iter().any(|line| line.contains("ttl-value")));
}

#[test]
fn state_in_alluviums_own_key_groups_goes_back_in_flinks() {
    let from = "flink-2.3.0/rocksdb/savepoints/canonical";
    let like = snapshot(from);
    let live = Ttl::new(Duration::from_hours(36_500 * 24));
    let lifetimes = ["ttl-value", "ttl-list", "ttl-map"].map(|state| (state.to_owned(), live));
    let what = Import {
        lifetimes: lifetimes.into(),
        renames: [("value-long".to_owned(), "count".to_owned())].into(),
        values: Values::Postcard,
        key_groups: KeyGroups::Recompute,
        ..keyed_all()
    };
    let (saved, done) = imported(from, &what);
    assert!(done.rows["value-long"] > 700);
    let restore = saved.restore_from(&saved.read().unwrap()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let builder = builder(&saved, &directory);
    let restored = Backend::<String>::restore(builder, &restore, &Cancel::new(), &nobody());
    let (mut backend, _) = restored.unwrap();
    let count = backend.register(ValueState::<i64>::new("count")).unwrap();
    let found = backend.key("key-0054").unwrap().value(count).get().unwrap();
    assert!(found.is_some());
    let path = directory.path().join("written");
    let back = Return {
        renames: what.renames,
        ..back()
    };

    write_back(&saved, &like, &back, &path, &Cancel::new()).unwrap();

    let written = Snapshot::open(&path.display().to_string(), &[]).unwrap();
    assert_eq!(rows(&written, "keyed-all"), rows(&like, "keyed-all"));
    let verified = alluvium_flink::verify::verify(&written).unwrap();
    assert!(verified.report.is_clean(), "{:?}", verified.report.problems);
}

#[test]
fn state_goes_back_into_another_number_of_key_groups() {
    let from = snapshot("flink-2.3.0/rocksdb/savepoints/canonical");
    let (saved, _) = imported("flink-2.3.0/hashmap/checkpoints", &keyed_all());
    let directory = tempfile::tempdir().unwrap();
    let (wide, path) = (
        directory.path().join("wide"),
        directory.path().join("written"),
    );
    let changes = Rewrite {
        max_parallelism: Some(MaxParallelism::new(1000).unwrap()),
        ..Rewrite::default()
    };
    rewrite(&from, &changes, &wide, &Cancel::new()).unwrap();
    let like = Snapshot::open(&wide.display().to_string(), &[]).unwrap();

    write_back(&saved, &like, &back(), &path, &Cancel::new()).unwrap();

    let written = Snapshot::open(&path.display().to_string(), &[]).unwrap();
    let again = folder();
    import(&written, &keyed_all(), &again, &Cancel::new(), &mut |_| {}).unwrap();
    let found = Subtask::restore(&again, 0, 1).contents();
    let expected = expected("expected-200x4.jsonl.gz", "keyed-all");
    assert_eq!(found.symmetric_difference(&expected).next(), None);
    assert!(
        alluvium_flink::verify::verify(&written)
            .unwrap()
            .report
            .is_clean()
    );
}

#[test]
fn an_import_that_fails_or_is_given_up_leaves_nothing() {
    let from = snapshot("flink-2.3.0/hashmap/savepoints/canonical");
    let to = folder();
    let cancel = Cancel::new();
    cancel.cancel();

    let cancelled = import(&from, &keyed_all(), &to, &cancel, &mut |_| {}).unwrap_err();
    let unknown = Import {
        renames: [("no such state".to_owned(), "other".to_owned())].into(),
        ..keyed_all()
    };
    let unknown = import(&from, &unknown, &to, &Cancel::new(), &mut |_| {}).unwrap_err();

    assert_eq!(cancelled.kind(), ErrorKind::Cancelled);
    assert_eq!(unknown.kind(), ErrorKind::Invalid);
    assert_eq!(to.find().unwrap(), None);
}
