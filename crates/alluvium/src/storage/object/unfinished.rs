//! What writes to a directory leave when their process is killed: files that are no objects.
//!
//! The `object_store` crate writes a file beside its object, `<object>#<number>`, and renames it when it is whole; it
//! reserves such names and lists none of them. Nothing else finds what was left, and object names have no `#`.
//!
//! Whether a file is of a write that is still going on is for callers to tell, by its age.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::name::check_name;
use crate::storage::ObjectInfo;

/// The object that an unfinished file was to become, if it is the name of one.
fn object(name: &str) -> Option<&str> {
    let (object, number) = name.rsplit_once('#')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && check_name(object).is_ok()).then_some(object)
}

/// Whether it is the name of an unfinished file.
pub(super) fn is_unfinished(name: &str) -> bool {
    object(name).is_some()
}

/// The unfinished files below the parts of `prefix`, sorted by name.
pub(super) fn list(directory: &Path, prefix: &str) -> io::Result<Vec<ObjectInfo>> {
    let mut found = Vec::new();
    let mut folders = vec![prefix.trim_end_matches('/').to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(directory.join(&folder)) {
            // Gone since it was seen, or never there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Ok(part) = entry.file_name().into_string() else {
                continue; // Nobody here named it.
            };
            let name = if folder.is_empty() {
                part
            } else {
                format!("{folder}/{part}")
            };
            let metadata = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            if metadata.is_dir() {
                folders.push(name);
            } else if is_unfinished(&name) {
                let age = metadata.modified()?.duration_since(UNIX_EPOCH);
                let millis = age.unwrap_or_default().as_millis();
                found.push(ObjectInfo {
                    name,
                    bytes: metadata.len(),
                    modified_unix_millis: i64::try_from(millis).unwrap_or(i64::MAX),
                });
            }
        }
    }
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Deletes an unfinished file, and the folders that it was the last thing in.
pub(super) fn delete(directory: &Path, name: &str) -> io::Result<()> {
    let path = directory.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let folders = path.ancestors().skip(1);
    for folder in folders.take_while(|folder| *folder != directory) {
        // Not empty: the rest stays, too.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_is_told_by_its_number() {
        assert_eq!(object("a/b#1"), Some("a/b"));
        for other in ["a/b", "a#1/b", "a#", "a#x", "#1", "../b#1", "a#1#2"] {
            assert_eq!(object(other), None, "{other}");
        }
    }
}
