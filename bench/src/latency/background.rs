//! The thread that uploads, commits and retains, while the task thread goes on.
//!
//! One checkpoint at a time, in the order in which they were prepared. Invariant: the task thread never waits for it within a round.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use alluvium::protocol::manifest::CheckpointId;
use alluvium::storage::Cancel;
use alluvium::{PreparedSnapshot, SnapshotReport};
use anyhow::{Context, Result};

use crate::counted::Counted;
use crate::job::{Job, nobody};

/// A checkpoint that exists by now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    pub(super) checkpoint: CheckpointId,
    /// When its snapshot was prepared.
    pub(super) prepared: Instant,
    pub(super) report: SnapshotReport,
    /// From the upload's end until it was committed and retention was done.
    pub(super) commit: Duration,
}

pub(super) struct Background {
    job: Arc<Job>,
    work: Sender<(PreparedSnapshot, Instant)>,
    done: Receiver<Result<Done>>,
    last: u64,
    running: usize,
    events: VecDeque<Done>,
}

impl Background {
    pub(super) fn start(job: Job) -> Result<Self> {
        let job = Arc::new(job);
        let (work, queue) = channel();
        let (tell, done) = channel();
        let here = Arc::clone(&job);
        thread::Builder::new()
            .name("bench-upload".to_owned())
            .spawn(move || {
                for (snapshot, prepared) in queue {
                    if tell.send(upload(&here, snapshot, prepared)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            job,
            work,
            done,
            last: 0,
            running: 0,
            events: VecDeque::new(),
        })
    }

    /// Prepares a snapshot here, for the other thread to upload.
    pub(super) fn checkpoint(&mut self, rows: &mut Counted) -> Result<()> {
        self.last += 1;
        let prepared = Instant::now();
        let snapshot = rows.snapshot(CheckpointId::new(self.last))?;
        self.running += 1;
        let sent = self.work.send((snapshot, prepared));
        sent.ok().context("the thread of uploads has ended")
    }

    /// Whether all checkpoints are done.
    pub(super) const fn is_idle(&self) -> bool {
        self.running == 0
    }

    /// Tells the backend of checkpoints that exist since the last look.
    pub(super) fn notify(&mut self, rows: &mut Counted) -> Result<()> {
        match self.done.try_recv() {
            Ok(done) => self.note(rows, done?),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        Ok(())
    }

    /// Waits for all checkpoints.
    pub(super) fn wait(&mut self, rows: &mut Counted) -> Result<()> {
        while self.running > 0 {
            let done = self
                .done
                .recv()
                .context("the thread of uploads has ended")?;
            self.note(rows, done?);
        }
        Ok(())
    }

    fn note(&mut self, rows: &mut Counted, done: Done) {
        self.running -= 1;
        rows.notify_complete(done.checkpoint);
        self.events.push_back(done);
    }

    /// What was done since the last call.
    pub(super) fn events(&mut self) -> Vec<Done> {
        self.events.drain(..).collect()
    }

    /// Gives the job back; all checkpoints were waited for.
    pub(super) fn end(&mut self) -> Arc<Job> {
        Arc::clone(&self.job)
    }
}

fn upload(job: &Job, snapshot: PreparedSnapshot, prepared: Instant) -> Result<Done> {
    let checkpoint = snapshot.checkpoint();
    let handle = snapshot.upload(&job.target(), &Cancel::new(), &nobody())?;
    let report = handle.report;
    let uploaded = Instant::now();
    job.commit(checkpoint, vec![handle])?;
    job.retain(NonZeroUsize::MIN)?;
    Ok(Done {
        checkpoint,
        prepared,
        report,
        commit: uploaded.elapsed(),
    })
}
