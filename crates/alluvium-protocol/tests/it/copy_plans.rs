//! A copy has all files, each once, and nothing in it leads back to where it came from.

use alluvium_protocol::ErrorKind;
use alluvium_protocol::catalog::names;
use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::{Manifest, SnapshotKind};
use alluvium_protocol::plan::copy::{CopyTarget, is_copy, plan_copy};

use crate::samples::{file, groups, id, manifest, manifest_of};

fn target() -> CopyTarget {
    CopyTarget {
        job: "flights-copy".to_owned(),
        attempt: 9,
        upload: 77,
    }
}

/// Two subtasks that share file 7.
fn snapshots() -> Vec<Manifest> {
    let mut first = manifest_of(0, groups(0, 63));
    first.files = vec![file(6), file(7)];
    vec![first, manifest()]
}

#[test]
fn every_file_comes_along_once_and_keeps_its_identity() {
    let snapshots = snapshots();

    let plan = plan_copy(&snapshots, &target()).unwrap();

    let from: Vec<&str> = plan.objects.iter().map(|it| it.from.as_str()).collect();
    let exclusive = names::exclusive(id(42), 3, 1, snapshots[1].files[1].id);
    assert_eq!(from, [&file(6).object, &file(7).object, &exclusive]);
    let to: Vec<&str> = plan.objects.iter().map(|it| it.to.as_str()).collect();
    let expected = [
        names::shared(file(6).id, 77),
        names::shared(file(7).id, 77),
        names::exclusive(id(42), 9, 1, snapshots[1].files[1].id),
    ];
    assert_eq!(to, expected);
    for (original, copy) in snapshots.iter().zip(&plan.manifests) {
        let ids = |manifest: &Manifest| manifest.files.iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(original), ids(copy));
    }
}

#[test]
fn the_copied_snapshots_are_the_new_jobs_own_and_refer_to_nothing_before() {
    let plan = plan_copy(&snapshots(), &target()).unwrap();

    for manifest in &plan.manifests {
        assert_eq!(
            (manifest.job.as_str(), manifest.attempt),
            ("flights-copy", 9)
        );
        assert_eq!(manifest.base, None);
        assert_eq!(manifest.bytes_referred(), 0);
        for file in &manifest.files {
            assert!(plan.objects.iter().any(|object| object.to == file.object));
        }
    }
}

#[test]
fn a_copy_is_known_again_whichever_run_made_it() {
    let snapshots = snapshots();
    let other = CopyTarget {
        attempt: 11,
        upload: 5,
        ..target()
    };

    let plan = plan_copy(&snapshots, &other).unwrap();

    assert!(is_copy(&snapshots[0], &plan.manifests[0]));
    assert!(!is_copy(&snapshots[1], &plan.manifests[0]));
    let mut less = plan.manifests[0].clone();
    less.files.pop();
    assert!(!is_copy(&snapshots[0], &less));
    let mut changed = plan.manifests[0].clone();
    changed.files[0].crc32c ^= 1;
    assert!(!is_copy(&snapshots[0], &changed));
}

#[test]
fn manifests_that_contradict_each_other_are_damage() {
    let mut contradicting = snapshots();
    contradicting[0].files[1] = FileRef {
        bytes: 1,
        ..file(7)
    };
    let mut of_one_subtask = snapshots();
    of_one_subtask[0].subtask = 1;

    for manifests in [contradicting, of_one_subtask] {
        let error = plan_copy(&manifests, &target()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}

#[test]
fn a_savepoint_is_copied_as_it_is_and_not_into_a_log() {
    let savepoint = Manifest {
        kind: SnapshotKind::Savepoint,
        ..manifest()
    };

    let error = plan_copy(&[savepoint], &target()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
}
