//! What a job does with its records.

use alluvium::protocol::key::{EncodeKey, Key};
use alluvium::{Backend, Result};
use timely::ExchangeData;

/// A keyed operator: the state of each key is in the backend of the one worker that its records go to.
///
/// Every worker has an instance of its own. All of an instance's memory must be in the backend: what is in its
/// fields is lost when the job recovers. Output passed to `out` reaches the sink exactly once.
pub trait Operator: 'static {
    /// What it is given. Crosses between processes, so its serde form must be read back by field order.
    type Record: ExchangeData;
    /// What records are keyed by.
    type Key: Key;
    /// What it puts out.
    type Output: ExchangeData;

    /// The key of a record. Called where the record comes from, to find the worker that it goes to:
    /// it must depend on the record alone.
    fn key(record: &Self::Record) -> impl EncodeKey<Key = Self::Key>;

    /// Registers the states. Called once, before the first record of an attempt.
    ///
    /// # Errors
    /// What registering returns, above all `Incompatible`; the attempt ends.
    fn open(&mut self, backend: &mut Backend<Self::Key>) -> Result<()>;

    /// Takes one record.
    ///
    /// # Errors
    /// Any; the attempt ends.
    fn record(
        &mut self,
        backend: &mut Backend<Self::Key>,
        record: Self::Record,
        out: &mut dyn FnMut(Self::Output),
    ) -> Result<()>;

    /// Learns that no record with an event time up to `watermark` will come: due timers fire now. Called
    /// with growing watermarks.
    ///
    /// # Errors
    /// Any; the attempt ends.
    fn watermark(
        &mut self,
        backend: &mut Backend<Self::Key>,
        watermark: i64,
        out: &mut dyn FnMut(Self::Output),
    ) -> Result<()> {
        let _no_timers = (backend, watermark, out);
        Ok(())
    }

    /// Learns that the input has ended, after the last watermark: final results go out now.
    ///
    /// # Errors
    /// Any; the attempt ends.
    fn end(
        &mut self,
        backend: &mut Backend<Self::Key>,
        out: &mut dyn FnMut(Self::Output),
    ) -> Result<()> {
        let _no_results = (backend, out);
        Ok(())
    }
}
