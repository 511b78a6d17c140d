//! One process's way to storage: it can break once, or for good.
//!
//! A failpoint says at which operation from now, and what became of that operation. After a fatal one
//! nothing of this process reaches storage any more, as after `kill -9`: whoever takes over has a connection of
//! its own. Everything else goes through.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alluvium::storage::{Cancel, ObjectInfo, PutOutcome, Storage, Transfer, Watch};
use alluvium::{Error, ErrorKind, Result};

use super::objects::{Change, Objects, read, transfer};

/// What became of the operation at which something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum Effect {
    /// It had none.
    Never,
    /// It took effect, and its answer was lost.
    Done,
    /// It takes effect when so many more operations were made, by whomever.
    Late(u8),
}

/// What goes wrong at a failpoint.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The process dies.
    Dies(Effect),
    /// The operation fails, the process goes on.
    Fails(Effect),
    /// The operation goes through, and somebody cancels meanwhile.
    Cancels(Cancel),
}

/// A process's connection to the objects.
pub(super) struct Connection {
    objects: Arc<Objects>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    dead: bool,
    /// Operations until the failpoint, and what happens there.
    failpoint: Option<(u64, Failure)>,
}

impl Connection {
    pub(super) fn new(objects: Arc<Objects>) -> Self {
        Self {
            objects,
            state: Mutex::default(),
        }
    }

    /// Plans `failure` for the operation after `operations` more.
    pub(super) fn plan(&self, operations: u64, failure: Failure) {
        self.state().failpoint = Some((operations, failure));
    }

    /// The process dies now, whatever it is doing.
    pub(super) fn kill(&self) {
        self.state().dead = true;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Whether a planned failure is still to come.
    pub(super) fn has_plan(&self) -> bool {
        self.state().failpoint.is_some()
    }

    /// Nothing is planned any more.
    pub(super) fn forget(&self) {
        self.state().failpoint = None;
    }

    /// No cancel is planned any more.
    pub(super) fn forget_cancel(&self) {
        let mut state = self.state();
        if let Some((_, Failure::Cancels(_))) = state.failpoint {
            state.failpoint = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation; what happens to it.
    fn next(&self) -> Result<Option<Failure>> {
        self.objects.count_operation();
        let mut state = self.state();
        if state.dead {
            return Err(dead());
        }
        match &mut state.failpoint {
            Some((0, _)) => {}
            Some((left, _)) => {
                *left -= 1;
                return Ok(None);
            }
            None => return Ok(None),
        }
        let failure = state.failpoint.take().map(|(_, failure)| failure);
        if let Some(Failure::Dies(_)) = failure {
            state.dead = true;
        }
        Ok(failure)
    }

    fn write(&self, change: Change) -> Result<PutOutcome> {
        let conditional = matches!(change, Change::PutIfAbsent(..));
        let (effect, error) = match self.next()? {
            None => return Ok(self.objects.apply(change)),
            Some(Failure::Cancels(cancel)) => {
                cancel.cancel();
                return Ok(self.objects.apply(change));
            }
            Some(Failure::Dies(effect)) => (effect, dead()),
            Some(Failure::Fails(effect)) => (effect, failed(conditional)),
        };
        match effect {
            Effect::Never => {}
            Effect::Done => {
                self.objects.apply(change);
            }
            Effect::Late(operations) => self.objects.keep_back(operations, change),
        }
        Err(error)
    }

    fn read(&self) -> Result<()> {
        match self.next()? {
            None => Ok(()),
            Some(Failure::Cancels(cancel)) => {
                cancel.cancel();
                Ok(())
            }
            Some(Failure::Dies(_)) => Err(dead()),
            Some(Failure::Fails(_)) => Err(failed(false)),
        }
    }
}

fn dead() -> Error {
    // Nobody tries again what its own process's death cut short.
    Error::cancelled("an operation of a process that died")
}

fn failed(conditional: bool) -> Error {
    let kind = if conditional {
        ErrorKind::Indeterminate
    } else {
        ErrorKind::Unavailable
    };
    Error::new(kind, "storage failed as planned")
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Storage for Connection {
    fn location(&self) -> String {
        self.objects.location()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.write(Change::Put(name.to_owned(), bytes.to_vec()))?;
        Ok(())
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        self.write(Change::PutIfAbsent(name.to_owned(), bytes.to_vec()))
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        watch.cancel().check(format_args!("upload {name}"))?;
        let bytes = read(from)?;
        let moved = transfer(&bytes);
        self.write(Change::Put(name.to_owned(), bytes))?;
        Ok(moved)
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        self.read()?;
        self.objects.download(name, to, watch)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.read()?;
        self.objects.get(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        self.read()?;
        self.objects.list(prefix)
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let bytes = self.objects.existing(from)?;
        self.put(to, &bytes)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.write(Change::Delete(name.to_owned()))?;
        Ok(())
    }
}
