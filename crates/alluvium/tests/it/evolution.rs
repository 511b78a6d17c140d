//! What becomes of stored values when their type changes: every change under every codec.
//!
//! For each, values are written by the old program, a checkpoint is restored, and the new program reads. What it reads must
//! be what a programmer would have made of the old value, or there must be an error. `docs/evolution.md` is rendered from
//! what was found; `ALLUVIUM_BLESS=1` writes it anew.

#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use alluvium::codec::{Bytes, MsgPackNamed, Postcard};

use attempt::{Outcome, attempt};
use own::Own;

mod attempt;
mod changes;
mod own;

const INTRODUCTION: &str = "\
# When a type changes

What becomes of stored values when a program that declares a changed type restores them, for every change and codec. A test
finds it out (`crates/alluvium/tests/it/evolution.rs`): the old program writes values, the new one restores and reads them, and they are compared with what
a programmer would have made of them. In this table nowhere is a wrong value read without an error; what is not in it is told below.

- *as is*: read and written as before.
- *after migration*: stored values are read by the new type; a value has its new form once it is written, with `Versioned` also once compaction has met it. `Backend::rewrite` writes all.
- *refused*: declaring the state fails, with an error that names the state, the field and the remedy. Nothing has changed: the old
  program goes on.
- *refused when read*: declaring succeeds, for a shape does not tell whether a field has a default, and every read is an error.

What is refused can be migrated with `Backend::migrate(OLD, NEW, |old| ..)`, whatever has changed in the values or their codec.

`Versioned<C>` is given a type with a higher version and an `upgrade`. Where the type changes and its version does not, `Versioned<C>` does what `C` does
(last column but two: the codecs by themselves).
";

const NOTES: &str = "
## What a shape does not tell

- **A codec of the program's own, and `Bytes`**, are taken at their word: with the same version in the descriptor, values are read as they are. Another
  `.version(n)` is refused, as in the table.
- **A renamed field that has a default** cannot be told from one that was dropped and another that was added: old values have the
  default. Give it `#[serde(alias = \"old name\")]`.
- **A field that was dropped and comes back** under its name is refused until the state was rewritten: values that were not written meanwhile would show what they
  had.
- **A field that was dropped and comes back as an alias** is not refused: a shape has only the name that is written. After `{ x, y }`, then `{ y }`, a field
  `#[serde(alias = \"x\")] z` shows the `x` of values that were not written meanwhile. Rewrite the state (`Backend::rewrite`) before an old name
  is used again.
- **When a form was written**: subtasks that are restored together may each have left a form and come back to it, and a form that both have is taken
  for one. A field that was dropped and came back in one subtask alone shows what values of another had, if that one never knew the form in between.
  So declare a state in all subtasks whenever its type changes.
- **Types without a shape**: those that only a self-describing format can read (`#[serde(flatten)]`, `untagged`, internally tagged enums) are
  recorded as opaque, and so is what contains one of them. Only the descriptor's `.version(n)` tells that they changed.
- **A type that is written otherwise than it is read** (`skip_serializing_if` in a codec without names, a `Serialize` that does not match its
  `Deserialize`) misreads its own values, changed or not.

## What cannot change in place

| | |
|---|---|
| the stream's key, a namespace | refused, naming the remedy: `alluvium savepoint migrate-keys` |
| a map's key (of a map state) | refused |
| the kind of a state | refused |
| the codec | refused; `Backend::migrate` changes it |
| timers | have no values; their namespace is as any other |
";

fn rendered() -> String {
    let mut document = INTRODUCTION.to_owned();
    document.push_str(
        "\n| what changes | | `Postcard` | `MsgPackNamed` | `Versioned<Postcard>` | `Versioned<MsgPackNamed>` | own codec, other version | other codec |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in changes::rows() {
        write!(document, "| {} | {} |", row.change, row.example).unwrap();
        for outcome in row.outcomes {
            write!(document, " {outcome} |").unwrap();
        }
        document.push('\n');
    }
    document.push_str(NOTES);
    document
}

#[test]
fn no_change_gives_a_wrong_value_and_the_table_says_what_each_gives() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/evolution.md");
    let rendered = rendered();
    if std::env::var_os("ALLUVIUM_BLESS").is_some() {
        fs::write(&path, &rendered).unwrap();
    }

    let document = fs::read_to_string(&path).unwrap_or_default();

    assert!(
        document == rendered,
        "docs/evolution.md is out of date: run ALLUVIUM_BLESS=1 cargo test -p alluvium --test it evolution"
    );
}

#[test]
fn a_type_with_versions_is_always_read() {
    for row in changes::rows() {
        let [_, _, postcard, msgpack, ..] = row.outcomes;
        let expected = [Outcome::AfterMigration; 2];
        assert_eq!([postcard, msgpack], expected, "{}", row.change);
    }
}

#[test]
fn bytes_and_codecs_of_the_program_are_taken_at_their_word() {
    let bytes = [vec![1, 2], vec![]];

    let same = attempt::<_, _, Bytes, Bytes>("bytes", (1, 1), &bytes, &bytes);
    let other = attempt::<_, _, Bytes, Bytes>("bytes", (1, 2), &bytes, &bytes);
    let own = attempt::<u8, u64, Own, Own>("own", (3, 3), &[1, 255], &[1, 255]);

    assert_eq!(
        [same, other, own],
        [Outcome::AsIs, Outcome::Refused, Outcome::AsIs]
    );
}

#[test]
fn another_version_of_a_descriptor_is_refused_whatever_the_codec() {
    let postcard = attempt::<u8, u8, Postcard, Postcard>("postcard", (1, 2), &[1], &[1]);
    let msgpack = attempt::<u8, u8, MsgPackNamed, MsgPackNamed>("msgpack", (2, 1), &[1], &[1]);

    assert_eq!([postcard, msgpack], [Outcome::Refused; 2]);
}
