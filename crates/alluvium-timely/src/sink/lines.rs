//! A sink of text lines: a directory with one file for each epoch and worker that put something out.
//!
//! ```text
//! .pending-<epoch, 10 digits>-<worker>-<attempt>     prepared
//! part-<epoch, 10 digits>-<worker>-<attempt>         published
//! ```
//!
//! Invariants: a file is whole and on disk before it is renamed, and the directory is on disk before a
//! token leaves [`Sink::prepare`] or a publication returns; no two preparations share a name, as the
//! attempt is in it.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use alluvium::{Error, Result};

use super::{Prepare, Sink};

const PENDING: &str = ".pending-";
const PUBLISHED: &str = "part-";

/// Writes lines to files of a directory that all processes of the job share.
#[derive(Debug, Clone)]
pub struct LinesSink {
    directory: PathBuf,
}

impl LinesSink {
    /// A sink into `directory`, which is made if it is missing.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be made.
    pub fn in_directory(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)
            .map_err(|error| Error::io(format!("create {}", directory.display()), error))?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// All published lines, by epoch and worker.
    ///
    /// # Errors
    /// `Unavailable` when the directory or a file cannot be read.
    pub fn published(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for name in self.names(PUBLISHED)? {
            let path = self.directory.join(name);
            let text = fs::read_to_string(&path)
                .map_err(|error| Error::io(format!("read {}", path.display()), error))?;
            lines.extend(text.lines().map(str::to_owned));
        }
        Ok(lines)
    }

    fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let failed = |error| Error::io(format!("list {}", self.directory.display()), error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // A name that is no text is nobody's.
            names.extend(
                name.into_string()
                    .ok()
                    .filter(|name| name.starts_with(prefix)),
            );
        }
        names.sort_unstable();
        Ok(names)
    }

    fn write(&self, name: &str, lines: &[String]) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(self.directory.join(name))?);
        for line in lines {
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")?;
        }
        file.into_inner()?.sync_all()?;
        sync_directory(&self.directory)
    }

    fn show(&self, pending: &Path, published: &Path) -> std::io::Result<()> {
        match fs::rename(pending, published) {
            // Published before: by this attempt, or by another that recovered meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound && published.exists() => {}
            renamed => renamed?,
        }
        sync_directory(&self.directory)
    }
}

impl Sink for LinesSink {
    type Item = String;

    fn prepare(&self, of: Prepare, items: Vec<String>) -> Result<Option<Vec<u8>>> {
        if items.is_empty() {
            return Ok(None);
        }
        let rest = format!("{:010}-{}-{}", of.epoch, of.worker, of.attempt);
        let pending = format!("{PENDING}{rest}");
        self.write(&pending, &items).map_err(|error| {
            Error::io(
                format!("write {}", self.directory.join(&pending).display()),
                error,
            )
        })?;
        Ok(Some(rest.into_bytes()))
    }

    fn publish(&self, token: &[u8]) -> Result<()> {
        let rest = str::from_utf8(token)
            .ok()
            .filter(|rest| attempt_of(rest).is_some());
        let rest = rest.ok_or_else(|| {
            let token = String::from_utf8_lossy(token);
            Error::corrupt(format!(
                "{token:?} names no output of {}",
                self.directory.display()
            ))
        })?;
        let pending = self.directory.join(format!("{PENDING}{rest}"));
        let published = self.directory.join(format!("{PUBLISHED}{rest}"));
        self.show(&pending, &published).map_err(|error| {
            let (from, to) = (pending.display(), published.display());
            Error::io(format!("rename {from} to {to}"), error)
        })
    }

    fn discard_unpublished(&self, attempt: u64) -> Result<()> {
        for name in self.names(PENDING)? {
            let old = name.strip_prefix(PENDING).and_then(attempt_of);
            if old.is_none_or(|old| old >= attempt) {
                continue;
            }
            let path = self.directory.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io(format!("delete {}", path.display()), error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The attempt in `<epoch>-<worker>-<attempt>`; `None` if that is no such name.
fn attempt_of(rest: &str) -> Option<u64> {
    let mut numbers = rest.split('-').map(str::parse::<u64>);
    let (_epoch, _worker) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let attempt = numbers.next()?.ok()?;
    numbers.next().is_none().then_some(attempt)
}

/// Makes created and renamed entries survive a power failure, where a directory can be synced.
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn prepared_lines_are_not_seen_until_they_are_published() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();

        let token = sink
            .prepare(Prepare::new(3, 1, 7), lines(&["a", "b"]))
            .unwrap()
            .unwrap();
        assert!(sink.published().unwrap().is_empty());
        sink.publish(&token).unwrap();

        assert_eq!(sink.published().unwrap(), ["a", "b"]);
    }

    #[test]
    fn publishing_again_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();
        let token = sink
            .prepare(Prepare::new(3, 1, 7), lines(&["a"]))
            .unwrap()
            .unwrap();
        sink.publish(&token).unwrap();

        sink.publish(&token).unwrap();

        assert_eq!(sink.published().unwrap(), ["a"]);
    }

    #[test]
    fn output_that_was_lost_before_it_was_published_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();

        let error = sink.publish(b"0000000003-1-7").unwrap_err();

        assert!(error.to_string().contains("part-0000000003-1-7"), "{error}");
    }

    #[test]
    fn a_token_cannot_lead_out_of_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();

        let error = sink.publish(b"0/../../1-1-1").unwrap_err();

        assert!(error.to_string().contains("names no output"), "{error}");
    }

    #[test]
    fn only_what_older_attempts_left_unpublished_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();
        let kept = sink
            .prepare(Prepare::new(4, 0, 2), lines(&["new"]))
            .unwrap()
            .unwrap();
        let lost = sink
            .prepare(Prepare::new(4, 0, 1), lines(&["old"]))
            .unwrap()
            .unwrap();
        let shown = sink
            .prepare(Prepare::new(3, 0, 1), lines(&["shown"]))
            .unwrap()
            .unwrap();
        sink.publish(&shown).unwrap();

        sink.discard_unpublished(2).unwrap();

        sink.publish(&lost).unwrap_err();
        sink.publish(&kept).unwrap();
        assert_eq!(sink.published().unwrap(), ["shown", "new"]);
    }

    #[test]
    fn an_epoch_without_lines_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(directory.path()).unwrap();

        assert_eq!(
            sink.prepare(Prepare::new(3, 1, 7), Vec::new()).unwrap(),
            None
        );

        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
