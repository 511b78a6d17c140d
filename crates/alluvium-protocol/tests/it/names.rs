//! Names of objects: each object has one, and each name is read back to what it was made from.

use alluvium_protocol::catalog::names::{self, ObjectName, SavepointObject};
use alluvium_protocol::file::FileId;
use alluvium_protocol::manifest::CheckpointId;
use proptest::prelude::*;

fn name() -> impl Strategy<Value = ObjectName> {
    let subtask_file = (any::<u64>(), any::<u64>(), any::<u32>(), any::<u128>());
    let in_savepoint = prop_oneof![
        Just(SavepointObject::Commit),
        any::<(u64, u32)>()
            .prop_map(|(attempt, subtask)| SavepointObject::Manifest { attempt, subtask }),
        any::<(u64, u32, u32)>().prop_map(|(attempt, subtask, part)| SavepointObject::Rows {
            attempt,
            subtask,
            part
        }),
    ];
    prop_oneof![
        any::<u64>().prop_map(|sequence| ObjectName::Record { sequence }),
        any::<(u64, u64, u32)>().prop_map(|(checkpoint, attempt, subtask)| {
            ObjectName::Manifest {
                checkpoint: CheckpointId::new(checkpoint),
                attempt,
                subtask,
            }
        }),
        subtask_file.prop_map(
            |(checkpoint, attempt, subtask, file)| ObjectName::Exclusive {
                checkpoint: CheckpointId::new(checkpoint),
                attempt,
                subtask,
                file: FileId::new(file),
            }
        ),
        any::<(u128, u128)>().prop_map(|(file, upload)| ObjectName::Shared {
            file: FileId::new(file),
            upload
        }),
        ("[a-z -]{1,9}", in_savepoint)
            .prop_map(|(savepoint, object)| ObjectName::Savepoint { savepoint, object }),
    ]
}

proptest! {
    #[test]
    fn a_name_is_read_back_to_what_it_was_made_from(name in name()) {
        prop_assert_eq!(name.to_string().parse::<ObjectName>().unwrap(), name);
    }

    #[test]
    fn what_is_read_is_the_only_spelling(text in "(commits|checkpoints|shared)/[0-9a-f+]{1,33}[-/]?[0-9-]{0,5}(/|.manifest)?[0-9a-f]{0,33}") {
        if let Ok(name) = text.parse::<ObjectName>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn records_sort_like_their_numbers(one: u64, other: u64) {
        prop_assert_eq!(names::record(one).cmp(&names::record(other)), one.cmp(&other));
    }
}

#[test]
fn names_are_these_for_ever() {
    let (checkpoint, file) = (CheckpointId::new(42), FileId::new(0xabc));

    assert_eq!(names::record(7), "commits/00000000000000000007");
    assert_eq!(
        names::manifest(checkpoint, 3, 1),
        "checkpoints/42/3-1.manifest"
    );
    assert_eq!(
        names::exclusive(checkpoint, 3, 1, file),
        "checkpoints/42/3-1/00000000000000000000000000000abc"
    );
    assert_eq!(
        names::shared(file, 1),
        "shared/00000000000000000000000000000abc-00000000000000000000000000000001"
    );
    assert_eq!(
        names::savepoint_prefix("before upgrade").unwrap(),
        "savepoints/before upgrade/"
    );
}

#[test]
fn other_spellings_and_foreign_names_are_nobodys() {
    for name in [
        "",
        "commits/7",
        "commits/+0000000000000000007",
        "commits/99999999999999999999",
        "commits/000000000000000000070",
        "checkpoints/042/3-1.manifest",
        "checkpoints/42/+3-1.manifest",
        "checkpoints/42/3-1",
        "checkpoints/42/3-1/abc",
        "shared/abc",
        "shared/00000000000000000000000000000ABC-00000000000000000000000000000001",
        "savepoints/a/b/COMMIT",
        "savepoints/../COMMIT",
        "savepoints//COMMIT",
        "README",
    ] {
        assert!(name.parse::<ObjectName>().is_err(), "{name}");
    }
}

#[test]
fn a_savepoint_cannot_be_named_out_of_its_folder() {
    for name in ["", ".", "..", "a/b", "a\\b"] {
        assert!(names::savepoint_prefix(name).is_err(), "{name}");
    }
}

#[test]
fn names_stay_below_their_prefixes() {
    let manifest = names::manifest(CheckpointId::new(4), 1, 0);

    assert!(manifest.starts_with(&names::checkpoint_prefix(CheckpointId::new(4))));
    assert!(names::record(4).starts_with(names::record_prefix()));
}
