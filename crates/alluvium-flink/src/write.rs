//! Canonical savepoints: written, and made of other snapshots.
//!
//! ```text
//! snapshot ──► plan ──► rows (raw, of any backend) ──► keys (kept, dropped, dealt anew) ──► keyed_file ──► savepoint
//!                └────► carry (operator state, raw timers) ─────────────────────────────────────────────►
//! ```
//!
//! - `savepoint`: a folder whose `_metadata` appears last, or nothing at all; on this machine or in an object store;
//! - `keyed_file`, `group`, `spool`: the keyed state of one subtask;
//! - `plan`, `states`: what becomes of operators and states, decided without reading rows;
//! - `rows`: what a keyed handle holds, as composite keys and values;
//! - `keys`, `sort`: which rows stay, and where they go when the number of key groups changes;
//! - `keyed_state`: the keyed state of one operator, or what takes its place (`replacement`);
//! - `carry`: streams that are copied as they are;
//! - `rewrite`: carries a plan out, and `tally` counts what becomes of the rows.
//!
//! Invariant: rows are bytes here. Nothing is decoded but keys, and those only if keys are chosen or key groups change; so values
//! of unknown serializers are carried, too.

mod carry;
mod group;
mod keyed_file;
mod keyed_state;
mod keys;
mod plan;
mod replacement;
mod rewrite;
mod rows;
mod savepoint;
mod sort;
mod spool;
mod states;
mod tally;

pub use group::GroupWriter;
pub use keyed_file::KeyedFile;
pub use keys::KeyFilter;
pub use plan::{Rewrite, StateRename};
pub(crate) use replacement::{Replacement, Rows};
pub use rewrite::rewrite;
pub(crate) use rewrite::rewrite_into;
pub use savepoint::Savepoint;
pub(crate) use sort::{Merged, Sorter};
pub use tally::{Rewritten, RewrittenState};

#[cfg(test)]
mod tests;
