//! A case of the workloads: an operator on keyed state, and the independent recomputation of what it puts out.

use alluvium::protocol::key::Key;
use anyhow::Result;

use super::keyed::{Handles, Keyed};
use super::outputs::Outputs;

/// An operator, written once for all backends. A type without values.
pub(crate) trait Case: 'static {
    type Event;
    type Key: Key;
    /// Handles of its states.
    type States<H: Handles>;

    /// The key whose state a record goes to.
    fn key(event: &Self::Event) -> Self::Key;

    /// Registers its states.
    fn open<B: Keyed<Self::Key>>(backend: &mut B) -> Result<Self::States<B::Handles>>;

    fn event<B: Keyed<Self::Key>>(
        states: &Self::States<B::Handles>,
        backend: &mut B,
        event: &Self::Event,
        out: &mut Outputs,
    ) -> Result<()>;

    /// No event up to `watermark` will come: what is due fires.
    fn watermark<B: Keyed<Self::Key>>(
        states: &Self::States<B::Handles>,
        backend: &mut B,
        watermark: i64,
        out: &mut Outputs,
    ) -> Result<()>;

    /// What the operator has put out when all events were taken and the watermark has come to `last`, computed from the
    /// list of all events with plain maps.
    fn expected(events: impl Iterator<Item = Self::Event>, last: i64) -> Outputs;
}
