//! Made-up metadata: whatever a version can hold is read back as it was written.

mod handles;

use alluvium_flink::ErrorKind;
use alluvium_flink::metadata::{
    ChannelPlace, MasterState, Metadata, Operator, OperatorId, Properties, Subtask, SubtaskState,
    Subtasks, Version,
};
use alluvium_protocol::key_group::MaxParallelism;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use handles::{bytes, channel, keyed, operator_state, stream, text};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_back(metadata in metadata()) {
        let bytes = metadata.write().unwrap();

        let read = Metadata::read(&bytes, "_metadata").unwrap();

        prop_assert_eq!(&read, &metadata);
        prop_assert_eq!(read.write().unwrap(), bytes);
    }

    #[test]
    fn records_of_several_channels_are_refused_before_version_6(mut metadata in metadata()) {
        metadata.version = Version::V5;
        let channels = metadata.operators.iter().flat_map(Operator::subtasks);
        let channels = channels.filter_map(|subtask| subtask.state.as_ref());
        let several = channels.flat_map(|state| state.inputs.iter().chain(&state.outputs))
            .any(|channel| matches!(channel.place, ChannelPlace::Several { .. }));

        let written = metadata.write();

        prop_assert_eq!(written.err().map(|error| error.kind()), several.then_some(ErrorKind::Invalid));
    }
}

fn metadata() -> impl Strategy<Value = Metadata> {
    prop_oneof![Just(Version::V4), Just(Version::V5), Just(Version::V6)].prop_flat_map(|version| {
        let properties = prop_oneof![
            Just(Properties::checkpoint()),
            Just(Properties::canonical_savepoint()),
            Just(Properties::native_savepoint())
        ];
        let id = 0..u64::MAX / 2;
        (
            id,
            vec(master(), 0..2),
            vec(operator(version), 0..4),
            properties,
        )
            .prop_map(
                move |(checkpoint_id, masters, operators, properties)| Metadata {
                    version,
                    checkpoint_id,
                    masters,
                    operators,
                    properties: Some(properties),
                },
            )
    })
}

fn master() -> impl Strategy<Value = MasterState> {
    (text(), any::<i32>(), bytes()).prop_map(|(name, version, bytes)| MasterState {
        name,
        version,
        bytes,
    })
}

fn operator(version: Version) -> impl Strategy<Value = Operator> {
    let named = version >= Version::V5;
    let name = move || option::of(".{1,9}").prop_map(move |name| name.filter(|_| named));
    let max = 1..=32_768_u32;
    (
        name(),
        name(),
        any::<[u8; 16]>(),
        max,
        option::of(stream()),
        any::<u32>(),
    )
        .prop_flat_map(move |(name, uid, id, max, coordinator, some)| {
            let parallelism = 1 + some % max;
            let subtask = (0..parallelism, option::weighted(0.8, state(version)))
                .prop_map(|(index, state)| Subtask { index, state });
            let subtasks = prop_oneof![
                1 => Just(Subtasks::Finished),
                5 => vec(subtask, 0..3).prop_map(Subtasks::Of),
            ];
            subtasks.prop_map(move |subtasks| Operator {
                name: name.clone(),
                uid: uid.clone(),
                id: OperatorId::new(id),
                parallelism,
                max_parallelism: MaxParallelism::new(max).unwrap(),
                coordinator: coordinator.clone(),
                subtasks,
            })
        })
}

fn state(version: Version) -> impl Strategy<Value = SubtaskState> {
    let channels = move || vec(channel(version), 0..2);
    (
        option::of(operator_state()),
        option::of(operator_state()),
        option::of(keyed()),
        option::of(keyed()),
        channels(),
        channels(),
    )
        .prop_map(
            |(operator_managed, operator_raw, keyed_managed, keyed_raw, inputs, outputs)| {
                SubtaskState {
                    operator_managed,
                    operator_raw,
                    keyed_managed,
                    keyed_raw,
                    inputs,
                    outputs,
                }
            },
        )
}
