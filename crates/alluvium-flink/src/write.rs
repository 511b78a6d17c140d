//! Canonical savepoints: written, and made of other snapshots.
//!
//! ```text
//! snapshot ──► plan ──► rows (raw, of any backend) ──► keys (kept, dropped, dealt anew) ──► keyed_file ──► savepoint
//!                └────► carry (operator state, raw timers) ─────────────────────────────────────────────►
//! ```
//!
//! - `savepoint`: a folder whose `_metadata` appears last, or nothing at all;
//! - `keyed_file`, `group`: the keyed state of one subtask;
//! - `plan`, `states`: what becomes of operators and states, decided without reading rows;
//! - `rows`: what a keyed handle holds, as composite keys and values;
//! - `keys`, `sort`: which rows stay, and where they go when the number of key groups changes;
//! - `carry`: streams that are copied as they are;
//! - `rewrite`: carries a plan out.
//!
//! Invariant: rows are bytes here. Nothing is decoded but keys, and those only if keys are chosen or key groups change; so values
//! of unknown serializers are carried, too.

mod carry;
mod group;
mod keyed_file;
mod keys;
mod plan;
mod rewrite;
mod rows;
mod savepoint;
mod sort;
mod states;

pub use group::GroupWriter;
pub use keyed_file::KeyedFile;
pub use keys::KeyFilter;
pub use plan::{Rewrite, StateRename};
pub(crate) use rewrite::{Replacement, rewrite_replacing};
pub use rewrite::{Rewritten, RewrittenState, rewrite};
pub(crate) use rows::Each;
pub use savepoint::Savepoint;

#[cfg(test)]
mod tests;
