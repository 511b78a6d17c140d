//! One object there or back: tried again where that helps, checked against what is known of it.
//!
//! Invariants: nothing is left on this machine after a download failed, and only what has the right length and
//! checksum stays; a write that was cancelled while nobody answered is taken back when the answer comes.
//! Which objects are moved is decided above.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use alluvium_protocol::file::FileRef;

use super::progress::FileWatch;
use super::retry::Retry;
use crate::environment::Spawn;
use crate::error::{Error, ErrorKind, Result};
use crate::local::content::check;
use crate::storage::{Cancel, Storage, Transfer, Watch};

/// How long a thread waits between two looks at a cancel flag.
const CANCEL_LOOK: Duration = Duration::from_millis(50);

/// How long a cancelled write waits for its answer before it is left behind: half of the second in which a
/// cancelled call is to return.
const CANCEL_PATIENCE: Duration = Duration::from_millis(500);

/// Damaged downloads of one object that are begun anew: once tells damage on the way from damage at rest.
const DAMAGED_MAX: u32 = 1;

/// Uploads the file at `from` as the object `name`. `file` says how long it is.
///
/// # Errors
/// As [`Storage::upload`]; `Corrupt` when the file is not as long as it was.
pub(crate) fn upload(
    storage: &dyn Storage,
    name: &str,
    from: &Path,
    file: &FileRef,
    retry: &Retry,
    watch: &FileWatch,
) -> Result<Transfer> {
    let moved = retry.run(watch.cancel(), 0, || {
        watch.begin();
        storage.upload(name, from, watch)
    })?;
    if moved.bytes == file.bytes {
        return Ok(moved);
    }
    Err(Error::corrupt(format!(
        "{} has {} bytes and {} were uploaded: it changed while it was pinned",
        from.display(),
        file.bytes,
        moved.bytes
    )))
}

/// Downloads the object `name` to a new file at `to`, which is then what `file` says.
///
/// # Errors
/// As [`Storage::download`]; `Corrupt` when length or checksum are wrong twice.
pub(crate) fn download(
    storage: &dyn Storage,
    name: &str,
    to: &Path,
    file: &FileRef,
    retry: &Retry,
    watch: &FileWatch,
) -> Result<Transfer> {
    retry.run(watch.cancel(), DAMAGED_MAX, || {
        watch.begin();
        let moved = storage
            .download(name, to, watch)
            .map_err(|error| error.context(format!("fetch {name} from {}", storage.location())))?;
        if let Err(found) = check(file, moved) {
            fs::remove_file(to)
                .map_err(|error| Error::io(format!("remove damaged {}", to.display()), error))?;
            return Err(Error::corrupt(format!(
                "{name} in {} {found}",
                storage.location()
            )));
        }
        Ok(moved)
    })
}

/// Writes a small object, replacing what may be there.
///
/// [`Storage::put`] cannot be cancelled, so it is called on a thread of its own, which is left behind if it does not
/// answer in time. It deletes the object if it was written after all.
///
/// # Errors
/// As [`Storage::put`]; `Cancelled` within a second after `cancel` is set.
pub(crate) fn put(
    storage: &Arc<dyn Storage>,
    name: &str,
    bytes: Vec<u8>,
    spawn: &dyn Spawn,
    retry: &Retry,
    cancel: &Cancel,
) -> Result<()> {
    let left_behind = Arc::new(AtomicBool::new(false));
    let (answer, answered) = sync_channel(1);
    let call = {
        let (storage, name, left_behind) = (
            Arc::clone(storage),
            name.to_owned(),
            Arc::clone(&left_behind),
        );
        let (retry, cancel) = (retry.clone(), cancel.clone());
        move || {
            let written = retry.run(&cancel, 0, || storage.put(&name, &bytes));
            if left_behind.load(Ordering::SeqCst)
                && let Err(error) = storage.delete(&name)
            {
                tracing::warn!(?error, object = name, "left for the sweep");
            }
            // Nobody may be waiting any more: then the answer is not wanted.
            drop(answer.try_send(written));
        }
    };
    spawn.spawn("alluvium-put", Box::new(call))?;
    let mut patience = CANCEL_PATIENCE;
    loop {
        match answered.recv_timeout(CANCEL_LOOK) {
            Ok(written) => return written,
            Err(RecvTimeoutError::Disconnected) => {
                let message = format!("put {name}: its thread panicked, see its message");
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
            Err(RecvTimeoutError::Timeout) => {
                patience = patience.saturating_sub(CANCEL_LOOK);
                if patience.is_zero() {
                    left_behind.store(true, Ordering::SeqCst);
                    return Err(Error::cancelled(format_args!("put {name}")));
                }
            }
        }
    }
}
