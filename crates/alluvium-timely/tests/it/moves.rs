//! The observer of a job is told of files while they move.

use std::sync::{Arc, Mutex};

use alluvium_timely::{Event, Observer, SavepointAt, SavepointRequest, Transfer};

use crate::place::{Place, options};
use crate::words::{Break, Words};

/// Remembers what was moved to the end.
#[derive(Default)]
struct Moved(Mutex<Vec<Transfer>>);

impl Observer for Moved {
    fn event(&self, event: &Event) {
        if let Event::Moved {
            transfer, progress, ..
        } = event
            && progress.files_done == progress.files
        {
            assert_eq!(progress.bytes_done, progress.bytes, "{event:?}");
            self.0.lock().unwrap().push(*transfer);
        }
    }
}

#[test]
fn restores_checkpoints_and_savepoints_tell_what_they_move() {
    let (place, words) = (Place::new(), Words::new(5, 1500));
    place.run_until_broken(&words, 2, &Break::after_checkpoints(3));
    let moved = Arc::new(Moved::default());
    let mut options = options();
    options.savepoint = Some(SavepointRequest::new("noon", SavepointAt::End));

    place
        .run_with(&words, 2, options, Arc::<Moved>::clone(&moved))
        .unwrap();

    let moved = moved.0.lock().unwrap();
    for transfer in [Transfer::Restore, Transfer::Checkpoint, Transfer::Savepoint] {
        assert!(moved.contains(&transfer), "{transfer:?} in {moved:?}");
    }
}
