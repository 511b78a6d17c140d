//! What the crate does with whole files and snapshots.

#![cfg(test)]

mod listings;
mod metadata;
mod opening;
mod snapshots;
