//! Where the events of a run come from.

use anyhow::Result;

/// The events of a run, in the order of their arrival. Made anew it gives the same ones.
pub(crate) trait Input {
    type Event;

    /// Replaces what is in `events` by the next ones, `most` at the most; none when the input has ended.
    fn read(&mut self, events: &mut Vec<Self::Event>, most: usize) -> Result<()>;

    /// A time such that every event up to it has been read.
    fn watermark(&self) -> i64;

    /// The watermark behind the last event.
    fn last(&self) -> i64;
}

/// All events of an input, one by one.
pub(crate) struct Each<I: Input> {
    input: I,
    chunk: std::vec::IntoIter<I::Event>,
    /// What ended the events early.
    pub(crate) error: Option<anyhow::Error>,
}

impl<I: Input> Each<I> {
    pub(crate) fn of(input: I) -> Self {
        Self {
            input,
            chunk: Vec::new().into_iter(),
            error: None,
        }
    }
}

impl<I: Input> Iterator for Each<I> {
    type Item = I::Event;

    fn next(&mut self) -> Option<I::Event> {
        if let Some(event) = self.chunk.next() {
            return Some(event);
        }
        let mut events = Vec::new();
        if let Err(error) = self.input.read(&mut events, 1_024) {
            self.error = Some(error);
            return None;
        }
        self.chunk = events.into_iter();
        self.chunk.next()
    }
}
