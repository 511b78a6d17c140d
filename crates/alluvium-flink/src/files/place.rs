//! Which file, or part of one, a handle means: decided from names alone.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::remap::Remap;
use crate::error::{Error, Result};
use crate::metadata::StreamHandle;

/// The folder of a snapshot's `_metadata`, to which relative handles are relative.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "files are here or elsewhere")]
pub enum Folder {
    /// A directory of this machine.
    Local(PathBuf),
    /// The URL of a folder in an object store, without a slash at its end.
    Remote(String),
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(url) => f.write_str(url),
        }
    }
}

impl From<&Path> for Folder {
    fn from(path: &Path) -> Self {
        Self::Local(path.to_owned())
    }
}

impl From<&PathBuf> for Folder {
    fn from(path: &PathBuf) -> Self {
        Self::Local(path.clone())
    }
}

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Here.
    Bytes(Arc<[u8]>),
    /// A file of this machine.
    Local(PathBuf),
    /// An object.
    Remote(Object),
}

/// An object in an object store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    /// The URL of its folder.
    pub(crate) folder: String,
    /// Its name there.
    pub(crate) name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.folder, self.name)
    }
}

/// A place, and which bytes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) place: Place,
    start: u64,
    /// `None`: to the end, and a whole file is not checked.
    length: Option<u64>,
    is_part: bool,
}

impl Located {
    pub(super) fn of(handle: &StreamHandle, folder: &Folder, remaps: &[Remap]) -> Result<Self> {
        let bytes = |bytes| Self::whole(Place::Bytes(bytes), None);
        let named = |uri: &str| match Remap::apply(remaps, uri) {
            Some(name) => Place::of(&name),
            None => Place::of(uri),
        };
        Ok(match handle {
            StreamHandle::Inline { bytes: inline, .. } => bytes(Arc::clone(inline)),
            StreamHandle::EmptySegment => bytes(Arc::default()),
            StreamHandle::Relative { path, length } => Self::whole(folder.below(path), *length),
            StreamHandle::File { uri, length } => Self::whole(named(uri)?, *length),
            StreamHandle::Segment {
                uri, start, length, ..
            } => Self {
                place: named(uri)?,
                start: *start,
                length: Some(*length),
                is_part: true,
            },
            // Nesting was bounded when it was read.
            StreamHandle::KeyGroups { stream, .. } => Self::of(stream, folder, remaps)?,
        })
    }

    const fn whole(place: Place, length: Option<u64>) -> Self {
        Self {
            place,
            start: 0,
            length,
            is_part: false,
        }
    }

    /// The first byte and the number of bytes in a file of this many, or what is wrong with the file.
    pub(super) fn within(&self, bytes: u64) -> Result<(u64, u64), String> {
        let length = self.length.unwrap_or(bytes);
        let end = self.start.checked_add(length);
        if self.is_part && end.is_none_or(|end| end > bytes) {
            return Err(format!(
                "the file has {bytes} bytes, and {length} from byte {} on are wanted",
                self.start
            ));
        }
        if !self.is_part && length != bytes {
            return Err(format!(
                "the file has {bytes} bytes, and the metadata says {length}"
            ));
        }
        Ok((self.start, length))
    }
}

impl Folder {
    /// The folder that a person or a setting names: a path, or a URL of a kind of storage that was compiled in.
    ///
    /// # Errors
    /// `Invalid` when it names no folder in storage that is reached from here.
    pub fn of(location: &str) -> Result<Self> {
        let location = canonical(location);
        if split_scheme(&location).is_none() {
            return Ok(Self::Local(PathBuf::from(&*location)));
        }
        // A bucket is a folder too, hence the name behind it.
        let location = location.trim_end_matches('/');
        Place::of(&format!("{location}/_metadata"))?;
        Ok(Self::Remote(location.to_owned()))
    }

    /// A file below it. The path has `/` between parts, and stays below: the metadata refuses others.
    pub(crate) fn below(&self, path: &str) -> Place {
        match self {
            Self::Local(folder) => Place::Local(folder.join(path)),
            Self::Remote(url) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                let slash = if folder.is_empty() { "" } else { "/" };
                Place::Remote(Object {
                    folder: format!("{url}{slash}{folder}"),
                    name: name.to_owned(),
                })
            }
        }
    }
}

impl Place {
    /// The place of a path or URL, as Flink writes it: with nothing escaped.
    pub(crate) fn of(uri: &str) -> Result<Self> {
        let uri = canonical(uri);
        let Some((scheme, rest)) = split_scheme(&uri) else {
            return Ok(Self::Local(PathBuf::from(&*uri)));
        };
        if !REACHED.contains(&scheme) {
            return Err(Error::invalid(format!(
                "{uri} is in storage that is not reached from here ({scheme}): copy the files to a place that is, and \
                 name it with --remap FROM=TO"
            )));
        }
        let object = rest.starts_with("//").then(|| uri.rsplit_once('/'));
        let object = object.flatten().filter(|(folder, name)| {
            let has_host = folder.len() > scheme.len() + "://".len();
            has_host && !name.is_empty()
        });
        match object {
            Some((folder, name)) => Ok(Self::Remote(Object {
                folder: folder.to_owned(),
                name: name.to_owned(),
            })),
            None => Err(Error::invalid(format!("{uri} does not name a file"))),
        }
    }
}

/// Schemes that `alluvium::storage` opens, as far as they were compiled in.
const REACHED: [&str; 9] = [
    "s3", "gs", "az", "azure", "adl", "abfs", "abfss", "http", "https",
];

/// One way of writing a path or URL: no `file:`, and S3 by its own name, whatever Hadoop calls it.
pub(super) fn canonical(uri: &str) -> Cow<'_, str> {
    match split_scheme(uri) {
        Some(("file", rest)) => {
            let path = rest.strip_prefix("//").map_or(rest, |named| {
                // Of another host there is none: it is ignored, as Flink does.
                named
                    .find('/')
                    .map_or("", |at| named.get(at..).unwrap_or_default())
            });
            Cow::Borrowed(path)
        }
        Some(("s3a" | "s3n" | "s3p", rest)) => Cow::Owned(format!("s3:{rest}")),
        _ => Cow::Borrowed(uri),
    }
}

/// The scheme, and what is behind its colon.
fn split_scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    // Otherwise a file with a colon in its name.
    (is_scheme && rest.starts_with('/')).then_some((scheme, rest))
}

/// The absolute name in a handle, if it has one.
pub(super) fn uri(handle: &StreamHandle) -> Option<&str> {
    match handle {
        StreamHandle::File { uri, .. } | StreamHandle::Segment { uri, .. } => Some(uri),
        StreamHandle::KeyGroups { stream, .. } => uri(stream),
        _ => None,
    }
}

/// The folder that holds a file.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(uri: &str) -> String {
        match Place::of(uri) {
            Ok(Place::Local(path)) => format!("local {}", path.display()),
            Ok(Place::Remote(object)) => format!("{} in {}", object.name, object.folder),
            Ok(Place::Bytes(_)) => "bytes".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_are_files_of_this_machine_or_objects() {
        for (uri, expected) in [
            ("/a/b", "local /a/b"),
            ("a b/c", "local a b/c"),
            ("c:d", "local c:d"),
            ("file:/a/b%20c", "local /a/b%20c"),
            ("file:///a/b", "local /a/b"),
            ("file://host/a/b", "local /a/b"),
            ("s3://bucket/a/b", "b in s3://bucket/a"),
            ("s3a://bucket/b", "b in s3://bucket"),
            ("s3n://bucket/b", "b in s3://bucket"),
            ("gs://bucket/a/b", "b in gs://bucket/a"),
            ("abfss://c@account/a/b", "b in abfss://c@account/a"),
        ] {
            assert_eq!(place(uri), expected);
        }
    }

    #[test]
    fn names_that_are_neither_tell_why() {
        for uri in ["hdfs://n:8020/a", "viewfs:/a", "oss://b/c"] {
            assert!(place(uri).contains("--remap FROM=TO"), "{}", place(uri));
        }
        for uri in ["s3://bucket", "s3://bucket/", "s3:///a", "s3:/a"] {
            assert!(
                place(uri).contains("does not name a file"),
                "{uri}: {}",
                place(uri)
            );
        }
    }

    #[test]
    fn a_relative_file_is_below_its_folder_wherever_that_is() {
        let local = Folder::of("/a/b/").unwrap();
        let remote = Folder::of("s3a://bucket/chk-1/").unwrap();
        let bucket = Folder::of("s3://bucket").unwrap();

        assert_eq!(local.below("c/d"), Place::Local("/a/b/c/d".into()));
        let object = |place| match place {
            Place::Remote(object) => object.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(object(remote.below("c/d")), "s3://bucket/chk-1/c/d");
        assert_eq!(object(bucket.below("c")), "s3://bucket/c");
    }
}
