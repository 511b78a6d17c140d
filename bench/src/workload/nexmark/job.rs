//! A query in a job on Timely: one worker, checkpoints to a local directory, output published exactly once.
//!
//! The time that is measured is that of the source's records, with everything that a job does besides the operator: reading,
//! routing, checkpoints. Sources run at most a few ticks ahead of the operator.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use alluvium::environment::Environment;
use alluvium::protocol::key::EncodeKey;
use alluvium::store::StoreFactory;
use alluvium::{Backend, Error, Options, Result, storage};
use alluvium_timely::{
    CheckpointEvery, Deployment, Job, JobOptions, Next, Operator, Source, SplitReader, recover,
};
use nexmark::event::Event;

use super::events_file::{Events, EventsFile};
use super::published::Published;
use crate::workload::Arguments;
use crate::workload::case::Case;
use crate::workload::input::Input as _;
use crate::workload::keyed::typed::Typed;
use crate::workload::outputs::Outputs;
use crate::workload::run::Stopwatch;

/// Checkpoints in a run.
const CHECKPOINTS: u64 = 10;

/// Runs a query over a file of events; returns what was published.
pub(crate) fn run<C: Case<Event = Event>>(
    arguments: &Arguments,
    store: Arc<dyn StoreFactory>,
    backend: Options,
    file: &EventsFile,
    stopwatch: Stopwatch,
) -> anyhow::Result<(Outputs, Stopwatch)> {
    let name = arguments.case.clone();
    let directory = &arguments.directory;
    let storage = storage::in_directory(&directory.join("checkpoints"))?;
    let stopwatch = Arc::new(Mutex::new(stopwatch));
    let sink = Arc::new(Published::default());
    let source = Recorded {
        file: file.clone(),
        stopwatch: Arc::clone(&stopwatch),
    };
    let mut options = JobOptions::default();
    options.backend = backend;
    let every = NonZeroU64::new(arguments.events / CHECKPOINTS).unwrap_or(NonZeroU64::MIN);
    options.checkpoint_every = CheckpointEvery::Records(every);

    let recovered = recover(&storage, &name, &Environment::system(), &*sink)?;
    let deployment = Deployment::new(name, storage, store, directory.join("state"));
    Job::new(deployment, source, Query::<C>::default, Arc::clone(&sink))
        .options(options)
        .run(&["-w".to_owned(), "1".to_owned()], &recovered)?;
    let none = Stopwatch::new(0, 1);
    let stopwatch = std::mem::replace(&mut *lock(&stopwatch), none);
    Ok((sink.outputs(), stopwatch))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file of events as a source of one split.
struct Recorded {
    file: EventsFile,
    stopwatch: Arc<Mutex<Stopwatch>>,
}

impl Source for Recorded {
    type Record = Event;

    fn splits(&self) -> u32 {
        1
    }

    fn open(&self, _: u32, position: Option<&[u8]>) -> Result<Box<dyn SplitReader<Event>>> {
        let mut events = self.file.open().map_err(of_alluvium)?;
        let position = position.and_then(|bytes| bytes.first_chunk());
        let read = position.map_or(0, |bytes| u64::from_be_bytes(*bytes));
        for _ in 0..read {
            events.take().map_err(of_alluvium)?;
        }
        Ok(Box::new(Reader {
            events,
            read,
            stopwatch: Arc::clone(&self.stopwatch),
            since: Instant::now(),
            uncounted: 0,
        }))
    }
}

struct Reader {
    events: Events,
    read: u64,
    stopwatch: Arc<Mutex<Stopwatch>>,
    /// When events were last counted, and how many came since.
    since: Instant,
    uncounted: u64,
}

/// Events that are counted at a time.
const COUNTED: u64 = 1_024;

impl SplitReader<Event> for Reader {
    fn next(&mut self) -> Result<Next<Event>> {
        let event = self.events.take().map_err(of_alluvium)?;
        self.uncounted += u64::from(event.is_some());
        if self.uncounted == COUNTED || event.is_none() {
            lock(&self.stopwatch).count(self.uncounted, self.since.elapsed());
            self.since = Instant::now();
            self.uncounted = 0;
        }
        let Some(event) = event else {
            return Ok(Next::End);
        };
        self.read += 1;
        Ok(Next::Record(event))
    }

    fn position(&self) -> Vec<u8> {
        self.read.to_be_bytes().to_vec()
    }

    fn watermark(&self) -> i64 {
        self.events.watermark()
    }
}

/// A case as the operator of a job.
struct Query<C: Case> {
    states: Option<C::States<Typed>>,
}

impl<C: Case> Default for Query<C> {
    fn default() -> Self {
        Self { states: None }
    }
}

impl<C: Case> Query<C> {
    /// Lets the case do something, and puts out what it puts out.
    fn act(
        &self,
        act: impl FnOnce(&C::States<Typed>, &mut Outputs) -> anyhow::Result<()>,
        out: &mut dyn FnMut(Outputs),
    ) -> Result<()> {
        let states = self.states.as_ref();
        let states = states.ok_or_else(|| Error::invalid("the operator was not opened"))?;
        let mut outputs = Outputs::default();
        act(states, &mut outputs).map_err(of_alluvium)?;
        if outputs.count > 0 {
            out(outputs);
        }
        Ok(())
    }
}

impl<C: Case<Event = Event>> Operator for Query<C> {
    type Record = Event;
    type Key = C::Key;
    type Output = Outputs;

    fn key(event: &Event) -> impl EncodeKey<Key = C::Key> {
        C::key(event)
    }

    fn open(&mut self, backend: &mut Backend<C::Key>) -> Result<()> {
        self.states = Some(C::open(backend).map_err(of_alluvium)?);
        Ok(())
    }

    fn record(
        &mut self,
        backend: &mut Backend<C::Key>,
        event: Event,
        out: &mut dyn FnMut(Outputs),
    ) -> Result<()> {
        self.act(
            |states, outputs| C::event(states, backend, &event, outputs),
            out,
        )
    }

    fn watermark(
        &mut self,
        backend: &mut Backend<C::Key>,
        watermark: i64,
        out: &mut dyn FnMut(Outputs),
    ) -> Result<()> {
        self.act(
            |states, outputs| C::watermark(states, backend, watermark, outputs),
            out,
        )
    }
}

/// Alluvium's error again, which a case carries along with those of other subjects.
fn of_alluvium(error: anyhow::Error) -> Error {
    error
        .downcast::<Error>()
        .unwrap_or_else(|error| Error::invalid(format!("{error:#}")))
}
