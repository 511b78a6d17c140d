//! Ticks, the time of the dataflow, and epochs, what a checkpoint cuts.
//!
//! Invariants: an epoch is a fixed number of ticks within one attempt; epochs are numbered on over attempts and
//! are the numbers of checkpoints, ticks mean nothing outside their attempt.

use std::num::NonZeroU64;

/// How ticks make epochs in one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Epochs {
    ticks: NonZeroU64,
    first: u64,
}

impl Epochs {
    /// Epochs of `ticks` ticks each, from epoch `first` on.
    pub(crate) const fn new(ticks: NonZeroU64, first: u64) -> Self {
        Self { ticks, first }
    }

    /// The attempt's first epoch.
    pub(crate) const fn first(self) -> u64 {
        self.first
    }

    /// The epoch that a tick belongs to.
    pub(crate) const fn of(self, tick: u64) -> u64 {
        tick / self.ticks.get()
    }

    /// An epoch's first tick.
    pub(crate) const fn first_tick(self, epoch: u64) -> u64 {
        epoch.saturating_mul(self.ticks.get())
    }

    /// An epoch's last tick.
    pub(crate) const fn last_tick(self, epoch: u64) -> u64 {
        self.first_tick(epoch).saturating_add(self.ticks.get() - 1)
    }

    /// Whether a tick is the last of its epoch.
    pub(crate) const fn ends(self, tick: u64) -> bool {
        tick == self.last_tick(self.of(tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_reaches_from_its_first_to_its_last_tick() {
        let epochs = Epochs::new(NonZeroU64::new(5).unwrap(), 3);

        assert_eq!(epochs.first_tick(3), 15);
        assert_eq!(epochs.last_tick(3), 19);
        assert_eq!(
            (15..=20).map(|tick| epochs.of(tick)).collect::<Vec<_>>(),
            [3, 3, 3, 3, 3, 4]
        );
        assert_eq!(
            (15..=20)
                .filter(|tick| epochs.ends(*tick))
                .collect::<Vec<_>>(),
            [19]
        );
    }
}
