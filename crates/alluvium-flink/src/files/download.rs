//! Objects that were downloaded: each once, whole, into a temporary directory that goes at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use alluvium::storage::{self, Storage, Watch};
use tempfile::TempDir;

use super::place::Object;
use crate::error::{Error, Result};

/// Folders whose clients are kept, each with its connections. A snapshot has two or three; where names are spread over many
/// (entropy), clients are made anew.
const CLIENTS_MAX: usize = 8;

/// Objects that were downloaded.
pub(super) struct Downloads {
    watch: Arc<dyn Watch>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Made with the first download.
    directory: Option<TempDir>,
    files: BTreeMap<Object, PathBuf>,
    clients: BTreeMap<String, Arc<dyn Storage>>,
}

impl Downloads {
    pub(super) fn new(watch: Arc<dyn Watch>) -> Self {
        Self {
            watch,
            state: Mutex::default(),
        }
    }

    /// The object as a file of this machine.
    pub(super) fn path(&self, object: &Object) -> Result<PathBuf> {
        self.watch.cancel().check(format!("download {object}"))?;
        // A thread that died in here left the state as it was before or after a step.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = state.files.get(object) {
            return Ok(path.clone());
        }
        let path = state.directory()?.join(state.files.len().to_string());
        let client = state.client(&object.folder)?;
        client.download(&object.name, &path, &*self.watch)?;
        state.files.insert(object.clone(), path.clone());
        Ok(path)
    }
}

impl State {
    fn directory(&mut self) -> Result<PathBuf> {
        if let Some(directory) = &self.directory {
            return Ok(directory.path().to_owned());
        }
        let made = TempDir::with_prefix("alluvium-flink-")
            .map_err(|error| Error::io("make a temporary directory for downloads", error))?;
        let path = made.path().to_owned();
        self.directory = Some(made);
        Ok(path)
    }

    fn client(&mut self, folder: &str) -> Result<Arc<dyn Storage>> {
        if let Some(client) = self.clients.get(folder) {
            return Ok(Arc::clone(client));
        }
        if self.clients.len() >= CLIENTS_MAX {
            self.clients.clear();
        }
        let client = storage::open(&escaped(folder))?;
        self.clients.insert(folder.to_owned(), Arc::clone(&client));
        Ok(client)
    }
}

impl std::fmt::Debug for Downloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Downloads").finish_non_exhaustive()
    }
}

/// Flink's names have nothing escaped; a URL has.
pub(crate) fn escaped(url: &str) -> String {
    url.replace('%', "%25")
        .replace('#', "%23")
        .replace('?', "%3F")
}

#[cfg(test)]
mod tests {
    use alluvium::storage::{Cancel, in_memory};

    use super::*;
    use crate::error::ErrorKind;

    const FOLDER: &str = "s3://bucket/job/shared";

    /// Downloads from a storage in memory, and that storage.
    fn downloads(cancel: &Cancel) -> (Downloads, Arc<dyn Storage>) {
        let storage = in_memory();
        let downloads = Downloads::new(Arc::new(cancel.clone()));
        let mut state = downloads.state.lock().unwrap();
        state
            .clients
            .insert(FOLDER.to_owned(), Arc::clone(&storage));
        drop(state);
        (downloads, storage)
    }

    fn object(name: &str) -> Object {
        Object {
            folder: FOLDER.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn an_object_is_downloaded_once_and_goes_at_the_end() {
        let (downloads, storage) = downloads(&Cancel::new());
        storage.put("a", b"one").unwrap();
        storage.put("b", b"two").unwrap();

        let a = downloads.path(&object("a")).unwrap();
        let b = downloads.path(&object("b")).unwrap();
        storage.delete("a").unwrap();

        assert_eq!(downloads.path(&object("a")).unwrap(), a);
        assert_eq!(std::fs::read(&a).unwrap(), b"one");
        assert_eq!(std::fs::read(&b).unwrap(), b"two");
        drop(downloads);
        assert!(!a.exists() && !b.exists());
    }

    #[test]
    fn an_object_that_is_not_there_can_be_asked_for_again() {
        let (downloads, storage) = downloads(&Cancel::new());

        let missing = downloads.path(&object("a")).unwrap_err();
        storage.put("a", b"one").unwrap();

        assert_eq!(missing.kind(), ErrorKind::Unavailable);
        assert!(downloads.path(&object("a")).is_ok());
    }

    #[test]
    fn nothing_is_downloaded_once_it_was_cancelled() {
        let cancel = Cancel::new();
        let (downloads, storage) = downloads(&cancel);
        storage.put("a", b"one").unwrap();
        cancel.cancel();

        let refused = downloads.path(&object("a")).unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn a_name_of_flink_is_escaped_in_a_url() {
        assert_eq!(escaped("s3://b/a%b#c?d e"), "s3://b/a%25b%23c%3Fd e");
    }
}
