//! Whole jobs, run in this process: what comes out of the sink, whatever went wrong before.

#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share fail as the tests do"
)]

mod bad_input;
mod cluster;
mod counting;
mod exactly_once;
mod failures;
mod idle_source;
mod moves;
mod place;
mod rescale;
mod savepoint;
mod words;
