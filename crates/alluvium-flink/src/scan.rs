//! The keyed state of a snapshot, row by row, whatever backend wrote it.
//!
//! ```text
//! snapshot ──► operators ──► subtasks ──► handles ──► key groups ──► rows ──► Visit
//!                                           │ key groups: canonical, or of the heap (`groups`)
//!                                           │ tables of RocksDB (`tables`)
//!                                           │ timers apart from the backend (`timers`)
//! ```
//!
//! Rows are handed out in the order of the files, the key groups of a handle in ascending order. What cannot be read is
//! told and counted, and the scan goes on as near behind it as the format allows: at the next pair of a canonical section, at the
//! next key group of the heap's.
//!
//! Memory: the largest entry, buffers of 256 KiB, and what RocksDB needs.
//!
//! A changelog's increments are not applied: its rows are those of the last materialization, and a problem says so.

mod assemble;
mod driver;
mod groups;
mod report;
mod row;
mod selection;
mod sink;
mod state;
pub(crate) mod tables;
mod timers;
mod visit;

pub use driver::{Described, describe, scan};
pub use report::{Count, Problem, Report};
pub use row::{Content, Place, Row};
pub use selection::Selection;
pub use state::State;
pub use visit::Visit;

pub(crate) use driver::{run_strict, whose};
pub(crate) use tables::Tables;
