//! Rewriting savepoints for other key groups and wider keys: nothing is lost, and the source is as it was.

use std::path::{Path, PathBuf};

use alluvium::ValueState;
use alluvium_protocol::Result;
use alluvium_protocol::key::{EncodeKey, Key, KeyReader};
use alluvium_protocol::key_group::{KeyHash, flink_murmur};
use alluvium_protocol::shape::Shape;
use tempfile::TempDir;

use crate::command::{Ran, alluvium, files_below};
use crate::made::{
    ALARMS, PAGES, Size, VISITS, check_visitors, hundred, owns, restored, savepoint, visitors,
};

const TWO: Size = Size {
    groups: 16,
    parallelism: 2,
};

fn migrate(from: &Path, to: &Path, more: &[&str]) -> Ran {
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    let arguments = ["savepoint", "migrate-keys", from, to, "--output", "json"];
    alluvium(arguments.iter().chain(more))
}

fn places(directory: &TempDir) -> (PathBuf, PathBuf) {
    (directory.path().join("from"), directory.path().join("to"))
}

fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = files_below(directory).into_iter();
    files
        .map(|file| (file.clone(), std::fs::read(file).unwrap()))
        .collect()
}

#[test]
fn another_number_of_key_groups_keeps_every_row_and_the_source() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    visitors(&from, TWO, &hundred(), true);
    let before = contents(&from);

    let told = migrate(&from, &to, &["--max-parallelism", "300"])
        .ends_with(0)
        .json();

    assert_eq!(told["max_parallelism_before"], 16);
    assert_eq!(told["max_parallelism"], 300);
    assert_eq!(contents(&from), before);
    alluvium(["checkpoints", "verify", to.to_str().unwrap()]).ends_with(0);
    for parallelism in [1, 5] {
        let size = Size {
            groups: 300,
            parallelism,
        };
        check_visitors(&to, size, &hundred());
    }
}

#[test]
fn there_and_back_again_is_equal() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    let back = directory.path().join("back");
    visitors(&from, TWO, &hundred(), true);

    migrate(&from, &to, &["--max-parallelism", "1"]).ends_with(0);
    migrate(&to, &back, &["--max-parallelism", "16"]).ends_with(0);

    let (from, back) = (from.to_str().unwrap(), back.to_str().unwrap());
    alluvium(["checkpoints", "diff", from, back]).ends_with(0);
}

#[test]
fn a_wider_integer_finds_what_the_narrower_one_wrote() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    let keys = || [i32::MIN, -1, 0, 1, 77, i32::MAX].into_iter();
    savepoint::<(i32, String)>(&from, TWO, |backend| {
        let visits = backend.register(VISITS)?;
        let pages = backend.register(PAGES)?;
        let alarms = backend.register(ALARMS)?;
        for number in keys() {
            let key = (number, "a".to_owned());
            if owns(backend, &key) {
                let mut scope = backend.key(&key)?;
                scope.value(visits).set(&u64::from(number.unsigned_abs()))?;
                scope.list(pages).push(&format!("/{number}"))?;
                scope.timers(alarms).register(number.into())?;
            }
        }
        Ok(())
    });

    migrate(&from, &to, &["--key", "(i64, str)"]).ends_with(0);

    let mut fired = Vec::new();
    for mut backend in restored::<(i64, String)>(&to, &directory.path().join("work"), TWO) {
        let visits = backend.register(VISITS).unwrap();
        let pages = backend.register(PAGES).unwrap();
        let alarms = backend.register(ALARMS).unwrap();
        for number in keys() {
            let key = (i64::from(number), "a".to_owned());
            if owns(&backend, &key) {
                let mut scope = backend.key(&key).unwrap();
                let count = u64::from(number.unsigned_abs());
                assert_eq!(scope.value(visits).get().unwrap(), Some(count));
                assert_eq!(scope.list(pages).get().unwrap(), [format!("/{number}")]);
            }
        }
        while let Some(timer) = backend.due(alarms, i64::MAX).unwrap() {
            fired.push(timer.key.0);
        }
    }
    fired.sort_unstable();
    assert_eq!(fired, keys().map(i64::from).collect::<Vec<_>>());
}

#[test]
fn wider_namespaces_hold_what_the_narrower_ones_did() {
    const NARROW: ValueState<u64, (i32, String)> = ValueState::new("windows").namespaced();
    const WIDE: ValueState<u64, (i64, String)> = ValueState::new("windows").namespaced();
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    savepoint::<u32>(&from, TWO, |backend| {
        let (windows, visits) = (backend.register(NARROW)?, backend.register(VISITS)?);
        for key in 0..20 {
            if owns(backend, &key) {
                let mut scope = backend.key(&key)?;
                scope.value(visits).set(&1)?;
                scope
                    .within(&(-1, "a".to_owned()))
                    .value(windows)
                    .set(&key.into())?;
            }
        }
        Ok(())
    });

    let nobody = ["--namespace", "visitors=i64"];
    let nobody = migrate(&from, &to, &nobody).ends_with(2);
    migrate(&from, &to, &["--namespace", "windows=(i64, str)"]).ends_with(0);

    assert!(
        nobody.stderr.contains("no state `visitors`"),
        "{}",
        nobody.stderr
    );
    for mut backend in restored::<u32>(&to, &directory.path().join("work"), TWO) {
        let windows = backend.register(WIDE).unwrap();
        let visits = backend.register(VISITS).unwrap();
        for key in 0..20 {
            if owns(&backend, &key) {
                let mut scope = backend.key(&key).unwrap();
                assert_eq!(scope.value(visits).get().unwrap(), Some(1));
                let mut within = scope.within(&(-1_i64, "a".to_owned()));
                assert_eq!(within.value(windows).get().unwrap(), Some(key.into()));
            }
        }
    }
}

#[test]
fn keys_that_are_no_wider_integers_are_refused() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    visitors(&from, TWO, &hundred(), false);

    let refused = migrate(&from, &to, &["--key", "u64"]).ends_with(4);
    let no_type = migrate(&from, &to, &["--key", "f64"]).ends_with(2);
    migrate(&from, &to, &[]).ends_with(2);

    assert!(
        refused.stderr.contains("type str are not of type u64"),
        "{}",
        refused.stderr
    );
    assert!(
        no_type.stderr.contains("no type of a key"),
        "{}",
        no_type.stderr
    );
    assert!(!to.exists() || files_below(&to).is_empty());
}

/// A key with a hash of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Order(u32);

impl EncodeKey for Order {
    type Key = Self;

    fn encode_key(&self, out: &mut Vec<u8>) {
        self.0.encode_key(out);
    }
}

impl Key for Order {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        u32::decode_key(input).map(Self)
    }

    fn shape() -> Shape {
        Shape::U32
    }

    fn hash(encoded: &[u8]) -> KeyHash {
        flink_murmur(i32::from(encoded.last().copied().unwrap_or(0)))
    }
}

#[test]
fn keys_that_the_program_hashes_itself_are_refused_and_nothing_is_left() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    savepoint::<Order>(&from, TWO, |backend| {
        let visits = backend.register(VISITS)?;
        for number in 0..50 {
            if owns(backend, &Order(number)) {
                backend.key(&Order(number))?.value(visits).set(&1)?;
            }
        }
        Ok(())
    });

    let refused = migrate(&from, &to, &["--max-parallelism", "32"]).ends_with(4);

    assert!(
        refused.stderr.contains("hashes its keys itself"),
        "{}",
        refused.stderr
    );
    assert!(!to.exists() || files_below(&to).is_empty());
}

#[test]
fn a_damaged_source_and_a_taken_target_are_refused() {
    let directory = TempDir::new().unwrap();
    let (from, to) = places(&directory);
    visitors(&from, TWO, &hundred(), false);
    let taken = migrate(&from, &from, &["--max-parallelism", "32"]).ends_with(2);
    for file in files_below(&from) {
        if file
            .extension()
            .is_some_and(|extension| extension == "rows")
        {
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[40] ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
    }

    let damaged = migrate(&from, &to, &["--max-parallelism", "32"]).ends_with(1);

    assert!(taken.stderr.contains("never replaced"), "{}", taken.stderr);
    assert!(damaged.stderr.contains(".rows"), "{}", damaged.stderr);
    assert!(!to.exists() || files_below(&to).is_empty());
}
