//! Storage over the `object_store` crate: directories, memory, S3, GCS, Azure, HTTP.
//!
//! The one module that names that crate or its runtime. What the providers disagree about ends here:
//! listings are sorted, deleting what is not there succeeds, "already exists" means "read it back" (S3
//! answers so to conflicts whose outcome it does not know), names are legal everywhere or nowhere.
//! Transfers are in `upload` and `download`; which provider a location means is in `location`.

mod download;
mod failure;
mod location;
mod name;
mod remote;
mod runtime;
mod unfinished;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as StoreError, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    PutPayload,
};

use self::failure::{Secrets, failed, unsettled};
pub use self::location::{in_directory, in_memory, open, open_with};
pub(crate) use self::name::check_name;
use super::{Cancel, ObjectInfo, PutOutcome, Storage, Transfer, Watch};
use crate::error::{Error, Result};

/// Objects below one root in one object store.
#[derive(Debug)]
struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    root: ObjectPath,
    /// For messages; without secrets.
    location: String,
    secrets: Secrets,
    /// Where the objects are files, if they are files of this machine.
    directory: Option<PathBuf>,
    /// How long a cancelled or failed upload waits for its cleaning up before it leaves it running.
    cleanup_patience: Duration,
}

impl ObjectStorage {
    fn path(&self, name: &str) -> Result<ObjectPath> {
        name::object_path(&self.root, name)
    }

    /// `verb` and the object, for messages.
    fn naming(&self, verb: &str, name: &str) -> String {
        format!("{verb} {name} in {}", self.location)
    }

    fn write(&self, path: ObjectPath, bytes: &[u8], mode: PutMode) -> Result<Written> {
        let store = Arc::clone(&self.store);
        let payload = PutPayload::from(bytes.to_vec());
        runtime::wait(async move {
            store
                .put_opts(&path, payload, PutOptions::from(mode))
                .await
                .map(drop)
        })
    }
}

/// What the store said about a write.
type Written = Result<(), StoreError>;

impl Storage for ObjectStorage {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let written = self.write(self.path(name)?, bytes, PutMode::Overwrite)?;
        written.map_err(|cause| failed(self.naming("put", name), &cause, &self.secrets))
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        let path = self.path(name)?;
        let operation = || self.naming("put if absent", name);
        let written = self.write(path, bytes, PutMode::Create).map_err(|died| {
            Error::new(crate::ErrorKind::Indeterminate, operation()).with_source(died)
        })?;
        match written {
            Ok(()) => Ok(PutOutcome::Created),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                Ok(PutOutcome::Exists)
            }
            Err(cause) => Err(unsettled(operation(), &cause, &self.secrets)),
        }
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        upload::upload(self, name, from, watch)
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        download::download(self, name, to, watch)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name)?;
        let store = Arc::clone(&self.store);
        let got = runtime::wait(async move {
            store
                .get_opts(&path, GetOptions::default())
                .await?
                .bytes()
                .await
        })?;
        match got {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(cause) => Err(failed(self.naming("get", name), &cause, &self.secrets)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let path = name::prefix_path(&self.root, prefix)?;
        let store = Arc::clone(&self.store);
        let listed = runtime::wait(async move {
            let prefix = (!path.as_ref().is_empty()).then_some(&path);
            store.list(prefix).try_collect::<Vec<ObjectMeta>>().await
        })?;
        let listed =
            listed.map_err(|cause| failed(self.naming("list", prefix), &cause, &self.secrets))?;
        let info = |object: ObjectMeta| {
            let name = name::name_below(&self.root, &object.location)?;
            let modified_unix_millis = object.last_modified.timestamp_millis();
            Some(ObjectInfo {
                name,
                bytes: object.size,
                modified_unix_millis,
            })
        };
        let mut objects: Vec<ObjectInfo> = listed.into_iter().filter_map(info).collect();
        objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn unfinished(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        name::prefix_path(&self.root, prefix)?;
        let Some(directory) = &self.directory else {
            return Ok(Vec::new());
        };
        unfinished::list(directory, prefix)
            .map_err(|error| Error::io(self.naming("list what is unfinished in", prefix), error))
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (self.path(from)?, self.path(to)?);
        let operation = || self.naming(&format!("copy {from} to"), to);
        // The object store would link the file, which keeps the time of the source's last write.
        if let Some(directory) = &self.directory {
            return upload::upload(self, to, &directory.join(from), &Cancel::new())
                .map(drop)
                .map_err(|error| error.context(operation()));
        }
        let store = Arc::clone(&self.store);
        let copied = runtime::wait(async move { store.copy(&source, &target).await })?;
        copied.map_err(|cause| failed(operation(), &cause, &self.secrets))
    }

    fn delete(&self, name: &str) -> Result<()> {
        if let Some(directory) = &self.directory
            && unfinished::is_unfinished(name)
        {
            return unfinished::delete(directory, name)
                .map_err(|error| Error::io(self.naming("delete", name), error));
        }
        let path = self.path(name)?;
        let store = Arc::clone(&self.store);
        let deleted = runtime::wait(async move { store.delete(&path).await })?;
        match deleted {
            Ok(()) => self.sync_after_delete(name),
            Err(StoreError::NotFound { .. }) => Ok(()),
            Err(cause) => Err(failed(self.naming("delete", name), &cause, &self.secrets)),
        }
    }
}

impl ObjectStorage {
    /// Makes a deletion last through a crash of the machine, so that a record deleted before the
    /// objects it names cannot come back without them. Providers do so; directories must be told.
    fn sync_after_delete(&self, name: &str) -> Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let path = directory.join(name);
        // Directories that became empty went with the object: the change is in the first that stayed.
        for parent in path
            .ancestors()
            .skip(1)
            .take_while(|parent| parent.starts_with(directory))
        {
            match std::fs::File::open(parent).and_then(|parent| parent.sync_all()) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Error::io(self.naming("make durable: delete", name), error));
                }
            }
        }
        Ok(())
    }
}
