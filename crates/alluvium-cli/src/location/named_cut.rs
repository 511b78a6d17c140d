//! A checkpoint or savepoint as one word of a command line: a location, and after an `@` which of those there.

use std::path::Path;

use anyhow::Result;

use super::{Cut, Folder};
use crate::args::Place;

/// A location, and a checkpoint's number or a savepoint's name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedCut {
    pub(crate) location: String,
    /// The newest if `None`.
    pub(crate) name: Option<String>,
}

impl NamedCut {
    /// Reads `LOCATION` or `LOCATION@ID`. What follows the last `@` is no name if a directory is called so, or a
    /// slash is in it.
    pub(crate) fn parse(text: &str) -> Self {
        let split = text
            .rsplit_once('@')
            .filter(|(location, name)| !location.is_empty() && !name.is_empty())
            .filter(|(_, name)| !name.contains('/') && !Path::new(text).is_dir());
        let (location, name) = match split {
            Some((location, name)) => (location, Some(name.to_owned())),
            None => (text, None),
        };
        Self {
            location: location.to_owned(),
            name,
        }
    }
}

impl NamedCut {
    /// Finds what is named; `job` is the one that the location's is, where it holds several.
    ///
    /// # Errors
    /// When storage does not answer, or there is no such checkpoint, or it is damaged.
    pub(crate) fn find(&self, job: Option<&str>) -> Result<Cut> {
        let place = Place {
            location: self.location.clone(),
            job: job.map(str::to_owned),
        };
        Folder::find(&place)?.cut(self.name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_at_sign_names_a_checkpoint() {
        for (text, location, name) in [
            ("/data/flights@12", "/data/flights", Some("12")),
            (
                "s3://bucket/flights@end-1",
                "s3://bucket/flights",
                Some("end-1"),
            ),
            ("/data/flights", "/data/flights", None),
            ("s3://user@host/flights", "s3://user@host/flights", None),
            ("@12", "@12", None),
            ("flights@", "flights@", None),
        ] {
            let parsed = NamedCut::parse(text);

            assert_eq!(parsed.location, location);
            assert_eq!(parsed.name.as_deref(), name);
        }
    }

    #[test]
    fn a_directory_with_an_at_sign_in_its_name_is_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("flights@home");
        std::fs::create_dir(&path).unwrap();

        let parsed = NamedCut::parse(path.to_str().unwrap());

        assert_eq!(parsed.name, None);
    }
}
