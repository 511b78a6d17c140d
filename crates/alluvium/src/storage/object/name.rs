//! Object names: what is legal, and the path each has below a storage's root.
//!
//! A legal name is the same in every storage and on every file system. So it leaves out what some
//! provider, URL or directory would rewrite or refuse; anything else, spaces and other scripts
//! included, goes.

use object_store::path::Path;

use crate::error::{Error, Result};

/// Characters that some storage rewrites, refuses or gives a meaning of its own.
const ILLEGAL: &str = "\\*?<>|\"#%{}^[]`";

/// The path of object `name` below `root`.
///
/// # Errors
/// `Invalid` when the name is not legal; the message says what is wrong with it.
pub(super) fn object_path(root: &Path, name: &str) -> Result<Path> {
    if name.is_empty() {
        return Err(Error::invalid(
            "an object's name is empty; give it at least one part",
        ));
    }
    below(root, name)
}

/// The path of all objects whose names start with the parts of `prefix`, below `root`.
///
/// # Errors
/// As [`object_path`], but the empty prefix stands for every object.
pub(super) fn prefix_path(root: &Path, prefix: &str) -> Result<Path> {
    match prefix.strip_suffix('/').unwrap_or(prefix) {
        "" => Ok(root.clone()),
        parts => below(root, parts),
    }
}

/// The name below `root` of the object at `path`; `None` if it is not below it.
pub(super) fn name_below(root: &Path, path: &Path) -> Option<String> {
    if root.as_ref().is_empty() {
        return Some(path.as_ref().to_owned());
    }
    let rest = path.as_ref().strip_prefix(root.as_ref())?;
    rest.strip_prefix('/').map(str::to_owned)
}

/// Checks that `name` is legal, in every storage.
///
/// # Errors
/// `Invalid` when it is not; the message says what is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<()> {
    for part in name.split('/') {
        let fault = match part {
            "" => "has an empty part",
            "." | ".." => "has a part that means a directory",
            part if part.chars().any(char::is_control) => "has a control character",
            part if part.contains(|letter| ILLEGAL.contains(letter)) => {
                "has one of the characters \\*?<>|\"#%{}^[]`"
            }
            _ => continue,
        };
        return Err(Error::invalid(format!(
            "object name {name:?} {fault}; use letters, digits and . - _ between single slashes"
        )));
    }
    Ok(())
}

fn below(root: &Path, name: &str) -> Result<Path> {
    check_name(name)?;
    let path = if root.as_ref().is_empty() {
        name.to_owned()
    } else {
        format!("{root}/{name}")
    };
    Path::parse(&path).map_err(|error| {
        Error::invalid(format!("object name {name:?} is not legal")).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_name_is_placed_below_the_root_and_read_back() {
        let root = Path::parse("jobs/a").unwrap();

        for name in ["x", "x/y.sst", "commits/00000000000000000001", "ä b/~c,+='"] {
            let path = object_path(&root, name).unwrap();

            assert_eq!(path.as_ref(), format!("jobs/a/{name}"));
            assert_eq!(name_below(&root, &path).as_deref(), Some(name));
        }
    }

    #[test]
    fn names_that_a_storage_would_rewrite_are_refused() {
        for name in [
            "", "/x", "x/", "x//y", "./x", "x/../y", "a\nb", "a#1", "a%2F", "a\\b", "a?b",
        ] {
            let refused = object_path(&Path::default(), name).unwrap_err();

            assert_eq!(refused.kind(), ErrorKind::Invalid, "{name:?}");
        }
    }

    #[test]
    fn a_sibling_of_the_root_is_not_below_it() {
        let root = Path::parse("jobs/a").unwrap();

        assert_eq!(name_below(&root, &Path::parse("jobs/ab/x").unwrap()), None);
    }
}
