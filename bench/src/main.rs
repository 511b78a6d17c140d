//! Alluvium measured beside its peers: one process a measurement, one record a number (docs/design/0006).
//!
//! `alluvium-bench run` is the conductor: it starts every measurement of a plan as a process of its own,
//! collects their records and renders tables, plots and verdicts. `alluvium-bench measure` is one measurement.

#![expect(clippy::print_stdout, reason = "records and verdicts go to stdout")]

mod access;
mod checkpoint;
mod counted;
mod data;
mod endurance;
mod job;
mod latency;
mod memory;
mod names;
mod peers;
mod plan;
mod process;
mod record;
mod recovery;
mod report;
mod results;
mod run;
mod savepoint;
mod subjects;
mod suite;
mod workload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Alluvium measured beside its peers.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes all measurements of a plan, each in a process of its own, and reports.
    Run(run::Arguments),
    /// Renders tables, plots and verdicts from results that are there already.
    Report(report::Arguments),
    /// Makes one measurement in this process and prints its records on stdout.
    #[command(subcommand)]
    Measure(Measure),
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// Access to one kind of state.
    Access(access::Arguments),
    /// Operators of streaming jobs on keyed state.
    Workload(workload::Arguments),
    /// Checkpoints: how long they hold up the stream, how long they take, what they upload.
    Checkpoint(checkpoint::Arguments),
    /// A thousand consecutive checkpoints: whether files, bytes and time stay bounded.
    Endurance(endurance::Arguments),
    /// Latency of single records, without checkpoints and with one each second.
    Latency(latency::Arguments),
    /// Restores at the same and at other parallelisms, until the first row is read.
    Recovery(recovery::Arguments),
    /// Savepoints, written and restored.
    Savepoint(savepoint::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Report(arguments) => report::render(&arguments),
        Command::Measure(measure) => {
            match measure {
                Measure::Access(arguments) => access::measure(&arguments),
                Measure::Workload(arguments) => workload::measure(&arguments),
                Measure::Checkpoint(arguments) => checkpoint::measure(&arguments),
                Measure::Endurance(arguments) => endurance::measure(&arguments),
                Measure::Latency(arguments) => latency::measure(&arguments),
                Measure::Recovery(arguments) => recovery::measure(&arguments),
                Measure::Savepoint(arguments) => savepoint::measure(&arguments),
            }?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }
}
