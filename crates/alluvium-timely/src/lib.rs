//! Joins an Alluvium backend to Timely Dataflow: a [`Source`] whose records are routed by key to an
//! [`Operator`] with keyed state, whose output goes to a [`Sink`], exactly once.
//!
//! The same program runs on one thread, on many, in several processes and on several hosts; which of
//! them is said by the engine's arguments (`-w`, `-n`, `-p`, `-h`). It checkpoints as it goes and goes on from the
//! newest checkpoint after a crash, with any number of workers:
//!
//! 1. [`recover()`], once, before any process of an attempt starts: it fences out older attempts and finishes or
//!    drops what they left in the sink;
//! 2. [`Job::run`] in every process, with what `recover` returned.
//!
//! Starting processes, watching them and killing the rest when one dies is left to a supervisor;
//! [`cluster`] has small pieces for one on a single host. The protocol is `docs/design/0004-timely.md`.

#![forbid(unsafe_code)]

mod attachments;
pub mod cluster;
mod commit;
mod dataflow;
mod deployment;
mod epoch;
mod job;
mod observer;
mod operator;
mod options;
mod recover;
mod sink;
mod source;
mod start;
mod stop;
mod watermarks;
mod worker;

pub use deployment::Deployment;
pub use job::{Job, JobReport, WorkerReport};
pub use observer::{CheckpointReport, Event, Observer, Transfer};
pub use operator::Operator;
pub use options::{CheckpointEvery, JobOptions, SavepointAt, SavepointRequest};
pub use recover::{Recovered, recover, recover_from_savepoint};
pub use sink::{LinesSink, Prepare, Sink};
pub use source::{Next, Source, SplitReader};
/// What crosses from worker to worker: `Send`, and serializable with serde by field order.
pub use timely::ExchangeData;
