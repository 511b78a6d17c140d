//! `alluvium flink rewrite`.

use super::{flink, snapshot};

const HEAP: &str = "flink-2.3.0/hashmap/savepoints/native/savepoint-d2dd3f-108067a5d25b";

#[test]
fn a_savepoint_is_rewritten_for_an_older_flink_with_changes() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let to = to.to_str().unwrap();
    let changes = [
        "--to",
        to,
        "--for",
        "1.20",
        "--rename-operator",
        "keyed-all=accounts",
        "--rename-state",
        "keyed-all/value-long=balance",
        "--drop-state",
        "keyed-all/list-string",
        "--drop-operator",
        "session-agg",
        "--max-parallelism",
        "1000",
        "--output",
        "json",
    ];

    let told = flink("rewrite", &snapshot(HEAP), &changes)
        .ends_with(0)
        .json();

    assert_eq!(told["written_for"], "1.16 to 1.20");
    let states = told["states"].as_array().unwrap();
    let of = |name: &str| states.iter().find(|state| state["name"] == name);
    let balance = of("balance").unwrap();
    assert_eq!(balance["state"], "value-long");
    assert!(balance["rows"].as_u64().unwrap() > 100);
    assert_eq!(of("list-string"), None);
    let shown = flink("show", to.as_ref(), &["--output", "json"])
        .ends_with(0)
        .json();
    assert_eq!(shown["version"], 4);
    assert_eq!(shown["kind"], "canonical savepoint");
    let accounts = flink(
        "show",
        to.as_ref(),
        &["--operator", "accounts", "--output", "json"],
    );
    let accounts = accounts.ends_with(0).json();
    assert_eq!(accounts["operators"][0]["max_parallelism"], 1000);
    flink("show", to.as_ref(), &["--operator", "session-agg"]).ends_with(2);
}

#[test]
fn keys_are_chosen_by_a_file_or_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "\"key-0004\"\n\n\"key-0005\"\n").unwrap();
    let rows = |name: &str, filter: &[&str]| {
        let to = folder.path().join(name);
        let mut options = vec!["--to", to.to_str().unwrap(), "--output", "json"];
        options.extend(filter);
        let told = flink("rewrite", &snapshot(HEAP), &options)
            .ends_with(0)
            .json();
        let states = told["states"].as_array().unwrap().clone();
        let sum = |field: &str| {
            states
                .iter()
                .map(|state| state[field].as_u64().unwrap())
                .sum::<u64>()
        };
        (sum("rows"), sum("left_out"))
    };
    let keys = keys.to_str().unwrap();

    let all = rows("all", &[]);
    let kept = rows("kept", &["--keep-keys", keys]);
    let left = rows("left", &["--drop-keys", keys]);
    let named = rows("named", &["--key", "key-0004", "--key", "\"key-0005\""]);

    assert_eq!(all.1, 0);
    assert!(kept.0 > 10 && kept.0 < 200, "{kept:?}");
    assert_eq!((left.0, left.1), (kept.1, kept.0));
    assert_eq!(named, kept);
    assert_eq!(kept.0 + kept.1, all.0);
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "\"key-0004\"\nkey-2\n").unwrap();
    let refused = |options: &[&str], told: &str| {
        let mut all = vec!["--to", to.to_str().unwrap()];
        all.extend(options);
        let ran = flink("rewrite", &snapshot(HEAP), &all).ends_with(2);
        assert!(ran.stderr.contains(told), "{ran:?}");
        assert!(!to.exists());
    };

    refused(&["--drop-operator", "nobody"], "no operator has the uid");
    refused(
        &["--drop-state", "keyed-all/x"],
        "has no state \"x\"; there are: ",
    );
    refused(&["--rename-operator", "keyed-all"], "expected OLD=NEW");
    refused(&["--for", "1.15"], "expected 1.16 to 1.20");
    refused(&["--operator", "keyed-all"], "give --key");
    refused(
        &["--keep-keys", keys.to_str().unwrap()],
        "line 2: a key is one JSON value",
    );
    refused(&["--max-parallelism", "1"], "each subtask needs one");
}

#[test]
fn a_folder_with_something_in_it_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "x").unwrap();

    let ran = flink(
        "rewrite",
        &snapshot(HEAP),
        &["--to", folder.path().to_str().unwrap()],
    );

    assert!(ran.ends_with(2).stderr.contains("is not empty"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
