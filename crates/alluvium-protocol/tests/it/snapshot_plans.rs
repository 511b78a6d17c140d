//! Which files a snapshot uploads and which it refers to.
//!
//! The histories are those that have lost data elsewhere: confirmations that come late, twice, out of order or
//! never, checkpoints that are aborted after their files were uploaded.

use std::collections::BTreeMap;

use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::manifest::SnapshotKind::{Full, Incremental, Savepoint};
use alluvium_protocol::plan::snapshot::{FilePlan, PinnedFacts, plan_snapshot};

use crate::samples;

fn rows(name: &str) -> PinnedFacts {
    PinnedFacts {
        name: name.to_owned(),
        bytes: 1000,
        shared: true,
        bounds: Some((vec![1], vec![2])),
        note: vec![9],
    }
}

fn bookkeeping(name: &str) -> PinnedFacts {
    PinnedFacts {
        shared: false,
        bounds: None,
        note: Vec::new(),
        ..rows(name)
    }
}

fn known(names: &[(&str, u128)]) -> BTreeMap<String, FileId> {
    names
        .iter()
        .map(|(name, id)| ((*name).to_owned(), FileId::new(*id)))
        .collect()
}

fn base(ids: &[u128]) -> BTreeMap<FileId, FileRef> {
    ids.iter()
        .map(|id| (FileId::new(*id), samples::file(*id)))
        .collect()
}

fn upload(id: Option<u128>, shared: bool) -> FilePlan {
    FilePlan::Upload {
        id: id.map(FileId::new),
        shared,
    }
}

#[test]
fn the_first_snapshot_uploads_everything() {
    let pinned = [rows("1.sst"), bookkeeping("CURRENT")];

    let plan = plan_snapshot(Incremental, &pinned, &known(&[]), &base(&[]));

    assert_eq!(plan, [upload(None, true), upload(None, false)]);
}

#[test]
fn files_of_the_base_are_referred_to_as_the_store_knows_them_now() {
    let plan = plan_snapshot(
        Incremental,
        &[rows("9.sst")],
        &known(&[("9.sst", 7)]),
        &base(&[7]),
    );

    let expected = FileRef {
        name: "9.sst".to_owned(),
        bounds: Some((vec![1], vec![2])),
        note: vec![9],
        ..samples::file(7)
    };
    assert_eq!(plan, [FilePlan::Refer(expected)]);
}

#[test]
fn a_file_uploaded_for_an_unconfirmed_checkpoint_is_uploaded_again() {
    let names = known(&[("1.sst", 1), ("2.sst", 2)]);

    let plan = plan_snapshot(
        Incremental,
        &[rows("1.sst"), rows("2.sst")],
        &names,
        &base(&[1]),
    );

    assert!(matches!(plan[0], FilePlan::Refer(_)));
    assert_eq!(plan[1], upload(Some(2), true));
}

#[test]
fn without_a_base_nothing_is_referred_to() {
    // The confirmation never came, or the base was subsumed: what was uploaded may be gone.
    let names = known(&[("1.sst", 1), ("2.sst", 2)]);

    let plan = plan_snapshot(
        Incremental,
        &[rows("1.sst"), rows("2.sst")],
        &names,
        &base(&[]),
    );

    assert_eq!(plan, [upload(Some(1), true), upload(Some(2), true)]);
}

#[test]
fn bookkeeping_is_always_uploaded_as_something_new() {
    let names = known(&[("CURRENT", 7)]);

    let plan = plan_snapshot(Incremental, &[bookkeeping("CURRENT")], &names, &base(&[7]));

    assert_eq!(plan, [upload(None, false)]);
}

#[test]
fn a_full_snapshot_refers_to_nothing_and_lets_later_ones_refer_to_it() {
    let pinned = [rows("1.sst"), rows("2.sst"), bookkeeping("CURRENT")];
    let names = known(&[("1.sst", 1)]);

    let plan = plan_snapshot(Full, &pinned, &names, &base(&[1]));

    assert_eq!(
        plan,
        [
            upload(Some(1), true),
            upload(None, true),
            upload(None, false)
        ]
    );
}

#[test]
fn a_savepoint_refers_to_nothing_and_shares_nothing() {
    let pinned = [rows("1.sst"), bookkeeping("CURRENT")];

    let plan = plan_snapshot(Savepoint, &pinned, &known(&[("1.sst", 1)]), &base(&[1]));

    assert_eq!(plan, [upload(Some(1), false), upload(None, false)]);
}

#[test]
fn exclusive_files_of_the_base_are_not_referred_to() {
    // They go when their checkpoint goes.
    let mut base = base(&[1]);
    base.values_mut().for_each(|file| file.shared = false);

    let plan = plan_snapshot(
        Incremental,
        &[rows("1.sst")],
        &known(&[("1.sst", 1)]),
        &base,
    );

    assert_eq!(plan, [upload(Some(1), true)]);
}

#[test]
fn a_name_that_was_given_to_other_content_gets_a_new_identity() {
    let longer = PinnedFacts {
        bytes: 1001,
        ..rows("1.sst")
    };

    let plan = plan_snapshot(Incremental, &[longer], &known(&[("1.sst", 1)]), &base(&[1]));

    assert_eq!(plan, [upload(None, true)]);
}

#[test]
fn the_plan_follows_the_order_of_the_files() {
    let pinned = [
        bookkeeping("A"),
        rows("1.sst"),
        bookkeeping("B"),
        rows("2.sst"),
    ];

    let plan = plan_snapshot(Incremental, &pinned, &known(&[("2.sst", 2)]), &base(&[2]));

    assert_eq!(
        plan[..3],
        [upload(None, false), upload(None, true), upload(None, false)]
    );
    assert!(matches!(&plan[3], FilePlan::Refer(file) if file.name == "2.sst"));
}
