//! `docs/format.md` is what the modules that write the formats say about them.
//!
//! The document is rendered from the module docs, so that a format and its specification change in one
//! place. `ALLUVIUM_BLESS=1 cargo test -p alluvium-protocol` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const INTRODUCTION: &str = "\
# What Alluvium stores

This is the specification of every byte that outlives a process. It is rendered from the docs of the modules
that read and write the formats; change it there, then run `ALLUVIUM_BLESS=1 cargo test -p alluvium-protocol`.

Numbers are unsigned and big-endian unless a text says otherwise. Messages are protobuf (proto3): an absent field
is zero, empty or none, readers skip fields they do not know, and map entries are in the order of their keys. A
field's number and meaning never change; a number that is no longer used is never given again.
";

/// A section's title, and the source whose module doc is its text.
macro_rules! section {
    ($title:literal, $path:literal) => {
        ($title, $path, include_str!(concat!("../../src/", $path)))
    };
}

const SECTIONS: &[(&str, &str, &str)] = &[
    section!("Names of objects", "catalog/names.rs"),
    section!("The envelope", "envelope.rs"),
    section!("The log", "catalog.rs"),
    section!("Commit records", "catalog/commit.rs"),
    section!("Fence records", "catalog/fence.rs"),
    section!("Cut records", "catalog/cut.rs"),
    section!("Which records count", "plan/log.rs"),
    section!("Savepoints", "catalog/savepoint.rs"),
    section!("Manifests", "manifest.rs"),
    section!("Files", "file.rs"),
    section!("Schemas", "schema.rs"),
    section!("TTL", "ttl.rs"),
    section!("Shapes", "shape/wire.rs"),
    section!("Key groups", "key_group.rs"),
    section!("Rows", "row.rs"),
    section!("Keys", "key.rs"),
    section!("List chunks", "chunk.rs"),
    section!("Values that tell their version", "versioned.rs"),
    section!("Stamps", "stamp.rs"),
    section!("Timers", "timer.rs"),
    section!("Rows files", "rows_file.rs"),
    section!("Records of local copies", "local_copy.rs"),
];

fn rendered() -> String {
    let mut document = INTRODUCTION.to_owned();
    for (title, path, source) in SECTIONS {
        write!(
            document,
            "\n## {title}\n\n(`alluvium-protocol/src/{path}`)\n\n"
        )
        .unwrap();
        let mut block = Block::Prose;
        for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            let fence = line.strip_prefix("```");
            let shown = match (&block, fence) {
                (Block::Prose, None) => Some(without_links(&below(line))),
                (Block::Text, None) => Some(line.to_owned()),
                // What rustdoc hides in an example is hidden here too.
                (Block::Rust, None) => {
                    let hidden = line == "#" || line.starts_with("# ");
                    (!hidden).then(|| line.to_owned())
                }
                (Block::Refused, None) => None,
                (Block::Prose, Some(language)) => {
                    block = Block::of(language);
                    block.opening().map(str::to_owned)
                }
                (ending, Some(_)) => {
                    let shown = ending.opening().map(|_| line.to_owned());
                    block = Block::Prose;
                    shown
                }
            };
            if let Some(shown) = shown {
                document.push_str(&shown);
                document.push('\n');
            }
        }
    }
    document
}

/// What a line of a module doc is in.
enum Block {
    Prose,
    Text,
    Rust,
    /// An example of what does not compile: it would look like one of what does.
    Refused,
}

impl Block {
    fn of(language: &str) -> Self {
        match language {
            "text" => Self::Text,
            "compile_fail" => Self::Refused,
            _ => Self::Rust,
        }
    }

    fn opening(&self) -> Option<&'static str> {
        match self {
            Self::Text => Some("```text"),
            Self::Rust => Some("```rust"),
            Self::Prose | Self::Refused => None,
        }
    }
}

/// A module doc's headings, moved below its section's.
fn below(line: &str) -> String {
    if line.starts_with('#') {
        format!("##{line}")
    } else {
        line.to_owned()
    }
}

/// Links between items lead nowhere outside rustdoc: their text stays.
fn without_links(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        match link.split_once(']') {
            Some((text, after)) if text.starts_with('`') => {
                plain.push_str(text);
                rest = match after
                    .strip_prefix('(')
                    .and_then(|target| target.split_once(')'))
                {
                    Some((_target, after)) => after,
                    None => after,
                };
            }
            _ => {
                plain.push('[');
                rest = link;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[test]
fn the_document_says_what_the_modules_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/format.md");
    let rendered = rendered();
    if std::env::var_os("ALLUVIUM_BLESS").is_some() {
        fs::write(&path, &rendered).unwrap();
    }

    let document = fs::read_to_string(&path).unwrap_or_default();

    assert!(
        document == rendered,
        "docs/format.md is out of date: run ALLUVIUM_BLESS=1 cargo test -p alluvium-protocol"
    );
}

#[test]
fn links_keep_their_text() {
    assert_eq!(
        without_links("see [`a::B`](crate::a), [`c`] and [d](e)"),
        "see `a::B`, `c` and [d](e)"
    );
    assert_eq!(
        without_links("bytes [from, to) and `[x]`"),
        "bytes [from, to) and `[x]`"
    );
}
