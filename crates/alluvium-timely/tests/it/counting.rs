//! The operator of these tests. Its output is what [`Words::expected`](crate::words::Words::expected) computes.

use alluvium::protocol::key::EncodeKey;
use alluvium::state::{Timers, Value};
use alluvium::{Backend, EventTimers, Result, ValueState};
use alluvium_timely::Operator;

use crate::words::{Word, count_line, total_line, window_end, window_line, window_of};

const COUNT: ValueState<u64> = ValueState::new("count");
const WINDOW: ValueState<u64, i64> = ValueState::new("window").namespaced();
const WINDOW_END: EventTimers<i64> = EventTimers::new("window end").namespaced();

/// Counts words.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    states: Option<States>,
}

#[derive(Debug, Clone, Copy)]
struct States {
    count: Value<u64>,
    window: Value<u64, i64>,
    window_end: Timers<i64>,
}

impl Operator for Counting {
    type Record = Word;
    type Key = String;
    type Output = String;

    fn key(record: &Word) -> impl EncodeKey<Key = String> {
        &record.word
    }

    fn open(&mut self, backend: &mut Backend<String>) -> Result<()> {
        self.states = Some(States {
            count: backend.register(COUNT)?,
            window: backend.register(WINDOW)?,
            window_end: backend.register(WINDOW_END)?,
        });
        Ok(())
    }

    fn record(
        &mut self,
        backend: &mut Backend<String>,
        record: Word,
        out: &mut dyn FnMut(String),
    ) -> Result<()> {
        let states = self.states.unwrap();
        let start = window_of(record.time);
        let mut scope = backend.key(&record.word)?;
        let count = scope
            .value(states.count)
            .update(|count| count.unwrap_or(0) + 1)?;
        if count.is_multiple_of(10) {
            out(count_line(&record.word, count));
        }
        let mut scope = scope.within(&start);
        scope
            .value(states.window)
            .update(|count| count.unwrap_or(0) + 1)?;
        scope.timers(states.window_end).register(window_end(start))
    }

    fn watermark(
        &mut self,
        backend: &mut Backend<String>,
        watermark: i64,
        out: &mut dyn FnMut(String),
    ) -> Result<()> {
        let states = self.states.unwrap();
        while let Some(timer) = backend.due(states.window_end, watermark)? {
            let mut scope = backend.key(&timer.key)?;
            let mut scope = scope.within(&timer.namespace);
            let mut window = scope.value(states.window);
            let count = window.get()?.unwrap();
            window.clear()?;
            out(window_line(&timer.key, timer.namespace, count));
        }
        Ok(())
    }

    fn end(&mut self, backend: &mut Backend<String>, out: &mut dyn FnMut(String)) -> Result<()> {
        backend.entries(self.states.unwrap().count, |word: String, (): (), count| {
            out(total_line(&word, count));
            Ok(())
        })
    }
}
