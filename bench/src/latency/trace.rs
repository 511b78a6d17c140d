//! What the slowest records of a round waited for, told to people.
//!
//! Beside each of them: whether its thread waited for a core, as the system counts it (`/proc/thread-self/schedstat`); calls of
//! the store that ran at its time; checkpoints that were under way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alluvium::Builder;
use anyhow::Result;
use hdrhistogram::Histogram;

use super::background::Done;
use super::watched::{Call, Calls, WatchedFactory};
use crate::job::Job;
use crate::subjects::alluvium::{NAME, within};

/// A slow record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slow {
    latency: Duration,
    began: Instant,
    /// How long the thread waited for a core since the last look, which is at most a few records before.
    waited: Duration,
    processor: Duration,
}

pub(super) struct Trace {
    count: usize,
    calls: Calls,
    began: Instant,
    slowest: BinaryHeap<Reverse<Slow>>,
    scheduled: Scheduled,
    all_waited: Duration,
}

impl Trace {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            calls: Calls::default(),
            began: Instant::now(),
            slowest: BinaryHeap::new(),
            scheduled: Scheduled::now(),
            all_waited: Duration::ZERO,
        }
    }

    /// What makes the subtask, with a store that is watched.
    pub(super) fn builder(&self, job: &Job, budget_bytes: usize) -> Result<Builder> {
        let (stores, options) = within(budget_bytes)?;
        let calls = self.calls.clone();
        let factory = Arc::new(WatchedFactory { stores, calls });
        let directory = job.directory.join("subtask-0");
        Ok(Builder::new(NAME, factory, directory).options(options))
    }

    pub(super) fn begin(&mut self, began: Instant) {
        self.began = began;
        self.slowest.clear();
        drop(self.calls.take());
        self.all_waited = Duration::ZERO;
        self.scheduled = Scheduled::now();
    }

    /// Reads what the thread waited for so far.
    pub(super) fn look(&mut self) {
        let now = Scheduled::now();
        self.all_waited += now.waited.saturating_sub(self.scheduled.waited);
        self.scheduled = now;
    }

    pub(super) fn record(&mut self, began: Instant, latency: Duration) {
        let least = self.slowest.peek().map(|Reverse(slow)| slow.latency);
        if self.slowest.len() >= self.count && least >= Some(latency) {
            return;
        }
        let before = self.scheduled;
        self.look();
        self.slowest.push(Reverse(Slow {
            latency,
            began,
            waited: self.scheduled.waited.saturating_sub(before.waited),
            processor: self.scheduled.processor.saturating_sub(before.processor),
        }));
        if self.slowest.len() > self.count {
            self.slowest.pop();
        }
    }

    /// Prints the slowest records in the order of time, and what went on.
    pub(super) fn tell(&mut self, checkpoints: bool, latencies: &Histogram<u64>, done: Vec<Done>) {
        let calls = self.calls.take();
        let at = |moment: Instant| moment.saturating_duration_since(self.began).as_secs_f64();
        println!(
            "-- checkpoints: {checkpoints}; {} records, p50 {} ns, p99 {} ns, p99.9 {} ns, max {} us; waited for a core: {:.1?}",
            latencies.len(),
            latencies.value_at_quantile(0.5),
            latencies.value_at_quantile(0.99),
            latencies.value_at_quantile(0.999),
            latencies.max() / 1_000,
            self.all_waited,
        );
        for done in &done {
            let report = &done.report;
            println!(
                "   {:>8.4} s checkpoint {}: freeze {:.1?}, pinned after {:.1?}, uploaded {} files of {:.1} MB in {:.1?}, committed and retained in {:.1?}",
                at(done.prepared),
                done.checkpoint,
                report.freeze,
                report.flush,
                report.files_new,
                report.bytes_new as f64 / 1e6,
                report.upload,
                done.commit,
            );
        }
        for call in calls.iter().filter(|call| call.what != "get") {
            let took = call.ended - call.began;
            println!("   {:>8.4} s {}: {took:.1?}", at(call.began), call.what);
        }
        let mut slowest: Vec<Slow> = self.slowest.drain().map(|Reverse(slow)| slow).collect();
        slowest.sort_unstable_by_key(|slow| slow.began);
        for slow in slowest {
            let during = during(&slow, &calls, &done);
            println!(
                "   {:>8.4} s record: {:.1?}, waited for a core {:.1?}, ran {:.1?} since the look before; meanwhile: {}",
                at(slow.began),
                slow.latency,
                slow.waited,
                slow.processor,
                during.join(", "),
            );
        }
    }
}

/// What ran while a record did.
fn during(slow: &Slow, calls: &[Call], done: &[Done]) -> Vec<String> {
    let end = slow.began + slow.latency;
    let calls = calls
        .iter()
        .filter(|call| call.began < end && call.ended > slow.began)
        .map(|call| format!("{} of {:.1?}", call.what, call.ended - call.began));
    let done = done.iter().filter_map(|done| {
        let pinned = done.prepared + done.report.flush;
        let uploaded = pinned + done.report.upload;
        let phase = match () {
            () if end < done.prepared || slow.began > uploaded + done.commit => return None,
            () if slow.began <= done.prepared => "freeze",
            () if slow.began < pinned => "flush",
            () if slow.began < uploaded => "upload",
            () => "commit",
        };
        Some(format!("{phase} of checkpoint {}", done.checkpoint))
    });
    calls.chain(done).collect()
}

/// What the system says of this thread.
#[derive(Debug, Clone, Copy)]
struct Scheduled {
    processor: Duration,
    /// Time in which it could have run and had no core.
    waited: Duration,
}

impl Scheduled {
    fn now() -> Self {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let mut fields = text
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0));
        let mut next = || Duration::from_nanos(fields.next().unwrap_or(0));
        Self {
            processor: next(),
            waited: next(),
        }
    }
}
