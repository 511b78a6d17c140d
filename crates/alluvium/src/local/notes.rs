//! Which checkpoints' copies are to go: noted by task threads, looked up by uploads. No I/O.
//!
//! Copies that are there when local copies are opened are of an *earlier life* of the job. It goes on from one
//! of its checkpoints, or starts anew: what it finds of later checkpoints then will never be needed, however high
//! their numbers are.

use std::collections::BTreeSet;

use alluvium_protocol::manifest::CheckpointId;

/// Aborted checkpoints that are remembered until an upload deletes their copies. What is forgotten goes when a
/// later checkpoint completes; a job that aborts this many without uploading one has no copies of them.
const ABORTED_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Notes {
    completed: Option<CheckpointId>,
    aborted: BTreeSet<CheckpointId>,
    earlier: BTreeSet<CheckpointId>,
}

impl Notes {
    pub(super) fn of_earlier(earlier: impl Iterator<Item = CheckpointId>) -> Self {
        Self {
            earlier: earlier.collect(),
            ..Self::default()
        }
    }

    /// The last note counts: a job that was restored from an older checkpoint completes lower numbers again.
    pub(super) fn complete(&mut self, id: CheckpointId) {
        self.completed = Some(id);
        self.aborted.remove(&id);
    }

    pub(super) fn abort(&mut self, id: CheckpointId) {
        self.aborted.insert(id);
        if self.aborted.len() > ABORTED_MAX {
            self.aborted.pop_first();
        }
    }

    /// A copy of this checkpoint is of this life.
    pub(super) fn keep(&mut self, id: CheckpointId) {
        self.earlier.remove(&id);
    }

    /// Copies of these checkpoints were here when local copies were opened, and may be still.
    pub(super) const fn earlier(&self) -> &BTreeSet<CheckpointId> {
        &self.earlier
    }

    /// Those of `here` whose copies are to go, and forgets the notes.
    pub(super) fn take_subsumed(
        &mut self,
        here: &BTreeSet<CheckpointId>,
    ) -> BTreeSet<CheckpointId> {
        let aborted = std::mem::take(&mut self.aborted);
        let completed = self.completed.take();
        let subsumed = |id: &CheckpointId| {
            completed.is_some_and(|last| *id < last || *id > last && self.earlier.contains(id))
        };
        let gone = here.iter().copied();
        let gone: BTreeSet<_> = gone
            .filter(|id| aborted.contains(id) || subsumed(id))
            .collect();
        if completed.is_some() {
            self.earlier.clear();
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> BTreeSet<CheckpointId> {
        numbers.iter().copied().map(CheckpointId::new).collect()
    }

    fn id(number: u64) -> CheckpointId {
        CheckpointId::new(number)
    }

    #[test]
    fn a_completion_subsumes_what_is_older_and_leaves_what_overtook_it() {
        let mut notes = Notes::default();
        notes.complete(id(5));

        assert_eq!(notes.take_subsumed(&ids(&[3, 4, 5, 6])), ids(&[3, 4]));
    }

    #[test]
    fn what_an_aborted_checkpoint_left_goes() {
        let mut notes = Notes::default();
        notes.abort(id(6));

        assert_eq!(notes.take_subsumed(&ids(&[4, 6, 7])), ids(&[6]));
    }

    #[test]
    fn a_note_is_carried_out_once() {
        let mut notes = Notes::default();
        notes.complete(id(10));
        notes.abort(id(11));
        assert_eq!(notes.take_subsumed(&ids(&[])), ids(&[]));

        // The job was restored from checkpoint 4 since.
        assert_eq!(notes.take_subsumed(&ids(&[5, 11])), ids(&[]));
    }

    #[test]
    fn a_job_that_starts_anew_drops_the_high_numbers_of_its_earlier_life() {
        let mut notes = Notes::of_earlier(ids(&[2, 499, 500]).into_iter());
        notes.keep(id(2));
        notes.complete(id(1));

        assert_eq!(
            notes.take_subsumed(&ids(&[1, 2, 499, 500])),
            ids(&[499, 500])
        );
        assert!(notes.earlier().is_empty());
    }

    #[test]
    fn aborted_checkpoints_are_remembered_up_to_a_bound() {
        let mut notes = Notes::default();
        for number in 0..5000 {
            notes.abort(id(number));
        }

        assert_eq!(notes.aborted.len(), ABORTED_MAX);
        assert!(notes.aborted.contains(&id(4999)));
    }
}
