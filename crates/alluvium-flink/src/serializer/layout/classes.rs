//! The classes of Flink's runtime, and what each writes.
//!
//! Names of fields are Java's. Vectors of all but Scala's are in `data/flink/serializers/runtime.jsonl`; Scala's layouts are from
//! the sources of Flink 1.20.

use super::{Class, Layout, Outer};

const fn class(snapshot: &'static str, name: &'static str, parts: usize, layout: Layout) -> Class {
    Class {
        snapshot,
        name,
        parts,
        outer: Outer::Nothing,
        declares_length: false,
        layout,
    }
}

const fn flagged(of: Class, since: i32, before: Option<i32>, with: bool) -> Class {
    Class {
        outer: Outer::Flag {
            since,
            before,
            with,
        },
        ..of
    }
}

/// Of Flink's base class for such serializers, which adds the parts' lengths.
const fn declaring(of: Class) -> Class {
    Class {
        declares_length: true,
        ..of
    }
}

const fn frameless(of: Class) -> Class {
    Class {
        outer: Outer::Frameless,
        ..of
    }
}

const PART: Layout = Layout::Part(0);
const SECOND: Layout = Layout::Part(1);
const THIRD: Layout = Layout::Part(2);

/// An event's place in a pattern, without and with the time of the event before.
const STATE: Layout = Layout::Fields(
    "ComputationState",
    &[
        ("currentStateName", Layout::Text),
        ("previousBufferEntry", SECOND),
        ("version", PART),
        ("startTimestamp", Layout::Long),
        ("startEventID", Layout::Optional(&THIRD)),
    ],
);
const STATE_WITH_PREVIOUS: Layout = Layout::Fields(
    "ComputationState",
    &[
        ("currentStateName", Layout::Text),
        ("previousBufferEntry", SECOND),
        ("version", PART),
        ("startTimestamp", Layout::Long),
        ("previousTimestamp", Layout::Long),
        ("startEventID", Layout::Optional(&THIRD)),
    ],
);
const NFA: &str = "cep.nfa.NFAStateSerializerSnapshot";

/// A transaction of a sink, and when it began.
const TRANSACTION: Layout = Layout::Fields(
    "TransactionHolder",
    &[("handle", PART), ("transactionStartTime", Layout::Long)],
);
const SINK: Layout = Layout::Fields(
    "State",
    &[
        ("pendingTransaction", TRANSACTION),
        ("pendingCommitTransactions", Layout::List(&TRANSACTION)),
        ("context", Layout::Optional(&SECOND)),
    ],
);
const SINK_WITH_NULL: Layout = Layout::Fields(
    "State",
    &[
        ("pendingTransaction", Layout::Optional(&TRANSACTION)),
        ("pendingCommitTransactions", Layout::List(&TRANSACTION)),
        ("context", Layout::Optional(&SECOND)),
    ],
);
const SINKS: [&str; 2] = [
    "streaming.api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerSnapshot",
    "streaming.api.functions.sink.legacy.TwoPhaseCommitSinkFunction$StateSerializerSnapshot",
];

const fn sink(snapshot: &'static str, with: bool) -> Class {
    let layout = if with { SINK_WITH_NULL } else { SINK };
    // Before its flag was recorded, version 3 always had it.
    let class = class(snapshot, "TwoPhaseCommit", 2, layout);
    flagged(class, 4, Some(3), with)
}

const TWO_LONGS: [&str; 2] = [
    "table.runtime.sequencedmultisetstate.linked.MetaSqnInfoSerializer$MetaSqnInfoSerializerSnapshot",
    "table.runtime.sequencedmultisetstate.linked.RowSqnInfoSerializer$RowSqnInfoSerializerSnapshot",
];

pub(super) static CLASSES: &[Class] = &[
    class(
        "streaming.api.datastream.CoGroupedStreams$UnionSerializerSnapshot",
        "Union",
        2,
        Layout::Tagged("Union", &[(1, "One", Some(PART)), (2, "Two", Some(SECOND))]),
    ),
    class(
        "streaming.api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot",
        "BufferEntry",
        1,
        Layout::Fields(
            "BufferEntry",
            &[("hasBeenJoined", Layout::Bool), ("element", PART)],
        ),
    ),
    class(
        "streaming.runtime.streamrecord.StreamElementSerializer$StreamElementSerializerSnapshot",
        "StreamElement",
        1,
        Layout::Tagged(
            "StreamElement",
            &[
                (
                    0,
                    "TimestampedRecord",
                    Some(Layout::Fields(
                        "StreamRecord",
                        &[("timestamp", Layout::Long), ("value", PART)],
                    )),
                ),
                (1, "Record", Some(PART)),
                (2, "Watermark", Some(Layout::Long)),
                (
                    3,
                    "LatencyMarker",
                    Some(Layout::Fields(
                        "LatencyMarker",
                        &[
                            ("markedTime", Layout::Long),
                            ("operatorLower", Layout::Long),
                            ("operatorUpper", Layout::Long),
                            ("subtaskIndex", Layout::Int),
                        ],
                    )),
                ),
                (4, "WatermarkStatus", Some(Layout::Int)),
                (5, "RecordAttributes", Some(Layout::Bool)),
                (
                    6,
                    "InternalWatermark",
                    Some(Layout::Fields(
                        "InternalWatermark",
                        &[
                            ("subpartitionIndex", Layout::Int),
                            ("timestamp", Layout::Long),
                        ],
                    )),
                ),
            ],
        ),
    ),
    sink(SINKS[0], true),
    sink(SINKS[0], false),
    sink(SINKS[1], true),
    sink(SINKS[1], false),
    class(
        "table.dataview.NullAwareMapSerializerSnapshot",
        "NullAwareMap",
        2,
        Layout::Map(&Layout::Nullable(&PART), &Layout::Nullable(&SECOND)),
    ),
    class(
        "table.runtime.typeutils.WindowKeySerializer$WindowKeySerializerSnapshot",
        "WindowKey",
        1,
        Layout::Fields("WindowKey", &[("window", Layout::Long), ("key", PART)]),
    ),
    declaring(class(
        TWO_LONGS[0],
        "MetaSqnInfo",
        2,
        Layout::Fields("MetaSqnInfo", &[("highSqn", PART), ("size", SECOND)]),
    )),
    declaring(class(
        TWO_LONGS[1],
        "RowSqnInfo",
        2,
        Layout::Fields("RowSqnInfo", &[("firstSqn", PART), ("lastSqn", SECOND)]),
    )),
    declaring(class(
        "table.runtime.sequencedmultisetstate.linked.NodeSerializer$NodeSerializerSnapshot",
        "Node",
        6,
        Layout::Fields(
            "Node",
            &[
                ("row", PART),
                ("seqNo", SECOND),
                ("prevSeqNo", THIRD),
                ("nextSeqNo", Layout::Part(3)),
                ("nextSeqNoForRecord", Layout::Part(4)),
                ("timestamp", Layout::Part(5)),
            ],
        ),
    )),
    frameless(class(
        "cep.nfa.DeweyNumber$DeweyNumberSerializer$DeweyNumberSerializerSnapshot",
        "DeweyNumber",
        0,
        Layout::List(&Layout::Int),
    )),
    frameless(declaring(class(
        "cep.nfa.sharedbuffer.EventId$EventIdSerializer$EventIdSerializerSnapshot",
        "EventId",
        0,
        Layout::Fields(
            "EventId",
            &[("id", Layout::Int), ("timestamp", Layout::Long)],
        ),
    ))),
    class(
        "cep.nfa.sharedbuffer.NodeId$NodeIdSerializer$NodeIdSerializerSnapshot",
        "NodeId",
        1,
        Layout::Optional(&Layout::Fields(
            "NodeId",
            &[("eventId", PART), ("pageName", Layout::Text)],
        )),
    ),
    class(
        "cep.nfa.sharedbuffer.SharedBufferEdge$SharedBufferEdgeSerializer$SharedBufferEdgeSerializerSnapshot",
        "SharedBufferEdge",
        2,
        Layout::Fields(
            "SharedBufferEdge",
            &[("target", PART), ("deweyNumber", SECOND)],
        ),
    ),
    class(
        "cep.nfa.sharedbuffer.SharedBufferNodeSerializerSnapshotV2",
        "SharedBufferNode",
        1,
        Layout::List(&Layout::Fields(
            "Lockable",
            &[("refCounter", Layout::Int), ("element", PART)],
        )),
    ),
    class(
        "cep.nfa.sharedbuffer.LockableTypeSerializerSnapshot",
        "Lockable",
        1,
        Layout::Fields(
            "Lockable",
            &[("refCounter", Layout::Int), ("element", PART)],
        ),
    ),
    flagged(
        class(
            NFA,
            "NFAState",
            3,
            Layout::Fields(
                "NFAState",
                &[
                    ("partialMatches", Layout::List(&STATE_WITH_PREVIOUS)),
                    ("completedMatches", Layout::List(&STATE_WITH_PREVIOUS)),
                ],
            ),
        ),
        2,
        None,
        true,
    ),
    flagged(
        class(
            NFA,
            "NFAState",
            3,
            Layout::Fields(
                "NFAState",
                &[
                    ("partialMatches", Layout::List(&STATE)),
                    ("completedMatches", Layout::List(&STATE)),
                ],
            ),
        ),
        2,
        None,
        false,
    ),
    class(
        "api.scala.typeutils.ScalaOptionSerializerSnapshot",
        "Option",
        1,
        Layout::Tagged("Option", &[(0, "None", None), (1, "Some", Some(PART))]),
    ),
    class(
        "api.scala.typeutils.ScalaTrySerializerSnapshot",
        "Try",
        2,
        Layout::Tagged(
            "Try",
            &[(0, "Failure", Some(SECOND)), (1, "Success", Some(PART))],
        ),
    ),
    Class {
        outer: Outer::Text,
        ..class(
            "api.scala.typeutils.TraversableSerializerSnapshot",
            "Traversable",
            1,
            Layout::List(&Layout::Optional(&PART)),
        )
    },
];
