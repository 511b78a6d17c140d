//! Access to state: kinds, sizes and budgets, each for its subjects.

use super::{Measurement, Program, Size, arguments, short};
use crate::names;

const MIB: u64 = 1 << 20;

/// One kind of state of one size within one budget.
struct Setting {
    kind: &'static str,
    rows: u64,
    value_bytes: u64,
    budget_bytes: u64,
    name: &'static str,
    cases: Vec<&'static str>,
    subjects: Vec<&'static str>,
    /// Rows that a fill of one key writes.
    entries: u64,
    /// How many states are filled, and read again when all is over.
    fills: u64,
}

pub(super) fn plan(size: Size) -> Vec<Measurement> {
    let settings = match size {
        Size::Quick => quick(),
        Size::Full => full(),
    };
    let each = settings.iter().flat_map(|setting| {
        let subjects = setting.subjects.iter();
        subjects.map(|subject| measurement(size, setting, subject))
    });
    each.collect()
}

fn quick() -> Vec<Setting> {
    use names::{ALLUVIUM, FLINK_HASH_MAP, FLINK_MANAGED, HASH_MAP, RAW_ROCKSDB};
    let three = [ALLUVIUM, FLINK_HASH_MAP, FLINK_MANAGED];
    let beyond = [
        ALLUVIUM,
        RAW_ROCKSDB,
        FLINK_MANAGED,
        names::FLINK_PARTITIONED,
    ];
    vec![
        values(
            500_000,
            &[ALLUVIUM, HASH_MAP, FLINK_HASH_MAP, FLINK_MANAGED],
        ),
        lists(100_000, &three),
        maps(50_000, &three),
        timers(200_000, &three),
        Setting {
            cases: [names::UNIFORM_CASES.as_slice(), &names::ZIPF_CASES].concat(),
            ..larger(500_000, 10, names::TEN_TIMES, &beyond)
        },
    ]
}

fn full() -> Vec<Setting> {
    use names::{ALLUVIUM, FLINK_HASH_MAP, FLINK_MANAGED, HASH_MAP};
    let access = [
        ALLUVIUM,
        HASH_MAP,
        names::RAW_ROCKSDB,
        names::FJALL,
        names::COBBLE,
        FLINK_HASH_MAP,
        FLINK_MANAGED,
        names::FLINK_DEFAULTS,
        names::FLINK_SPINNING,
    ];
    let states = [
        ALLUVIUM,
        HASH_MAP,
        FLINK_HASH_MAP,
        FLINK_MANAGED,
        names::FLINK_DEFAULTS,
    ];
    let mut access = access.to_vec();
    access.retain(|&subject| subject != names::COBBLE || super::COBBLE);
    // A heap holds what a budget does not: it has no place beyond it.
    let mut on_disk = access.clone();
    on_disk.retain(|&subject| subject != HASH_MAP && subject != FLINK_HASH_MAP);
    on_disk.push(names::FLINK_PARTITIONED);
    let mut settings = Vec::new();
    for rows in [500_000, 2_000_000] {
        settings.push(values(rows, &access));
        settings.push(larger(rows, 2, names::TWICE, &on_disk));
        settings.push(larger(rows, 10, names::TEN_TIMES, &on_disk));
    }
    settings.push(lists(500_000, &states));
    settings.push(maps(100_000, &states));
    settings.push(timers(500_000, &states));
    settings.push(ttl(500_000, &[FLINK_HASH_MAP, FLINK_MANAGED]));
    settings
}

fn values(rows: u64, subjects: &[&'static str]) -> Setting {
    Setting {
        kind: "value",
        rows,
        value_bytes: 8,
        // Memory for rows, and for as many again that `value/add` adds.
        budget_bytes: (rows * 1024).max(512 * MIB),
        name: names::INSIDE,
        cases: names::VALUE_CASES.to_vec(),
        subjects: subjects.to_vec(),
        entries: 1,
        fills: 2,
    }
}

/// Values that have `times` the bytes of the budget.
fn larger(rows: u64, times: u64, name: &'static str, subjects: &[&'static str]) -> Setting {
    let value_bytes = 504;
    Setting {
        value_bytes,
        budget_bytes: rows * (8 + value_bytes) / times,
        name,
        ..values(rows, subjects)
    }
}

fn lists(rows: u64, subjects: &[&'static str]) -> Setting {
    Setting {
        kind: "list",
        // A hundred elements are added to each list: 816 bytes a key.
        budget_bytes: (rows * 4096).max(512 * MIB),
        cases: names::LIST_CASES.to_vec(),
        fills: 4,
        ..values(rows, subjects)
    }
}

fn maps(rows: u64, subjects: &[&'static str]) -> Setting {
    Setting {
        kind: "map",
        budget_bytes: (rows * 8192).max(512 * MIB),
        cases: names::MAP_CASES.to_vec(),
        entries: 10,
        fills: 3,
        ..values(rows, subjects)
    }
}

fn timers(rows: u64, subjects: &[&'static str]) -> Setting {
    Setting {
        kind: "timers",
        cases: names::TIMER_CASES.to_vec(),
        ..values(rows, subjects)
    }
}

fn ttl(rows: u64, subjects: &[&'static str]) -> Setting {
    Setting {
        kind: "ttl",
        cases: names::TTL_CASES.to_vec(),
        ..values(rows, subjects)
    }
}

fn measurement(size: Size, setting: &Setting, subject: &str) -> Measurement {
    let (rounds, round_seconds) = size.rounds();
    let name = format!("{} keys, {}", short(setting.rows), setting.name);
    let java = subject.starts_with("flink-");
    Measurement {
        suite: "access",
        program: if java {
            Program::Flink("Access")
        } else {
            Program::Bench
        },
        subjects: vec![subject.to_owned()],
        title: format!("{}, {name}", setting.kind),
        arguments: arguments(&[
            ("kind", setting.kind.to_owned()),
            ("rows", setting.rows.to_string()),
            ("value-bytes", setting.value_bytes.to_string()),
            ("budget-bytes", setting.budget_bytes.to_string()),
            ("setting", name),
            ("rounds", rounds.to_string()),
            ("round-ms", format!("{:.0}", round_seconds * 1_000.0)),
            ("cases", setting.cases.join(",")),
        ]),
        seconds: estimate(setting, subject, rounds, round_seconds),
    }
}

/// Start, rounds with their warm-up, and every row written and read once for each state.
fn estimate(setting: &Setting, subject: &str, rounds: usize, round_seconds: f64) -> f64 {
    let java = subject.starts_with("flink-");
    let start = if java { 1.5 } else { 0.2 };
    let warm_up = if java { 2 } else { 1 };
    let measured = (setting.cases.len() * (rounds + warm_up)) as f64 * round_seconds;
    let pace = match subject {
        names::ALLUVIUM | names::HASH_MAP => 2e6,
        names::FLINK_HASH_MAP => 8e5,
        _ => 4e5,
    };
    // Rows that are read again from files cost several times as much as those in memory.
    let inside = setting.name == names::INSIDE;
    let pace = if inside { pace } else { f64::min(pace, 1e5) };
    let fills = if inside { setting.fills } else { 1 };
    let rows = (setting.rows * setting.entries * fills * 2) as f64;
    start + measured + rows / pace
}
