//! Replacing the beginning of absolute names: for snapshots that are not where they were written.

use std::fmt;
use std::str::FromStr;

use super::place::canonical;
use crate::error::{Error, Result};

/// That names which begin with `from` begin with `to` instead.
///
/// Only whole parts of a path are replaced. `file:/a`, `file:///a` and `/a` are the same beginning, `s3a://b` and `s3://b` too. Of several
/// that fit, the longest is used; what it gives is not replaced again.
///
/// ```
/// let remap: alluvium_flink::files::Remap = "hdfs://old/flink=/mnt/copy".parse()?;
///
/// assert_eq!(remap.to_string(), "hdfs://old/flink=/mnt/copy");
/// # Ok::<(), alluvium_flink::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remap {
    /// Canonical, without a slash at its end.
    from: String,
    /// Without a slash at its end.
    to: String,
}

impl Remap {
    /// Names that begin with `from` begin with `to`, a path or a URL, instead.
    ///
    /// # Errors
    /// `Invalid` when one of them is empty.
    pub fn new(from: &str, to: &str) -> Result<Self> {
        if from.is_empty() || to.is_empty() {
            return Err(Error::invalid(format!(
                "{from}={to} replaces nothing: write FROM=TO, such as file:/flink=/mnt/copy"
            )));
        }
        let trimmed = |text: &str| text.trim_end_matches('/').to_owned();
        Ok(Self {
            from: trimmed(&canonical(from)),
            to: trimmed(to),
        })
    }

    /// The name with its beginning replaced by the longest of `remaps` that fits; `None` when none does.
    pub(super) fn apply(remaps: &[Self], uri: &str) -> Option<String> {
        let uri = canonical(uri);
        let fits = remaps.iter().filter_map(|remap| {
            let rest = uri.strip_prefix(remap.from.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((remap, rest))
        });
        let (remap, rest) = fits.max_by_key(|(remap, _)| remap.from.len())?;
        Some(format!("{}{rest}", remap.to))
    }
}

impl FromStr for Remap {
    type Err = Error;

    /// From `FROM=TO`. The first `=` divides.
    fn from_str(text: &str) -> Result<Self> {
        let (from, to) = text.split_once('=').unwrap_or((text, ""));
        Self::new(from, to)
    }
}

impl fmt::Display for Remap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remapped(remaps: &[&str], uri: &str) -> Option<String> {
        let remaps: Vec<Remap> = remaps.iter().map(|text| text.parse().unwrap()).collect();
        Remap::apply(&remaps, uri)
    }

    #[test]
    fn a_beginning_is_replaced_however_it_is_written() {
        for from in ["file:/data", "file:///data", "/data", "/data/"] {
            for uri in [
                "file:/data/shared/x",
                "file:///data/shared/x",
                "/data/shared/x",
            ] {
                let remap = format!("{from}=/mnt/copy");

                let name = remapped(&[&remap], uri);
                assert_eq!(name.as_deref(), Some("/mnt/copy/shared/x"), "{from} {uri}");
            }
        }
        for (remap, uri, name) in [
            ("s3://a=s3://b/c", "s3a://a/x", "s3://b/c/x"),
            ("hdfs://n:8020/=/mnt", "hdfs://n:8020/x", "/mnt/x"),
            ("/=s3://b", "file:/x", "s3://b/x"),
        ] {
            assert_eq!(remapped(&[remap], uri).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_part_of_a_name_is_not_a_beginning() {
        assert_eq!(remapped(&["/data=/mnt"], "/database/x"), None);
    }

    #[test]
    fn the_longest_beginning_wins_and_its_result_stays() {
        let remaps = ["/a=/short", "/a/b=/a/long", "/a/b/c=/longest"];

        assert_eq!(remapped(&remaps, "/a/b/x").as_deref(), Some("/a/long/x"));
    }

    #[test]
    fn a_remap_without_two_sides_is_refused() {
        for text in ["", "/a", "/a=", "=/a"] {
            assert!(text.parse::<Remap>().is_err(), "{text:?}");
        }
    }
}
