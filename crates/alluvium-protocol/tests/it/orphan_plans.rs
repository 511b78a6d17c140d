//! What is nobody's: only what is old, and neither referred to nor part of a checkpoint in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alluvium_protocol::catalog::{Commit, Record, names};
use alluvium_protocol::file::FileId;
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::log::Log;
use alluvium_protocol::plan::orphans::{Listed, OrphanReason, cut_off, orphans};
use alluvium_protocol::plan::retention::referenced;
use proptest::prelude::*;

use crate::samples::{checkpoint_at, commit_at, fence_at, file, id, manifest};

const DAY: Duration = Duration::from_hours(24);
const NOW: i64 = 1_700_000_000_000;
const OLD: Duration = Duration::from_hours(48);
const YOUNG: Duration = Duration::from_hours(1);

/// A job's folder: objects with their ages, records, manifests.
#[derive(Default)]
struct Folder {
    listing: Vec<Listed>,
    records: Vec<Record>,
    manifests: BTreeMap<String, Manifest>,
}

impl Folder {
    fn new() -> Self {
        let mut folder = Self::default();
        folder.record(fence_at(1, 1), OLD);
        folder
    }

    fn object(&mut self, object: impl Into<String>, age: Duration) -> String {
        let object = object.into();
        self.listing.push(Listed {
            object: object.clone(),
            bytes: 9,
            modified_unix_millis: NOW - i64::try_from(age.as_millis()).unwrap(),
        });
        object
    }

    fn file(&mut self, number: u128, age: Duration) -> String {
        self.object(file(number).object, age)
    }

    fn record(&mut self, record: Record, age: Duration) {
        self.object(names::record(record.sequence()), age);
        self.records.push(record);
    }

    /// The manifest that [`commit_at`] names for this checkpoint, referring to these files.
    fn manifest(&mut self, checkpoint: u64, files: &[u128], age: Duration) -> String {
        let object = self.object(names::manifest(id(checkpoint), 3, 0), age);
        let files = files.iter().map(|number| file(*number)).collect();
        let manifest = Manifest {
            checkpoint: id(checkpoint),
            files,
            ..manifest()
        };
        self.manifests.insert(object.clone(), manifest);
        object
    }

    fn log(&self) -> Log {
        Log::read(self.records.clone())
    }

    fn orphans(&self) -> Vec<(String, OrphanReason)> {
        let found = orphans(
            &self.listing,
            &self.log(),
            &self.manifests,
            cut_off(DAY, NOW),
        );
        let told = |it: alluvium_protocol::plan::orphans::Orphan| (it.listed.object, it.reason);
        found.unwrap().into_iter().map(told).collect()
    }
}

#[test]
fn each_orphan_has_its_reason_and_manifests_come_before_files() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), OLD);
    folder.manifest(2, &[10], OLD);
    folder.file(10, OLD);
    let shared = folder.file(11, OLD);
    let exclusive = folder.object(names::exclusive(id(9), 1, 0, FileId::new(5)), OLD);
    let uncommitted = folder.file(12, OLD);
    let manifest = folder.manifest(7, &[10, 12], OLD);

    let found = folder.orphans();

    let expected = [
        (manifest, OrphanReason::UncommittedManifest),
        (uncommitted, OrphanReason::UncommittedFile),
        (shared, OrphanReason::UnreferencedShared),
        (exclusive, OrphanReason::UnreferencedExclusive),
    ];
    assert_eq!(found, expected);
}

#[test]
fn young_objects_are_no_orphans_yet() {
    let mut folder = Folder::new();
    folder.file(1, DAY - Duration::from_millis(1));
    let old_enough = folder.file(2, DAY);
    // Storage's clock may run ahead of ours.
    folder.listing.push(Listed {
        object: file(3).object,
        bytes: 9,
        modified_unix_millis: NOW + 5_000,
    });

    assert_eq!(
        folder.orphans(),
        [(old_enough, OrphanReason::UnreferencedShared)]
    );
}

#[test]
fn unfinished_writes_are_orphans_unless_they_may_go_on_or_are_a_savepoints() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), OLD);
    folder.manifest(2, &[], OLD);
    let beside = folder.object(format!("{}#1", names::record(2)), OLD);
    let file = folder.object(format!("{}#12", file(3).object), OLD);
    folder.object(format!("{}#1", names::record(3)), YOUNG);
    // The rest of this checkpoint is still on its way.
    folder.manifest(9, &[], YOUNG);
    folder.object(format!("{}#1", names::manifest(id(9), 3, 1)), OLD);
    folder.object("savepoints/mine/COMMIT#1".to_owned(), OLD);
    folder.object("shared/notes#1".to_owned(), OLD);

    let unfinished = OrphanReason::Unfinished;
    assert_eq!(folder.orphans(), [(beside, unfinished), (file, unfinished)]);
}

#[test]
fn a_young_manifest_protects_old_files_that_no_checkpoint_refers_to_yet() {
    let mut folder = Folder::new();
    folder.file(10, OLD);
    folder.manifest(2, &[10], YOUNG);

    assert_eq!(folder.orphans(), []);
}

#[test]
fn a_checkpoint_of_which_anything_is_young_is_in_the_making() {
    let mut folder = Folder::new();
    let exclusive = |subtask, file| names::exclusive(id(2), 3, subtask, FileId::new(file));
    folder.manifest(2, &[10], OLD);
    folder.file(10, OLD);
    folder.object(exclusive(1, 5), OLD);
    folder.object(exclusive(1, 6), YOUNG);
    let of_another_attempt = names::exclusive(id(2), 4, 1, FileId::new(5));
    let of_another_attempt = folder.object(of_another_attempt, OLD);

    assert_eq!(
        folder.orphans(),
        [(of_another_attempt, OrphanReason::UnreferencedExclusive)]
    );
}

#[test]
fn a_record_that_does_not_count_goes_before_its_checkpoint_does() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), OLD);
    let manifest = folder.manifest(2, &[10], OLD);
    let object = folder.file(10, OLD);
    folder.record(fence_at(4, 5), OLD);
    folder.record(commit_at(5, 5, 4), OLD);
    folder.manifest(5, &[], OLD);

    let found = folder.orphans();

    let expected = [
        (names::record(1), OrphanReason::VoidRecord),
        (names::record(2), OrphanReason::VoidRecord),
        (manifest, OrphanReason::VoidManifest),
        (object, OrphanReason::UncommittedFile),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_young_record_that_does_not_count_keeps_its_checkpoint() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), YOUNG);
    folder.manifest(2, &[10], OLD);
    folder.file(10, OLD);
    // Written after the listing.
    folder.records.push(commit_at(3, 2, 2));
    folder.manifest(3, &[11], OLD);
    folder.file(11, OLD);
    folder.record(fence_at(5, 5), OLD);
    folder.record(commit_at(6, 5, 5), OLD);
    folder.manifest(6, &[], OLD);

    assert_eq!(
        folder.orphans(),
        [(names::record(1), OrphanReason::VoidRecord)]
    );
}

#[test]
fn records_that_count_savepoints_and_foreign_objects_are_never_orphans() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), OLD);
    folder.manifest(2, &[], OLD);
    for object in [
        format!("{}COMMIT", names::savepoint_prefix("mine").unwrap()),
        "shared/notes.txt".to_owned(),
        "README".to_owned(),
        // Not in the log that was read: it was pruned, or came later.
        names::record(77),
    ] {
        folder.object(object, DAY * 365);
    }

    assert_eq!(folder.orphans(), []);
}

#[test]
fn without_the_manifests_of_all_checkpoints_nothing_is_an_orphan() {
    let mut folder = Folder::new();
    folder.record(commit_at(2, 1, 1), OLD);
    folder.file(10, OLD);

    let error = orphans(&folder.listing, &folder.log(), &folder.manifests, NOW).unwrap_err();

    assert!(
        error.to_string().contains("nothing can be deleted safely"),
        "{error}"
    );
}

#[test]
fn behind_a_fence_the_youngest_goes_too() {
    let mut folder = Folder::new();
    let object = folder.file(10, Duration::ZERO);

    let found = orphans(&folder.listing, &folder.log(), &folder.manifests, i64::MAX);

    assert_eq!(found.unwrap()[0].listed.object, object);
}

/// One checkpoint of a random folder: its files, whether it was committed, and whether each of its objects is old.
type Made = (BTreeSet<u128>, bool, bool);

proptest! {
    #[test]
    fn what_a_checkpoint_needs_or_may_come_to_need_is_never_an_orphan(
        made in prop::collection::vec((prop::collection::btree_set(0u128..12, 0..6), any::<bool>(), any::<bool>()), 1..8),
        old_files in prop::collection::vec(any::<bool>(), 12),
    ) {
        let made: Vec<Made> = made;
        let age = |old: bool| if old { OLD } else { YOUNG };
        let mut folder = Folder::new();
        let mut sequence = 1;
        let mut needed = BTreeSet::new();
        for (checkpoint, (files, committed, old)) in (2..).zip(&made) {
            let files: Vec<u128> = files.iter().copied().collect();
            let object = folder.manifest(checkpoint, &files, age(*old));
            if *committed {
                sequence += 1;
                let mut commit: Commit = checkpoint_at(sequence, 1, 1);
                commit.checkpoint = id(checkpoint);
                commit.manifests[0].object = object.clone();
                folder.record(Record::Commit(commit), OLD);
            }
            if *committed || !*old {
                needed.insert(object);
                needed.extend(files.iter().map(|number| file(*number).object));
            }
        }
        for (number, old) in (0..).zip(&old_files) {
            folder.file(number, age(*old));
        }

        let found: BTreeSet<String> = folder.orphans().into_iter().map(|(object, _)| object).collect();

        let log = folder.log();
        let commits: Vec<&Commit> = log.checkpoints().collect();
        needed.extend(referenced(&commits, &folder.manifests).unwrap());
        for listed in &folder.listing {
            let young = listed.modified_unix_millis > cut_off(DAY, NOW);
            let record = listed.object.starts_with(names::record_prefix());
            let stays = young || record || needed.contains(&listed.object);
            prop_assert_eq!(!stays, found.contains(&listed.object), "{}", listed.object);
        }
    }
}
