//! The `alluvium` command, run as people run it: arguments in, exit code and output out.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail so"
)]

mod command;
mod made;

mod checkpoints;
mod command_line;
mod copy;
mod damage;
mod demo;
mod diff;
mod expiry;
mod export;
mod flink;
mod import;
mod input;
mod interrupt;
mod migrate_keys;
mod resume;
mod state;
mod timers;
mod upkeep;
