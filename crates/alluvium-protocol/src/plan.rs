//! Decisions, as pure functions from facts to data.
//!
//! Callers gather the facts (a log, manifests, a listing), ask for a plan, and carry out the variant they
//! get: a plan never reads or deletes anything, so that each can be tested with facts alone.
//!
//! | module | decides |
//! |---|---|
//! | [`log`] | what the records of a log say: which count, which are void |
//! | [`commit`] | whether a checkpoint may be added, and who won after an unclear answer |
//! | [`snapshot`] | which files to upload, and which to refer to |
//! | [`restore`] | how a range of key groups is rebuilt from manifests |
//! | [`sections`] | how the rows of a savepoint are divided among threads |
//! | [`retention`] | which objects checkpoints that are dropped leave behind |
//! | [`orphans`] | which objects are nobody's |
//! | [`copy`] | what a checkpoint becomes in another job's folder |

pub mod commit;
pub mod copy;
mod coverage;
pub mod log;
pub mod migrate_keys;
pub mod orphans;
pub mod restore;
pub mod retention;
pub mod sections;
pub mod snapshot;
