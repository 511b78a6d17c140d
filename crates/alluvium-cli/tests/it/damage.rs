//! Damaged checkpoints: every object is missed, and every flipped byte and truncation is found, by
//! name. Nothing is changed by looking.

use std::path::Path;

use crate::command::{alluvium, copied_checkpoints, files_below};

/// Runs `verify` and asserts that it names the object.
fn finds(root: &Path, object: &Path, done: &str) {
    let name = object.strip_prefix(root).unwrap().to_str().unwrap();
    let ran = alluvium(["checkpoints", "verify", root.to_str().unwrap()]);

    assert_eq!(ran.code, 1, "{name} {done}: {} {}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(name), "{name} {done}: {}", ran.stdout);
}

/// The objects whose damage is a problem: not those that no retained checkpoint refers to.
fn objects(root: &Path) -> Vec<std::path::PathBuf> {
    let all = files_below(root);
    assert!(all.len() > 5, "{all:?}");
    all
}

#[test]
fn a_flipped_byte_in_any_object_is_found() {
    let copy = copied_checkpoints();
    for object in objects(copy.path()) {
        let whole = std::fs::read(&object).unwrap();
        for offset in [0, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[offset] ^= 0x10;
            std::fs::write(&object, &damaged).unwrap();

            finds(copy.path(), &object, &format!("with byte {offset} flipped"));
        }
        std::fs::write(&object, &whole).unwrap();
    }
}

#[test]
fn a_truncated_object_is_found() {
    let copy = copied_checkpoints();
    for object in objects(copy.path()) {
        let whole = std::fs::read(&object).unwrap();
        std::fs::write(&object, &whole[..whole.len() - 1]).unwrap();

        finds(copy.path(), &object, "without its last byte");

        std::fs::write(&object, &whole).unwrap();
    }
}

#[test]
fn an_object_that_is_gone_is_missed() {
    let copy = copied_checkpoints();
    for object in objects(copy.path()) {
        let name = object.strip_prefix(copy.path()).unwrap().to_str().unwrap();
        // Nothing names a record of the log or a savepoint: without it there is no checkpoint to miss.
        if name.contains("/commits/") || name.ends_with("/COMMIT") {
            continue;
        }
        let whole = std::fs::read(&object).unwrap();
        std::fs::remove_file(&object).unwrap();

        finds(copy.path(), &object, "removed");

        std::fs::write(&object, &whole).unwrap();
    }
}

#[test]
fn damage_of_the_newest_checkpoint_is_told_by_the_tools_that_read_it() {
    let copy = copied_checkpoints();
    let root = copy.path().to_str().unwrap();
    let manifest = files_below(copy.path())
        .into_iter()
        .rfind(|file| {
            file.extension()
                .is_some_and(|extension| extension == "manifest")
                && !file.to_str().unwrap().contains("savepoints")
        })
        .unwrap();
    let mut bytes = std::fs::read(&manifest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&manifest, bytes).unwrap();

    for command in [
        ["checkpoints", "list", root],
        ["checkpoints", "verify", root],
    ] {
        alluvium(command).ends_with(1);
    }
}
