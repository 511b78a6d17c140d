//! A source that has nothing to read for a while holds up neither event time nor checkpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alluvium::Result;
use alluvium_timely::{Event, Job, Next, Observer, Source, SplitReader};

use crate::counting::Counting;
use crate::place::{Place, engine, options};
use crate::words::{Word, Words};

/// The words, but the last record of each split comes after the first checkpoint that completes.
#[derive(Clone)]
struct Waiting {
    words: Words,
    checkpointed: Arc<AtomicBool>,
}

struct WaitingReader {
    reader: Box<dyn SplitReader<Word>>,
    left: u64,
    checkpointed: Arc<AtomicBool>,
}

impl Source for Waiting {
    type Record = Word;

    fn splits(&self) -> u32 {
        self.words.splits
    }

    fn open(&self, split: u32, position: Option<&[u8]>) -> Result<Box<dyn SplitReader<Word>>> {
        let reader = self.words.open(split, position)?;
        let left = self.words.records_of_a_split;
        Ok(Box::new(WaitingReader {
            reader,
            left,
            checkpointed: Arc::clone(&self.checkpointed),
        }))
    }
}

impl SplitReader<Word> for WaitingReader {
    fn next(&mut self) -> Result<Next<Word>> {
        if self.left == 1 && !self.checkpointed.load(Ordering::SeqCst) {
            return Ok(Next::Pending);
        }
        self.left = self.left.saturating_sub(1);
        self.reader.next()
    }

    fn position(&self) -> Vec<u8> {
        self.reader.position()
    }

    fn watermark(&self) -> i64 {
        self.reader.watermark()
    }
}

/// Notes that a checkpoint completed.
struct Checkpointed(Arc<AtomicBool>);

impl Observer for Checkpointed {
    fn event(&self, event: &Event) {
        if matches!(event, Event::CheckpointCompleted { .. }) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn checkpoints_complete_though_no_record_comes() {
    let (place, words) = (Place::new(), Words::new(3, 10));
    let checkpointed = Arc::new(AtomicBool::new(false));
    let source = Waiting {
        words: words.clone(),
        checkpointed: Arc::clone(&checkpointed),
    };
    let mut options = options();
    options.tick_idle = Duration::from_millis(1);
    let recovered = place.recover().unwrap();

    let job = Job::new(
        place.deployment(),
        source,
        Counting::default,
        Arc::clone(&place.sink),
    );
    let job = job
        .options(options)
        .observer(Arc::new(Checkpointed(checkpointed)));
    job.run(&engine(2), &recovered).unwrap();

    assert_eq!(place.published(), words.expected());
}
