//! A job goes on with another number of workers, from local copies where there are some.

use std::sync::Arc;

use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

use crate::place::{Place, options};
use crate::words::{Break, Words};

#[test]
fn scaled_out_and_in_again_after_crashes_every_line_comes_once() {
    let (place, words) = (Place::new(), Words::new(5, 1500));
    place.run_until_broken(&words, 2, &Break::after_checkpoints(3));
    place.run_until_broken(&words, 3, &Break::after_checkpoints(2));

    place.run(&words, 1).unwrap();

    assert_eq!(place.published(), words.expected());
}

#[test]
fn on_rocksdb_a_new_attempt_starts_from_local_copies() {
    let store = RocksStoreFactory::new(RocksOptions::default()).unwrap();
    let place = Place {
        store: Arc::new(store),
        ..Place::new()
    };
    let words = Words::new(5, 1500);
    place.run_until_broken(&words, 2, &Break::after_checkpoints(3));

    let report = place.run_with(&words, 3, options(), Arc::new(())).unwrap();

    assert_eq!(place.published(), words.expected());
    for worker in &report.workers {
        let restored = worker.restored.as_ref().unwrap();
        assert!(restored.files_linked > 0, "{restored:?}");
        assert_eq!(restored.files_downloaded, 0, "{restored:?}");
    }
}
