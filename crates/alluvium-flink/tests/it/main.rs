//! What the crate does with whole files and snapshots.

#![cfg(test)]

mod damage;
mod fixtures;
mod import;
mod job;
mod jvm;
mod large;
mod lines;
mod listings;
mod metadata;
mod opening;
mod real_flink;
mod rewriting;
mod sizes;
mod snapshots;
mod task_local;
