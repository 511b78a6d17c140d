//! What a keyed backend records of itself: its key, its states, and how their keys are composed.
//!
//! Leaves the rows to `section`, and which handle such a block is in to `metadata`.

pub mod composite;
mod meta;
mod state;

pub use meta::KeyedMeta;
pub use state::{StateKind, StateMeta};

#[cfg(test)]
mod tests;
