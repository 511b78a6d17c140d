//! What is scanned of a real snapshot is what Flink's own backends read of it.

use std::path::Path;

use alluvium_flink::ErrorKind;
use alluvium_flink::metadata::{KeyedHandle, StreamHandle, SubtaskState};
use alluvium_flink::scan::Selection;

use crate::{lines, snapshots};

/// States with values that only Flink can read: of Kryo, and of a subclass that the snapshot does not describe. They are
/// shown as bytes; in the heap's form, where a value's end cannot be told, a key group cannot be read on behind them.
const OPAQUE: [&str; 2] = ["kryo", "pojo"];

#[test]
fn every_snapshot_has_the_rows_that_flink_reads() {
    let folders = snapshots::folders();
    let differences = folders.iter().filter_map(|folder| difference(folder));
    let differences: Vec<String> = differences.collect();

    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How the rows of a snapshot differ from what Flink reads.
fn difference(folder: &Path) -> Option<String> {
    let (expected, uids) = lines::expected(&lines::expected_of(folder));
    let snapshot = lines::open(folder);

    let (told, report) = lines::scanned(&snapshot, &Selection::default(), &uids);

    let name = folder.display();
    let is_cut_off = report.problems.iter().any(|problem| {
        let state = problem.state.as_deref();
        let is_opaque = state.is_some_and(|state| OPAQUE.contains(&state));
        is_opaque && problem.error.kind() == ErrorKind::Incompatible
    });
    if !report.is_clean() && !is_cut_off {
        return Some(format!("{name}: {:#?}", report.problems));
    }
    let mut heads: Vec<&str> = told.iter().filter_map(|line| bytes_of(line)).collect();
    heads.sort_unstable();
    let readable = |lines: &[String]| {
        let line = |line: &String| match line.split_once(",\"value\":") {
            Some((head, _)) if heads.binary_search(&head).is_ok() => head.to_owned(),
            _ => line.clone(),
        };
        let mut lines: Vec<String> = lines.iter().map(line).collect();
        lines.sort();
        lines
    };
    let (told, expected) = (readable(&told), readable(&expected));
    let missing = expected.iter().find(|line| !told.contains(line));
    let extra = told.iter().find(|line| !expected.contains(line));
    let is_same = extra.is_none() && (is_cut_off || told == expected);
    (!is_same).then(|| format!("{name}:\n  Flink {missing:?}\n  here  {extra:?}"))
}

/// What is before the value, of a line whose value is shown as bytes because it cannot be read.
fn bytes_of(line: &str) -> Option<&str> {
    let (head, value) = line.split_once(",\"value\":")?;
    let is_opaque = OPAQUE
        .iter()
        .any(|state| head.contains(&format!("\"state\":\"{state}\"")));
    (is_opaque && value.starts_with("\"0x")).then_some(head)
}

#[test]
fn a_selection_narrows_a_scan_to_an_operator_states_key_groups_and_a_key() {
    for folder in snapshots::folders() {
        let (expected, uids) = lines::expected(&lines::expected_of(&folder));
        if !uids.iter().any(|uid| uid == "keyed-all") {
            continue;
        }
        let snapshot = lines::open(&folder);
        let Some(line) = expected
            .iter()
            .find(|line| line.contains("\"state\":\"map-string-long\""))
        else {
            continue;
        };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let selection = Selection {
            operators: vec!["keyed-all".into()],
            states: vec!["map-string-long".into()],
            key: Some(line["key"].as_str().unwrap().to_owned()),
            ..Selection::default()
        };
        let group = u16::try_from(line["kg"].as_u64().unwrap()).unwrap();
        let one = alluvium_protocol::key_group::KeyGroupRange::new(group, group).unwrap();
        let in_group = Selection {
            operators: vec!["keyed-all".into()],
            key_groups: Some(one),
            ..Selection::default()
        };

        let (told, _) = lines::scanned(&snapshot, &selection, &uids);
        let (told_group, _) = lines::scanned(&snapshot, &in_group, &uids);

        assert_eq!(told, [line.to_string()], "{}", folder.display());
        let is_of_group = |line: &&String| {
            line.contains(&format!("\"kg\":{group},")) && line.contains("\"op\":\"keyed-all\"")
        };
        let expected: Vec<&String> = expected.iter().filter(is_of_group).collect();
        assert_eq!(told_group.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_state_that_is_not_there_is_told_with_those_that_are() {
    let folders = snapshots::folders();
    let snapshot = lines::open(folders.first().unwrap());
    let selection = Selection {
        states: vec!["value-longg".into()],
        ..Selection::default()
    };

    let error = alluvium_flink::scan::scan(
        &snapshot,
        &selection,
        &mut |_: &alluvium_flink::scan::Place<'_>, _: &alluvium_flink::scan::Row| {
            Ok(std::ops::ControlFlow::Continue(()))
        },
    )
    .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("value-long"), "{error}");
}

#[test]
fn every_snapshot_is_whole() {
    for folder in snapshots::folders() {
        let snapshot = lines::open(&folder);

        let verified = alluvium_flink::verify::verify(&snapshot).unwrap();

        let unexpected = verified.report.problems.iter().find(|problem| {
            let state = problem.state.as_deref();
            !state.is_some_and(|state| OPAQUE.contains(&state))
        });
        assert!(unexpected.is_none(), "{}: {unexpected:?}", folder.display());
        assert!(verified.report.rows() > 0);
        assert!(verified.bytes > 0 && verified.streams > 0);
    }
}

#[test]
fn a_value_that_only_kryo_reads_ends_its_key_group_alone_and_the_rest_is_measured() {
    let folders = snapshots::folders();
    let folder = folders
        .iter()
        .find(|folder| folder.ends_with("kinds-native-heap"))
        .unwrap();
    let snapshot = lines::open(folder);

    let (told, scanned) = lines::scanned(&snapshot, &Selection::default(), &[]);
    let verified = alluvium_flink::verify::verify(&snapshot).unwrap();

    for report in [&scanned, &verified.report] {
        let groups: std::collections::BTreeSet<_> = report
            .problems
            .iter()
            .map(|problem| problem.key_group.unwrap())
            .collect();
        assert!(groups.len() > 1, "{groups:?}");
        for problem in &report.problems {
            let message = problem.to_string();
            assert_eq!(problem.error.kind(), ErrorKind::Incompatible);
            assert!(problem.state.is_some(), "{message}");
            assert!(message.contains("its last "), "{message}");
            assert!(message.contains("Kinds$"), "{message}");
        }
    }
    // States before the one that cannot be read, of more than one key group.
    let groups: std::collections::BTreeSet<_> = told
        .iter()
        .filter_map(|line| line.split("\"kg\":").nth(1)?.split(',').next())
        .collect();
    assert!(groups.len() > 1, "{groups:?}");
}

#[test]
fn a_checkpoint_of_a_changelog_alone_shows_nothing_and_names_the_setting() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features/changelog");
    let snapshot = lines::open(&folder);

    let (told, scanned) = lines::scanned(&snapshot, &Selection::default(), &[]);
    let verified = alluvium_flink::verify::verify(&snapshot).unwrap();

    assert!(told.is_empty(), "{told:?}");
    for report in [&scanned, &verified.report] {
        let [problem] = &report.problems[..] else {
            panic!("{:?}", report.problems);
        };
        let message = problem.to_string();
        assert_eq!(problem.error.kind(), ErrorKind::Incompatible);
        assert!(message.contains("tuple-keys, subtask 0"), "{message}");
        assert!(message.contains("state.changelog.enabled"), "{message}");
    }
}

/// Real snapshots of features that other tests of all snapshots cannot take: Flink's programs here do not move merged files, and
/// records in flight are not rewritten.
#[test]
fn merged_files_and_records_in_flight_hinder_no_scan() {
    let features = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features");
    for name in ["merged-heap", "merged-rocksdb", "unaligned-heap"] {
        let mut job = std::fs::read_dir(features.join(name).join("checkpoints")).unwrap();
        let folder = job.next().unwrap().unwrap().path().join("chk-2");
        let (mut expected, uids) = lines::expected(&features.join(format!("{name}.jsonl.gz")));
        let snapshot = lines::open(&folder);
        let operators = snapshot.operators().iter();
        let subtasks = operators.flat_map(alluvium_flink::metadata::Operator::subtasks);
        let states = subtasks.filter_map(|subtask| subtask.state.as_ref());
        let has_feature = |state: &SubtaskState| {
            let parts = state.keyed_managed.iter().flat_map(KeyedHandle::parts);
            let mut streams = parts.map(|part| part.stream);
            !state.inputs.is_empty()
                || streams.any(|stream| matches!(stream, StreamHandle::Segment { .. }))
        };

        let (mut told, report) = lines::scanned(&snapshot, &Selection::default(), &uids);
        let verified = alluvium_flink::verify::verify(&snapshot).unwrap();

        assert!(states.into_iter().any(has_feature), "{name}");
        assert!(report.is_clean(), "{name}: {:?}", report.problems);
        assert!(verified.report.is_clean(), "{name}");
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{name}");
    }
}
