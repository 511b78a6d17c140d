//! Bytes of a snapshot's parts, counted from its handles.

use alluvium_flink::metadata::{
    Incremental, KeyedHandle, LocalFile, Operator, OperatorId, Scope, StreamHandle, Subtask,
    SubtaskState, Subtasks,
};
use alluvium_flink::snapshot::Sizes;
use alluvium_protocol::key_group::MaxParallelism;

fn file(uri: &str, length: Option<u64>) -> StreamHandle {
    let uri = uri.to_owned();
    StreamHandle::File { uri, length }
}

fn relative(path: &str, length: u64) -> StreamHandle {
    let (path, length) = (path.to_owned(), Some(length));
    StreamHandle::Relative { path, length }
}

fn segment(start: u64, length: u64, scope: Scope) -> StreamHandle {
    StreamHandle::Segment {
        uri: "s3://b/merged".to_owned(),
        start,
        length,
        scope,
        logical_file: "a".to_owned(),
    }
}

fn inline(bytes: &[u8]) -> StreamHandle {
    let (name, bytes) = ("m".to_owned(), bytes.into());
    StreamHandle::Inline { name, bytes }
}

fn handle(shared: Vec<StreamHandle>, private: Vec<StreamHandle>) -> KeyedHandle {
    let named = |streams: Vec<StreamHandle>| {
        let file = |(n, stream)| LocalFile {
            name: format!("{n}.sst"),
            stream,
        };
        (0..).zip(streams).map(file).collect()
    };
    KeyedHandle::Incremental(Incremental {
        checkpoint_id: 1,
        backend: "b".to_owned(),
        key_groups: None,
        account: None,
        meta: inline(b"meta"),
        shared: named(shared),
        private: named(private),
    })
}

#[test]
fn tables_outside_of_the_snapshots_folder_are_shared_and_others_are_not() {
    let handle = handle(
        vec![
            file("s3://b/1", Some(100)),
            relative("2", 20),
            inline(b"abc"),
            segment(0, 7, Scope::Shared),
            segment(7, 5, Scope::Exclusive),
        ],
        vec![file("s3://b/CURRENT", Some(1)), file("s3://b/x", None)],
    );

    let sizes = Sizes::of_handle(&handle);

    assert_eq!((sizes.inline_bytes, sizes.file_bytes), (7, 133));
    assert_eq!((sizes.files, sizes.unknown), (6, 1));
    assert_eq!((sizes.shared_bytes, sizes.exclusive_bytes()), (107, 33));
}

#[test]
fn a_file_that_two_subtasks_name_counts_once() {
    // As after a rescale: both took over the same files.
    let state = SubtaskState {
        keyed_managed: Some(handle(vec![file("s3://b/1", Some(100))], Vec::new())),
        ..SubtaskState::default()
    };
    let subtask = |index| Subtask {
        index,
        state: Some(state.clone()),
    };
    let operator = Operator {
        name: None,
        uid: None,
        id: OperatorId::of_uid("a"),
        parallelism: 2,
        max_parallelism: MaxParallelism::DEFAULT,
        coordinator: Some(inline(b"xy")),
        subtasks: Subtasks::Of(vec![subtask(0), subtask(1)]),
    };

    let sizes = Sizes::of_operator(&operator);

    assert_eq!(
        (sizes.files, sizes.file_bytes, sizes.shared_bytes),
        (1, 100, 100)
    );
    assert_eq!(sizes.inline_bytes, 2 + 2 * 4);
}
