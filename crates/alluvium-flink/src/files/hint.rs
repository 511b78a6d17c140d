//! What a person can do about a file that is not where the metadata says.
//!
//! A checkpoint names its files by where they were when it was written. When its folder has been copied, the beginning of those
//! names is wrong, and which one it is can often be told from the names alone: `…/shared/<file>` is beside `chk-17`, wherever that
//! is now.

use std::path::Path;

use super::place::folder_of;

/// When nothing better is known.
pub(super) const GENERAL: &str = "if the files were moved, --remap FROM=TO replaces the beginning of such names, with TO a path or a URL";

/// What to do about `uri` of the snapshot in `folder`. `exists` asks the file system.
pub(super) fn remedy(uri: &str, folder: &Path, exists: &dyn Fn(&Path) -> bool) -> String {
    let root = folder_of(folder);
    // Where files are beside the folder of a checkpoint, and in it.
    let found = ends(uri).find_map(|(from, rest)| {
        let to = [root.as_path(), folder]
            .into_iter()
            .find(|to| exists(&to.join(rest)))?;
        Some((from, to))
    });
    match found {
        Some((from, to)) => format!(
            "it is in the copy of the snapshot, so give --remap '{from}={}'",
            to.display()
        ),
        None => GENERAL.to_owned(),
    }
}

/// The name divided before its last part, before the last two, and before the last three.
fn ends(uri: &str) -> impl Iterator<Item = (&str, &str)> {
    let slashes = uri.rmatch_indices('/').map(|(at, _)| at);
    // The longest first: it says the most about where the file belongs.
    let mut divided: Vec<_> = slashes
        .take(3)
        .filter_map(|at| Some((uri.get(..at)?, uri.get(at + 1..)?)))
        .filter(|(from, _)| !from.is_empty() && !from.ends_with([':', '/']))
        .collect();
    divided.reverse();
    divided.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_a_copied_checkpoint_tells_what_to_replace() {
        let exists = |path: &Path| path == Path::new("/copy/job/shared/5dd1");

        let told = remedy(
            "file:/flink/cp/job/shared/5dd1",
            Path::new("/copy/job/chk-7"),
            &exists,
        );

        assert!(
            told.ends_with("--remap 'file:/flink/cp/job=/copy/job'"),
            "{told}"
        );
    }

    #[test]
    fn a_file_in_the_folder_of_the_snapshot_tells_so_too() {
        let exists = |path: &Path| path == Path::new("chk-7/5dd1");

        let told = remedy("s3://b/job/shared/5dd1", Path::new("chk-7"), &exists);

        assert!(
            told.ends_with("--remap 's3://b/job/shared=chk-7'"),
            "{told}"
        );
    }

    #[test]
    fn a_file_that_is_nowhere_tells_what_an_option_would_do() {
        let told = remedy("s3://b/x", Path::new("chk-7"), &|_| false);

        assert_eq!(told, GENERAL);
    }
}
