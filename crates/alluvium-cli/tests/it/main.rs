//! The `alluvium` command, run as people run it: arguments in, exit code and output out.

#![expect(
    clippy::tests_outside_test_module,
    reason = "an integration test binary is all tests"
)]

mod command;

mod checkpoints;
mod command_line;
mod damage;
mod demo;
mod input;
mod state;
