//! The input of these tests, and what a job that counts its words, in all and by window of event time, puts out.
//!
//! Words and times follow from a record's split and number alone. Every line of output can come out once only:
//! every tenth count of a word, the count of each window that event time passed, the total at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium::{Error, ErrorKind, Result};
use alluvium_timely::{Event, Next, Observer, Source, SplitReader};
use serde::{Deserialize, Serialize};

const WINDOW_MILLIS: i64 = 100;

/// One record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Word {
    pub(crate) word: String,
    pub(crate) time: i64,
}

/// The `number`-th record of a split. Times grow within a split.
fn word(split: u32, number: u64) -> Word {
    let mix = (number * 31 + u64::from(split) * 17) % 97;
    Word {
        word: format!("word{}", mix * mix % 41),
        time: time(split, number),
    }
}

fn time(split: u32, number: u64) -> i64 {
    i64::try_from(number).unwrap() * 3 + i64::from(split)
}

/// A generated input.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) splits: u32,
    pub(crate) records_of_a_split: u64,
    /// Where it breaks, if it does.
    pub(crate) break_at: Option<Break>,
}

/// Breaks the source once so many checkpoints completed, with records read that none of them covers.
#[derive(Debug, Clone)]
pub(crate) struct Break {
    checkpoints: Arc<AtomicU64>,
    after: u64,
}

impl Break {
    pub(crate) fn after_checkpoints(after: u64) -> Self {
        Self {
            checkpoints: Arc::default(),
            after,
        }
    }

    fn is_due(&self) -> bool {
        self.checkpoints.load(Ordering::SeqCst) >= self.after
    }
}

impl Observer for Break {
    fn event(&self, event: &Event) {
        if matches!(event, Event::CheckpointCompleted { .. }) {
            self.checkpoints.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Words {
    pub(crate) const fn new(splits: u32, records_of_a_split: u64) -> Self {
        Self {
            splits,
            records_of_a_split,
            break_at: None,
        }
    }

    pub(crate) fn breaking(&self, break_at: &Break) -> Self {
        Self {
            break_at: Some(break_at.clone()),
            ..self.clone()
        }
    }

    pub(crate) fn records(&self) -> u64 {
        u64::from(self.splits) * self.records_of_a_split
    }

    /// All lines that a run over the whole input puts out, sorted.
    pub(crate) fn expected(&self) -> Vec<String> {
        let mut counts = BTreeMap::<String, u64>::new();
        let mut windows = BTreeMap::<(String, i64), u64>::new();
        let mut last = i64::MIN;
        for split in 0..self.splits {
            for number in 0..self.records_of_a_split {
                let Word { word, time } = word(split, number);
                *counts.entry(word.clone()).or_default() += 1;
                *windows.entry((word, window_of(time))).or_default() += 1;
                last = last.max(time);
            }
        }
        let mut lines: Vec<_> = windows
            .into_iter()
            .filter(|((_, start), _)| last >= window_end(*start))
            .map(|((word, start), count)| window_line(&word, start, count))
            .collect();
        for (word, count) in counts {
            lines.extend((1..=count / 10).map(|tens| count_line(&word, tens * 10)));
            lines.push(total_line(&word, count));
        }
        lines.sort_unstable();
        lines
    }
}

impl Source for Words {
    type Record = Word;

    fn splits(&self) -> u32 {
        self.splits
    }

    fn open(&self, split: u32, position: Option<&[u8]>) -> Result<Box<dyn SplitReader<Word>>> {
        let next = position.map_or(0, |position| {
            u64::from_be_bytes(position.try_into().unwrap())
        });
        Ok(Box::new(Reader {
            words: self.clone(),
            split,
            next,
        }))
    }
}

struct Reader {
    words: Words,
    split: u32,
    next: u64,
}

impl SplitReader<Word> for Reader {
    fn next(&mut self) -> Result<Next<Word>> {
        if let Some(break_at) = &self.words.break_at {
            if break_at.is_due() {
                return Err(Error::new(ErrorKind::Unavailable, "the source broke"));
            }
            // Not so far that the input ends before the checkpoint completes.
            if self.next + 1 >= self.words.records_of_a_split {
                return Ok(Next::Pending);
            }
        }
        if self.next == self.words.records_of_a_split {
            return Ok(Next::End);
        }
        self.next += 1;
        Ok(Next::Record(word(self.split, self.next - 1)))
    }

    fn position(&self) -> Vec<u8> {
        self.next.to_be_bytes().to_vec()
    }

    fn watermark(&self) -> i64 {
        self.next
            .checked_sub(1)
            .map_or(i64::MIN, |last| time(self.split, last))
    }
}

pub(crate) fn window_of(time: i64) -> i64 {
    time - time.rem_euclid(WINDOW_MILLIS)
}

/// The last time in a window.
pub(crate) fn window_end(start: i64) -> i64 {
    start + WINDOW_MILLIS - 1
}

pub(crate) fn count_line(word: &str, count: u64) -> String {
    format!("{word} {count}")
}

pub(crate) fn window_line(word: &str, start: i64, count: u64) -> String {
    format!("{word} from {start}: {count}")
}

pub(crate) fn total_line(word: &str, count: u64) -> String {
    format!("{word} in all: {count}")
}
