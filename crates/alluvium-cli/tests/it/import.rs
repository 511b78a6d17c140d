//! Imports: what was exported is a savepoint again, and a bad line leaves nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alluvium::codec::MsgPackNamed;
use alluvium::{ListState, MapState, ProcessingTimers, ValueState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::command::{Ran, alluvium, files_below};
use crate::made::{Size, check_visitors, hundred, owns, savepoint, visitors};

const TWO: Size = Size {
    groups: 16,
    parallelism: 2,
};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn export(from: &Path) -> String {
    alluvium(["export", text(from)]).ends_with(0).stdout
}

fn import(lines: &Path, like: &Path, to: &Path, more: &[&str]) -> Ran {
    let arguments = [
        "state",
        "import",
        text(lines),
        "--like",
        text(like),
        "--to",
        text(to),
    ];
    alluvium(arguments.iter().chain(more))
}

/// A savepoint of a hundred visitors, and a file with their lines.
fn exported(directory: &TempDir) -> (PathBuf, PathBuf) {
    let (from, lines) = (
        directory.path().join("from"),
        directory.path().join("all.jsonl"),
    );
    visitors(&from, TWO, &hundred(), true);
    std::fs::write(&lines, export(&from)).unwrap();
    (from, lines)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Seen,
    At(i64, Option<u8>),
    Left { page: String, ratio: f32 },
    Again(Option<Box<Self>>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Profile {
    name: String,
    age: Option<u8>,
    events: Vec<Event>,
    counts: BTreeMap<i16, f64>,
    big: u128,
}

const PROFILES: ValueState<Profile> = ValueState::new("profiles");
const NAMED: MapState<(u8, Option<String>), Profile, (), MsgPackNamed> =
    MapState::new("named").codec();
const EVENTS: ListState<Event, Option<i32>> = ListState::new("events").namespaced();
const CLOCK: ProcessingTimers<(String, bool)> = ProcessingTimers::new("clock").namespaced();

fn event() -> impl Strategy<Value = Event> {
    let leaf = prop_oneof![
        Just(Event::Seen),
        any::<(i64, Option<u8>)>().prop_map(|(at, by)| Event::At(at, by)),
        any::<(String, f32)>().prop_map(|(page, ratio)| Event::Left { page, ratio }),
        Just(Event::Again(None)),
    ];
    leaf.prop_recursive(2, 3, 1, |inner| {
        inner.prop_map(|event| Event::Again(Some(Box::new(event))))
    })
}

fn profile() -> impl Strategy<Value = Profile> {
    let events = prop::collection::vec(event(), 0..3);
    let counts = prop::collection::btree_map(any::<i16>(), any::<f64>(), 0..3);
    (any::<(String, Option<u8>, u128)>(), events, counts).prop_map(
        |((name, age, big), events, counts)| Profile {
            name,
            age,
            events,
            counts,
            big,
        },
    )
}

#[test]
fn what_was_exported_imported_and_exported_is_what_it_was() {
    let config = Config {
        cases: 8,
        failure_persistence: None,
        ..Config::default()
    };
    let profiles = prop::collection::btree_map(any::<(i64, String)>(), profile(), 1..12);
    let tested = TestRunner::new(config).run(&profiles, |profiles| {
        let directory = TempDir::new().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        savepoint::<(i64, String)>(&from, TWO, |backend| {
            let single = backend.register(PROFILES)?;
            let named = backend.register(NAMED)?;
            let events = backend.register(EVENTS)?;
            let clock = backend.register(CLOCK)?;
            for (key, profile) in &profiles {
                if !owns(backend, key) {
                    continue;
                }
                let mut scope = backend.key(key)?;
                scope.value(single).set(profile)?;
                scope.map(named).insert(&(3_u8, None::<String>), profile)?;
                scope
                    .map(named)
                    .insert(&(3_u8, Some(profile.name.clone())), profile)?;
                for namespace in [None, Some(-1)] {
                    let mut within = scope.within(&namespace);
                    within.list(events).set(&profile.events)?;
                }
                let mut within = scope.within(&(profile.name.clone(), true));
                within
                    .timers(clock)
                    .register(i64::from(profile.age.unwrap_or(0)))?;
            }
            Ok(())
        });
        let lines = directory.path().join("all.jsonl");
        let before = export(&from);
        std::fs::write(&lines, &before).unwrap();

        import(&lines, &from, &to, &[]).ends_with(0);

        prop_assert_eq!(export(&to), before);
        Ok(())
    });
    tested.unwrap();
}

#[test]
fn an_imported_savepoint_is_whole_and_restored_at_any_parallelism() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let to = directory.path().join("to");

    let told = import(&lines, &from, &to, &["--output", "json"])
        .ends_with(0)
        .json();

    assert_eq!(told["job"], "clicks");
    assert_eq!(told["lines"], 599);
    alluvium(["checkpoints", "verify", text(&to)]).ends_with(0);
    alluvium(["checkpoints", "diff", text(&from), text(&to)]).ends_with(0);
    for parallelism in [1, 3, 16] {
        let size = Size {
            groups: 16,
            parallelism,
        };
        check_visitors(&to, size, &hundred());
    }
}

#[test]
fn another_number_of_key_groups_puts_every_key_in_its_own() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let to = directory.path().join("to");

    import(&lines, &from, &to, &["--max-parallelism", "100"]).ends_with(0);

    let size = Size {
        groups: 100,
        parallelism: 7,
    };
    check_visitors(&to, size, &hundred());
}

#[test]
fn a_bad_line_is_told_with_its_number_and_what_was_due_and_nothing_is_written() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let to = directory.path().join("to");
    let good = r#"{"state":"visits","key":"alice","value":1}"#;
    for (bad, told) in [
        (
            r#"{"state":"visits","key":"bob","value":"x"}"#,
            "`value`: u64 is due, found \"x\"",
        ),
        (
            r#"{"state":"visits","key":7,"value":1}"#,
            "`key`: str is due, found 7",
        ),
        (r#"{"state":"visits","key":"bob"}"#, "`value` is missing"),
        (
            r#"{"state":"visits","key":"alice","value":2}"#,
            "has a value already",
        ),
        (
            r#"{"state":"visit","key":"bob","value":1}"#,
            "there is no state `visit`",
        ),
        (
            r#"{"state":"visits","key":"bob","vlaue":1}"#,
            "unknown field `vlaue`",
        ),
        (
            r#"{"state":"visits","key":"bob","value":1,"time":3}"#,
            "`time` is too many",
        ),
        (r#"{"state":"alarms","key":"bob"}"#, "`time` is missing"),
        (
            r#"{"state":"windows","key":"bob","namespace":[1],"value":0.5}"#,
            "`namespace`: (i64, i64) is due",
        ),
        (
            r#"{"state":"pages","key":"bob","index":1,"value":"/"}"#,
            "`index` is 1 where 0 comes",
        ),
        (
            r#"{"state":"tally","kind":"list","key":"bob","map_key":"p","value":1}"#,
            "`kind` is list",
        ),
        (
            r#"{"state":"visits","key":"bob","key_group":15,"value":1}"#,
            "--keep-key-groups",
        ),
        ("{", "no object of an export"),
    ] {
        std::fs::write(&lines, format!("{good}\n\n{bad}\n{good}\n")).unwrap();

        let refused = import(&lines, &from, &to, &[]).ends_with(1);

        assert!(
            refused.stderr.contains("all.jsonl, line 3: "),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
        assert!(!to.exists() || files_below(&to).is_empty());
    }
}

#[test]
fn a_list_whose_lines_are_apart_is_refused() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let to = directory.path().join("to");
    let of = |key| format!(r#"{{"state":"pages","key":"{key}","value":"/"}}"#);
    std::fs::write(&lines, [of("a"), of("a"), of("b"), of("a")].join("\n")).unwrap();

    let refused = import(&lines, &from, &to, &[]).ends_with(1);

    assert!(
        refused
            .stderr
            .contains("line 4: the list has elements already"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_savepoint_that_is_there_is_never_replaced() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let before = files_below(&from);

    let refused = import(&lines, &from, &from, &[]).ends_with(2);

    assert!(
        refused.stderr.contains("never replaced"),
        "{}",
        refused.stderr
    );
    assert_eq!(files_below(&from), before);
}

#[test]
fn attachments_come_along_only_if_they_are_asked_for() {
    let directory = TempDir::new().unwrap();
    let (from, lines) = exported(&directory);
    let (without, with) = (
        directory.path().join("without"),
        directory.path().join("with"),
    );

    import(&lines, &from, &without, &[]).ends_with(0);
    import(&lines, &from, &with, &["--attachments"]).ends_with(0);

    let attached = |path: &Path| {
        let shown = alluvium(["checkpoints", "show", text(path), "--output", "json"]);
        shown.json()["attachments"].as_array().unwrap().len()
    };
    assert_eq!((attached(&without), attached(&with)), (0, 1));
}
