//! What the crate does with whole files and snapshots.

mod metadata;
mod snapshots;
