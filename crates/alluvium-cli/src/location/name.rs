//! A folder by its name in the storage around it, as catalogs and savepoints are opened.

use std::path::Path;
use std::sync::Arc;

use alluvium::storage::Storage;
use anyhow::{Context as _, Result};

use crate::exit::Failure;

/// A folder of a storage.
#[derive(Debug, Clone)]
pub(crate) struct FolderName {
    /// The storage.
    pub(crate) storage: Arc<dyn Storage>,
    /// The folder's name in it, without a slash at the end. A job's is the job's name.
    pub(crate) name: String,
}

impl FolderName {
    /// The location around a folder, and the folder's name there.
    ///
    /// # Errors
    /// When the location is a root, which has nothing around it.
    pub(crate) fn split(location: &str) -> Result<(String, String)> {
        let root = || {
            Failure::usage(format!(
                "{location} has no name of its own: name a folder in it, such as {}/flights",
                location.trim_end_matches('/')
            ))
        };
        if let Some((scheme, rest)) = location.split_once("://") {
            let (around, name) = rest
                .trim_end_matches('/')
                .rsplit_once('/')
                .filter(|(_, name)| !name.is_empty())
                .ok_or_else(root)?;
            // `file:///flights` is in the root directory.
            let around = if around.is_empty() { "/" } else { around };
            return Ok((format!("{scheme}://{around}"), name.to_owned()));
        }
        let path = Path::new(location);
        let known;
        let path = if path.file_name().is_some() {
            path
        } else {
            known = path
                .canonicalize()
                .with_context(|| format!("open {location}"))?;
            &known
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(root)?.to_owned();
        let around = match path.parent().and_then(Path::to_str) {
            Some("") | None => ".",
            Some(around) => around,
        };
        Ok((around.to_owned(), name))
    }

    /// It, for people.
    pub(crate) fn told(&self) -> String {
        let around = self.storage.location();
        format!("{}/{}", around.trim_end_matches('/'), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_the_name_and_the_rest_is_around_it() {
        for (location, around, name) in [
            ("/data/jobs/flights", "/data/jobs", "flights"),
            ("/data/jobs/flights/", "/data/jobs", "flights"),
            ("/flights", "/", "flights"),
            ("flights", ".", "flights"),
            ("file:///data/flights", "file:///data", "flights"),
            ("file:///flights", "file:///", "flights"),
            ("s3://bucket/flights", "s3://bucket", "flights"),
            ("s3://bucket/a/flights/", "s3://bucket/a", "flights"),
        ] {
            let split = FolderName::split(location).unwrap();

            assert_eq!(split, (around.to_owned(), name.to_owned()), "{location}");
        }
    }

    #[test]
    fn a_root_has_no_name() {
        for location in ["/", "s3://bucket", "s3://bucket/", "file:///"] {
            let refused = FolderName::split(location).unwrap_err();

            assert!(
                refused.to_string().contains("no name of its own"),
                "{refused}"
            );
        }
    }
}
