//! What a savepoint's owner does with it: copies it to another folder, deletes it.
//!
//! Invariants: a copy is a savepoint when its `COMMIT` is there, which goes last; a savepoint that is deleted is none
//! from the first object on, its `COMMIT`. Nothing else in the library deletes objects of a savepoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_protocol::catalog::Savepoint;
use alluvium_protocol::catalog::names::SavepointObject;
use alluvium_protocol::plan::copy::ObjectCopy;

use super::SavepointFolder;
use crate::catalog::Swept;
use crate::copy::{Copier, CopyOptions, CopyReport, Folder};
use crate::error::{Error, ErrorKind, Result};

impl SavepointFolder {
    /// Makes this folder the same savepoint as `from`, object by object and byte by byte.
    ///
    /// Repeating a copy that was interrupted, or that succeeded, succeeds.
    ///
    /// # Errors
    /// `Invalid` when `from` is no savepoint, or this folder is another one; `Corrupt` when an object is missing,
    /// damaged or not what its manifest says, naming it; `Unavailable` when a storage or this machine fails;
    /// `Cancelled`. The folder is no savepoint then, and what was written is deleted, or the error says that some
    /// is left.
    pub fn copy_from(&self, from: &Self, options: &CopyOptions) -> Result<CopyReport> {
        let copier = Copier::new(from.whole(), self.whole(), options);
        self.copy_by(&copier, from, options)
    }

    fn copy_by(
        &self,
        copier: &Copier<'_>,
        from: &Self,
        options: &CopyOptions,
    ) -> Result<CopyReport> {
        let savepoint = from.read()?;
        let commit = from.storage.get(&from.commit_object())?;
        let commit = commit.ok_or_else(|| Error::invalid("the savepoint was deleted meanwhile"))?;
        match self.storage.get(&self.commit_object())? {
            Some(there) if there == commit => return Ok(CopyReport::was_there()),
            Some(_) => return Err(self.taken()),
            None => {}
        }
        let (files, manifests) = from.objects(&savepoint)?;
        let copied = copier
            .objects(&files)
            .and_then(|()| copier.objects(&manifests))
            .and_then(|()| options.cancel.check("copy of a savepoint"))
            .and_then(|()| self.check_there(&files, &manifests))
            .and_then(|()| self.commit_bytes(&commit));
        copied.map_err(|error| match self.storage.get(&self.commit_object()) {
            Ok(None) if error.kind() != ErrorKind::Indeterminate => copier.take_back(error),
            // It is a savepoint already, by another copy or by this one: what it consists of stays.
            Ok(Some(_)) => error,
            Ok(None) | Err(_) => error.context(format!(
                "what was copied may be left in {}: copy again",
                self.told(&self.folder)
            )),
        })?;
        Ok(CopyReport::of(&files))
    }

    /// Moves the savepoint `from` here: as [`Self::copy_from`], and when it is a savepoint here, it is deleted there.
    /// Within one storage (one `Arc`) the storage copies the files itself, and lengths alone are checked.
    ///
    /// A crash leaves it whole there, here, or in both; repeating the call goes on from where it was.
    ///
    /// # Errors
    /// As [`Self::copy_from`], and as [`Self::delete`]: it is here then. `Invalid` when both are one folder.
    pub fn claim(&self, from: &Self, options: &CopyOptions) -> Result<(CopyReport, Swept)> {
        let copier = Copier::new(from.whole(), self.whole(), options).in_storage();
        let copied = self.copy_by(&copier, from, options)?;
        if copied.was_there && self.is_one_folder_with(from, options)? {
            return Err(Error::invalid(format!(
                "{} is to be moved to where it is",
                self.told(&self.folder)
            )));
        }
        Ok((copied, from.delete()?))
    }

    /// Whether objects written here are found there: one folder may have several names.
    fn is_one_folder_with(&self, other: &Self, options: &CopyOptions) -> Result<bool> {
        let bits = options.environment.random.bits();
        let probe = format!("{}/probe-{bits:032x}", self.folder);
        self.storage.put(&probe, b"")?;
        let found = other
            .storage
            .get(&format!("{}/probe-{bits:032x}", other.folder));
        self.storage.delete(&probe)?;
        Ok(found?.is_some())
    }

    /// Deletes the savepoint, and what is left of one that was deleted or written in part. Objects that are not a
    /// savepoint's are left alone.
    ///
    /// A job that was restored from it does not need it any more once a checkpoint of that job is committed: before
    /// that, a crash would leave the job without a state to restore.
    ///
    /// # Errors
    /// `Unavailable` when storage fails to tell what there is, or to delete the `COMMIT`: it is still a savepoint then.
    pub fn delete(&self) -> Result<Swept> {
        self.storage.delete(&self.commit_object())?;
        let folder = format!("{}/", self.folder);
        let mut swept = Swept::default();
        let unfinished = self.storage.unfinished(&folder)?;
        for info in self.storage.list(&folder)?.into_iter().chain(unfinished) {
            let object = info.name.strip_prefix(&folder).unwrap_or_default();
            let (whole, _number) = object.split_once('#').unwrap_or((object, ""));
            if whole.parse::<SavepointObject>().is_err() {
                continue;
            }
            match self.storage.delete(&info.name) {
                Ok(()) => swept.deleted += 1,
                Err(error) => {
                    tracing::warn!(?error, object = info.name, "left of a deleted savepoint");
                    swept.left.push(object.to_owned());
                }
            }
        }
        Ok(swept)
    }

    /// Its files and its manifests, as its `COMMIT` and its manifests tell them.
    pub(super) fn objects(
        &self,
        savepoint: &Savepoint,
    ) -> Result<(Vec<ObjectCopy>, Vec<ObjectCopy>)> {
        let mut files = BTreeMap::new();
        let mut manifests = Vec::new();
        for part in &savepoint.manifests {
            for file in self.manifest(part)?.files {
                let copy = as_it_is(&file.object, file.bytes, file.crc32c);
                files.insert(file.object, copy);
            }
            manifests.push(as_it_is(&part.object, part.bytes, part.crc32c));
        }
        Ok((files.into_values().collect(), manifests))
    }

    /// Checks that another copy to the same folder, which failed meanwhile, took nothing of this one back.
    fn check_there(&self, files: &[ObjectCopy], manifests: &[ObjectCopy]) -> Result<()> {
        let listed = self.storage.list(&format!("{}/", self.folder))?;
        let there: BTreeMap<&str, u64> = listed
            .iter()
            .map(|info| (info.name.as_str(), info.bytes))
            .collect();
        for object in files.iter().chain(manifests) {
            let name = format!("{}/{}", self.folder, object.to);
            if there.get(name.as_str()) != Some(&object.bytes) {
                let told = self.told(&name);
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    format!("{told} was copied and is not there: copy again"),
                ));
            }
        }
        Ok(())
    }

    fn whole(&self) -> Folder {
        Folder {
            storage: Arc::clone(&self.storage),
            root: self.folder.clone(),
        }
    }
}

fn as_it_is(object: &str, bytes: u64, crc32c: u32) -> ObjectCopy {
    ObjectCopy {
        from: object.to_owned(),
        to: object.to_owned(),
        bytes,
        crc32c,
    }
}
