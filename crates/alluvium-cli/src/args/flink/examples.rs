//! What the help texts of the commands on Flink's rows end with.

pub(super) const STATES: &str = "\
Examples:
  alluvium flink states /flink/savepoints/savepoint-0e6514-0ea1a2407061
  alluvium flink states s3://bucket/checkpoints/0e65142edda784814974acbe27be240c --operator keyed-all --count

Types are those of the serializers that the snapshot records: Map<String, Long>, Account{id: Integer, name: String}.
Timers that a task stored apart from its backend are told with --count alone.";

pub(super) const SCAN: &str = "\
Examples:
  alluvium flink scan /flink/savepoints/savepoint-0e6514-0ea1a2407061 --operator keyed-all --state totals --limit 10
  alluvium flink scan s3://bucket/checkpoints/0e65142edda784814974acbe27be240c/chk-51 | jq -c 'select(.kind == \"timer\")'
  alluvium flink scan chk-51 --remap file:/data/flink=/mnt/copy --key-groups 0-7 --output table

Lines have op, state, kind, kg (key group), key, ns (namespace, or null) and value, in the order of the files. Lists and
maps are written as they are read and never held. What cannot be read is told on stderr, the rest is printed, and the exit
code is 1.";

pub(super) const GET: &str = "\
Examples:
  alluvium flink get /flink/savepoints/savepoint-0e6514-0ea1a2407061 --operator keyed-all --key user-17
  alluvium flink get chk-51 --key user-17 --state window-contents --namespace '[0,60000]' --timestamps

Where the key is text or an integer, its key group alone is read, and of RocksDB's tables the key alone. Ends with 1 if the
key has no state.";

pub(super) const TIMERS: &str = "\
Examples:
  alluvium flink timers /flink/savepoints/savepoint-0e6514-0ea1a2407061
  alluvium flink timers chk-51 --operator keyed-all --before 2013-02-01T00:00:00Z --limit 100
  alluvium flink timers chk-51 --key user-17 --output json";

pub(super) const DIFF: &str = "\
Examples:
  alluvium flink diff /flink/checkpoints/0e65/chk-50 /flink/checkpoints/0e65/chk-51
  alluvium flink diff before-upgrade after-upgrade --operator keyed-all --state totals --entries
  alluvium flink diff old new --entries --output jsonl | jq .key

Ends with 0 if they are equal and with 1 if they differ. Any two snapshots are compared, of any backend, format and
parallelism. Operators are paired by id. Rows are sorted on the local disk (TMPDIR), one operator after the other, since
heaps have no order: memory stays below 100 MiB, the disk holds the rows of one operator of each. A list is one entry, whose
elements are compared one by one: `index` is the first that differs. When a value was accessed last is no part of it.";

pub(super) const EXPORT: &str = "\
Examples:
  alluvium flink export /flink/savepoints/savepoint-0e6514-0ea1a2407061 --state totals --to totals.csv
  alluvium flink export chk-51 --operator keyed-all --to state.parquet
  alluvium flink export chk-51 | jq -c 'select(.state == \"visits\")'

One row for each value, list element, map entry and timer, in the order of the files. CSV has a column for each field where
one state is exported whose values are objects of plain fields; other values are JSON text. There is no file if a row cannot be
read.";

pub(super) const VERIFY: &str = "\
Examples:
  alluvium flink verify /flink/savepoints/savepoint-0e6514-0ea1a2407061
  alluvium flink verify s3://bucket/checkpoints/0e65142edda784814974acbe27be240c/chk-51 --output json
  alluvium flink verify chk-51 --operator keyed-all --key-groups 0-63

Reads all files and decodes all rows, or those of the operators, states and key groups that are named. Ends with 1 if there is a
problem.";
