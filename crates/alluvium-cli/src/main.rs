//! The `alluvium` command.
//!
//! Parses the command line, calls the one module that carries the command out, and turns its error
//! into a message on stderr and an exit code. Knows nothing else.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod checkpoints;
mod demo;
mod difference;
mod exit;
mod export;
mod flink;
mod interrupt;
mod location;
mod output;
mod progress;
mod savepoint;
mod shape_argument;
mod state;
mod time;
mod timers;
mod units;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    output::log_to_stderr();
    let done = match arguments.command {
        args::Command::Demo(options) => demo::run(&options),
        args::Command::DemoWorker(options) => demo::worker::run(&options),
        args::Command::Checkpoints(command) => checkpoints::run(&command),
        args::Command::State(command) => state::run(&command),
        args::Command::Savepoint(command) => savepoint::run(&command),
        args::Command::Timers(options) => timers::run(&options),
        args::Command::Export(options) => export::run(&options),
        args::Command::Flink(command) => flink::run(&command),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            exit::Exit::of(&error).into()
        }
    }
}
