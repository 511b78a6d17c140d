//! A storage that fails as planned.
//!
//! Wraps any storage. A plan says what happens to the n-th call of an operation: it fails before or
//! after it took effect, answers with damaged bytes, or something else happens first. A seeded plan
//! draws failures instead, the same ones for the same seed and order of calls. What is not planned
//! goes through. Does not delay anything: see `FaultyStorage::meanwhile` for interleavings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alluvium::storage::{ObjectInfo, PutOutcome, Storage, Transfer, Watch};
use alluvium::{Error, ErrorKind, Result};

/// An operation of [`Storage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "one for each method of the trait")]
pub enum Operation {
    /// [`Storage::put`].
    Put,
    /// [`Storage::put_if_absent`].
    PutIfAbsent,
    /// [`Storage::upload`].
    Upload,
    /// [`Storage::download`].
    Download,
    /// [`Storage::get`].
    Get,
    /// [`Storage::list`].
    List,
    /// [`Storage::copy`].
    Copy,
    /// [`Storage::delete`].
    Delete,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose among all of them")]
pub enum Fault {
    /// It fails with this kind and has no effect.
    Before(ErrorKind),
    /// It takes effect and fails with this kind all the same: its answer was lost.
    After(ErrorKind),
    /// A [`Storage::put_if_absent`] takes effect but is told that the object existed, as after a retry
    /// below that repeated what had succeeded.
    AnswerExists,
    /// A read answers with the first half of the bytes.
    Truncate,
    /// A read answers with one bit of the middle byte flipped.
    FlipBit,
}

/// A storage that fails as planned. See the module.
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    calls: BTreeMap<Operation, u64>,
    faults: BTreeMap<(Operation, u64), Fault>,
    always: BTreeMap<Operation, Fault>,
    meanwhile: BTreeMap<(Operation, u64), Action>,
    drawn: Option<Draw>,
}

type Action = Box<dyn FnOnce() + Send>;

/// Failures drawn from a seed.
struct Draw {
    state: u64,
    percent: u64,
}

impl FaultyStorage {
    /// `inner`, with no faults planned yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            plan: Mutex::new(Plan::default()),
        }
    }

    /// Plans `fault` for the `nth` call of `operation` from now on; 1 is the next.
    ///
    /// # Panics
    /// When `fault` cannot befall `operation`, such as damaged bytes in an answer that has none.
    pub fn fail(&self, operation: Operation, nth: u64, fault: Fault) {
        assert_befalls(operation, fault);
        let mut plan = self.plan();
        let number = plan.calls_of(operation) + nth;
        plan.faults.insert((operation, number), fault);
    }

    /// Plans `fault` for every call of `operation` until [`Self::heal`].
    ///
    /// # Panics
    /// As [`Self::fail`].
    pub fn fail_always(&self, operation: Operation, fault: Fault) {
        assert_befalls(operation, fault);
        self.plan().always.insert(operation, fault);
    }

    /// Draws a failure for about `percent` of all calls: half of them before, half after their effect.
    /// Conditional writes fail with `Indeterminate`, others with `Unavailable`.
    pub fn fail_by_seed(&self, seed: u64, percent: u64) {
        self.plan().drawn = Some(Draw {
            state: seed,
            percent,
        });
    }

    /// Runs `action` just before the `nth` call of `operation` from now on goes through: what another
    /// process does at the worst moment. It may call this storage.
    pub fn meanwhile(
        &self,
        operation: Operation,
        nth: u64,
        action: impl FnOnce() + Send + 'static,
    ) {
        let mut plan = self.plan();
        let number = plan.calls_of(operation) + nth;
        plan.meanwhile.insert((operation, number), Box::new(action));
    }

    /// Forgets all that was planned. Calls stay counted.
    pub fn heal(&self) {
        let calls = std::mem::take(&mut self.plan().calls);
        *self.plan() = Plan {
            calls,
            ..Plan::default()
        };
    }

    /// How many calls of `operation` there were, failed ones included.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u64 {
        self.plan().calls_of(operation)
    }

    /// Makes a call as planned. `damage` is applied to what it did.
    fn call<T>(
        &self,
        operation: Operation,
        name: &str,
        call: impl FnOnce() -> Result<T>,
        damage: impl FnOnce(T, Fault) -> Result<T>,
    ) -> Result<T> {
        let (fault, action) = self.plan().next(operation);
        if let Some(action) = action {
            action();
        }
        let planned = |kind, when| {
            Err(Error::new(
                kind,
                format!("{operation:?} {name} failed {when} as planned"),
            ))
        };
        match fault {
            None => call(),
            Some(Fault::Before(kind)) => planned(kind, "before its effect"),
            Some(Fault::After(kind)) => {
                call()?;
                planned(kind, "after its effect")
            }
            Some(fault) => damage(call()?, fault),
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A test that panicked in another thread is reported there.
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FaultyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStorage")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

fn assert_befalls(operation: Operation, fault: Fault) {
    let can = match fault {
        Fault::Before(_) | Fault::After(_) => true,
        Fault::AnswerExists => operation == Operation::PutIfAbsent,
        Fault::Truncate | Fault::FlipBit => {
            matches!(operation, Operation::Get | Operation::Download)
        }
    };
    assert!(can, "{fault:?} cannot befall {operation:?}");
}

impl Plan {
    fn calls_of(&self, operation: Operation) -> u64 {
        self.calls.get(&operation).copied().unwrap_or(0)
    }

    fn next(&mut self, operation: Operation) -> (Option<Fault>, Option<Action>) {
        let count = self.calls.entry(operation).or_insert(0);
        *count += 1;
        let call = (operation, *count);
        let drawn = self.drawn.as_mut().and_then(|draw| draw.next(operation));
        let planned = self.faults.remove(&call);
        let fault = planned
            .or_else(|| self.always.get(&operation).copied())
            .or(drawn);
        (fault, self.meanwhile.remove(&call))
    }
}

impl Draw {
    fn next(&mut self, operation: Operation) -> Option<Fault> {
        let fails = self.bits() % 100 < self.percent;
        let before = self.bits().is_multiple_of(2);
        let kind = match operation {
            Operation::PutIfAbsent => ErrorKind::Indeterminate,
            _ => ErrorKind::Unavailable,
        };
        fails.then_some(if before {
            Fault::Before(kind)
        } else {
            Fault::After(kind)
        })
    }

    /// The next 64 bits of the splitmix sequence: plenty for drawing, and the same everywhere.
    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

impl Storage for FaultyStorage {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.call(Operation::Put, name, || self.inner.put(name, bytes), whole)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        let exists = |_, _| Ok(PutOutcome::Exists);
        self.call(
            Operation::PutIfAbsent,
            name,
            || self.inner.put_if_absent(name, bytes),
            exists,
        )
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        self.call(
            Operation::Upload,
            name,
            || self.inner.upload(name, from, watch),
            whole,
        )
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        let damage = |_, fault| {
            let read = |error| Error::io(format!("damage {}", to.display()), error);
            let bytes = damaged(fs::read(to).map_err(read)?, fault);
            fs::write(to, &bytes).map_err(read)?;
            // What was damaged on its way has the checksum of what arrived.
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            Ok(Transfer {
                bytes: length,
                crc32c: crc32c::crc32c(&bytes),
            })
        };
        self.call(
            Operation::Download,
            name,
            || self.inner.download(name, to, watch),
            damage,
        )
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let damage = |bytes: Option<Vec<u8>>, fault| Ok(bytes.map(|bytes| damaged(bytes, fault)));
        self.call(Operation::Get, name, || self.inner.get(name), damage)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        self.call(Operation::List, prefix, || self.inner.list(prefix), whole)
    }

    fn unfinished(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let list = || self.inner.unfinished(prefix);
        self.call(Operation::List, prefix, list, whole)
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        self.call(Operation::Copy, to, || self.inner.copy(from, to), whole)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.call(Operation::Delete, name, || self.inner.delete(name), whole)
    }
}

/// The answer of a call that has no bytes to damage.
#[expect(
    clippy::unnecessary_wraps,
    reason = "takes the place of functions that can fail"
)]
fn whole<T>(answer: T, _: Fault) -> Result<T> {
    Ok(answer)
}

fn damaged(mut bytes: Vec<u8>, fault: Fault) -> Vec<u8> {
    let middle = bytes.len() / 2;
    if fault == Fault::Truncate {
        bytes.truncate(middle);
    } else if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes
}

#[cfg(test)]
mod tests;
