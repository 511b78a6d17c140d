//! Whole jobs, run in this process: what comes out of the sink, whatever went wrong before.

mod bad_input;
mod exactly_once;
mod failures;
mod idle_source;
mod place;
mod rescale;
mod savepoint;
mod words;
