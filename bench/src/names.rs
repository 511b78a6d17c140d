//! Names that measurements, plans and verdicts share: suites, subjects, cases, settings.
//!
//! Cases of `access` are those of `bench/flink/README.md`. What has no name here is in tables, but in no target.

/// Suites in the order in which they are measured and reported.
pub(crate) const SUITES: [&str; 7] = [
    "access",
    "workload",
    "checkpoint",
    "latency",
    "endurance",
    "recovery",
    "savepoint",
];

pub(crate) const ALLUVIUM: &str = "alluvium";
/// On the memory store, without a bound.
pub(crate) const ALLUVIUM_MEMORY: &str = "alluvium-memory";
/// In a job on Timely, with checkpoints.
pub(crate) const ALLUVIUM_TIMELY: &str = "alluvium-timely";
pub(crate) const ALLUVIUM_TIMELY_MEMORY: &str = "alluvium-timely-memory";
pub(crate) const HASH_MAP: &str = "hashmap";
pub(crate) const RAW_ROCKSDB: &str = "rocksdb";
pub(crate) const FJALL: &str = "fjall";
pub(crate) const COBBLE: &str = "cobble";
pub(crate) const FLINK_MANAGED: &str = "flink-rocksdb-managed";
/// Managed memory with partitioned index blocks: better where the budget is small (`bench/flink/README.md`).
pub(crate) const FLINK_PARTITIONED: &str = "flink-rocksdb-partitioned";
pub(crate) const FLINK_DEFAULTS: &str = "flink-rocksdb";
pub(crate) const FLINK_SPINNING: &str = "flink-rocksdb-spinhm";
pub(crate) const FLINK_HASH_MAP: &str = "flink-hashmap";
pub(crate) const FLINK_INGEST: &str = "flink-rocksdb-ingest";
pub(crate) const FLINK_DELETE_RANGE: &str = "flink-rocksdb-delrange";
pub(crate) const FLINK_INGEST_DELETE_RANGE: &str = "flink-rocksdb-ingest-delrange";
pub(crate) const FLINK_CANONICAL: &str = "flink-canonical";
pub(crate) const FLINK_NATIVE: &str = "flink-native";

/// Subjects in the order of columns and legends; others follow by name.
pub(crate) const SUBJECTS: [&str; 18] = [
    ALLUVIUM,
    ALLUVIUM_MEMORY,
    ALLUVIUM_TIMELY,
    ALLUVIUM_TIMELY_MEMORY,
    HASH_MAP,
    RAW_ROCKSDB,
    FJALL,
    COBBLE,
    FLINK_HASH_MAP,
    FLINK_MANAGED,
    FLINK_PARTITIONED,
    FLINK_DEFAULTS,
    FLINK_SPINNING,
    FLINK_INGEST,
    FLINK_DELETE_RANGE,
    FLINK_INGEST_DELETE_RANGE,
    FLINK_CANONICAL,
    FLINK_NATIVE,
];

/// Flink's ways of restoring incremental checkpoints: the best of them is compared.
pub(crate) const FLINK_RESTORES: [&str; 4] = [
    FLINK_DEFAULTS,
    FLINK_INGEST,
    FLINK_DELETE_RANGE,
    FLINK_INGEST_DELETE_RANGE,
];

/// Flink's RocksDB with managed memory: the better of both is compared.
pub(crate) const FLINK_BUDGETED: [&str; 2] = [FLINK_MANAGED, FLINK_PARTITIONED];

/// How the setting of a state ends that fits into the budget, and of states that are larger.
pub(crate) const INSIDE: &str = "inside the budget";
pub(crate) const TWICE: &str = "2x budget";
pub(crate) const TEN_TIMES: &str = "10x budget";

pub(crate) const VALUE_CASES: [&str; 8] = [
    "value/get",
    "value/get-missing",
    "value/update",
    "value/rmw-uniform",
    "value/rmw-zipf",
    "value/get-uniform",
    "value/get-zipf",
    "value/add",
];
pub(crate) const LIST_CASES: [&str; 6] = [
    "list/get",
    "list/get-and-iterate",
    "list/update",
    "list/append",
    "list/add-all",
    "list/add",
];
pub(crate) const MAP_CASES: [&str; 10] = [
    "map/get",
    "map/contains",
    "map/is-empty",
    "map/keys",
    "map/values",
    "map/entries",
    "map/update",
    "map/put-all",
    "map/remove",
    "map/add",
];
pub(crate) const TIMER_CASES: [&str; 2] = ["timers/add", "timers/poll"];
pub(crate) const TTL_CASES: [&str; 3] = ["ttl/value-get", "ttl/value-update", "ttl/value-rmw"];

/// Beyond the budget every key is as likely as any other: drawn, or each in its turn.
pub(crate) const UNIFORM_CASES: [&str; 4] = [
    "value/get",
    "value/update",
    "value/rmw-uniform",
    "value/get-uniform",
];
pub(crate) const ZIPF_CASES: [&str; 2] = ["value/rmw-zipf", "value/get-zipf"];
pub(crate) const RMW_CASES: [&str; 2] = ["value/rmw-uniform", "value/rmw-zipf"];

/// Old and new parallelism of a restore.
pub(crate) const SHAPES: [&str; 5] = ["1-1", "1-2", "2-1", "2-3", "3-2"];

/// All operations on state inside the buffer but those with a time to live: each is compared with Flink's.
pub(crate) fn inside_cases() -> impl Iterator<Item = &'static str> {
    let kinds: [&[&str]; 4] = [&VALUE_CASES, &LIST_CASES, &MAP_CASES, &TIMER_CASES];
    kinds.into_iter().flatten().copied()
}

/// Where a subject stands in [`SUBJECTS`].
pub(crate) fn rank(subject: &str) -> usize {
    let known = SUBJECTS.iter().position(|&name| name == subject);
    known.unwrap_or(SUBJECTS.len())
}
