//! The summary in sentences and tables.

use std::time::Duration;

use super::{AttemptSummary, Recovery, Summary};
use crate::output;
use crate::time::{DAY_MILLIS, format_rfc3339};
use crate::units;

impl Summary {
    /// The summary for people.
    pub(crate) fn told(&self) -> String {
        let mut parts = vec![self.input_told()];
        parts.extend(self.attempts.iter().map(AttemptSummary::told));
        parts.push(self.checkpoints_told());
        parts.push(format!(
            "state at the end: {} in {} files (checkpoint {})",
            units::bytes(self.state.bytes),
            self.state.files,
            self.state.checkpoint
        ));
        parts.push(format!(
            "\nmost delayed aircraft\n{}",
            self.most_delayed_table()
        ));
        parts.push(format!(
            "\ngrounded aircraft: {} were not seen for 7 days at the end{}\n{}",
            units::count(self.grounded_total),
            if self.grounded.is_empty() {
                ""
            } else {
                "; the longest"
            },
            self.grounded_table()
        ));
        parts.push(self.result_told());
        if let Some(kept) = &self.kept {
            parts.push(format!("checkpoints are in {}", kept.checkpoints));
            parts.extend(
                kept.output
                    .iter()
                    .map(|output| format!("output is in {output}")),
            );
        }
        parts.join("\n")
    }

    fn input_told(&self) -> String {
        let input = &self.input;
        let mut told = vec![format!(
            "{}: {} departures",
            input.source,
            units::count(input.rows)
        )];
        if input.without_aircraft > 0 {
            told.push(format!(
                "{} more name no aircraft",
                units::count(input.without_aircraft)
            ));
        }
        if input.malformed > 0 {
            told.push(format!(
                "{} malformed lines were left out",
                units::count(input.malformed)
            ));
        }
        told.join("; ")
    }

    fn checkpoints_told(&self) -> String {
        let columns = [
            "attempt",
            "checkpoint",
            "rows",
            "new",
            "referred to",
            "freeze",
            "flush",
            "upload",
        ];
        let rows = self.attempts.iter().flat_map(|attempt| {
            attempt.checkpoints.iter().map(|checkpoint| {
                vec![
                    attempt.attempt.to_string(),
                    checkpoint.id.to_string(),
                    units::count(checkpoint.rows),
                    units::bytes(checkpoint.bytes_new),
                    units::bytes(checkpoint.bytes_referred),
                    micros(checkpoint.freeze_micros),
                    micros(checkpoint.flush_micros),
                    micros(checkpoint.upload_micros),
                ]
            })
        });
        format!("\ncheckpoints\n{}", output::table(&columns, &columns, rows))
    }

    fn most_delayed_table(&self) -> String {
        let columns = [
            "aircraft",
            "mean delay",
            "worst",
            "flights",
            "hours in the air",
            "last seen at",
            "last delays",
        ];
        let rows = self.most_delayed.iter().map(|aircraft| {
            let (mean, worst) = aircraft
                .delay
                .map_or((0, 0), |delay| (delay.mean_millis, delay.worst));
            let last: Vec<_> = aircraft
                .last_delays
                .iter()
                .map(ToString::to_string)
                .collect();
            vec![
                aircraft.tailnum.clone(),
                format!(
                    "{}{}.{} min",
                    if mean < 0 { "-" } else { "" },
                    mean.abs() / 1000,
                    mean.abs() / 100 % 10
                ),
                format!("{worst} min"),
                units::count(aircraft.flights()),
                units::count(aircraft.air_minutes / 60),
                aircraft.airport.clone(),
                last.join(" "),
            ]
        });
        output::table(
            &columns,
            &["mean delay", "worst", "flights", "hours in the air"],
            rows,
        )
    }

    fn grounded_table(&self) -> String {
        let columns = ["aircraft", "last seen", "at", "days before the end"];
        let rows = self.grounded.iter().map(|aircraft| {
            vec![
                aircraft.tailnum.clone(),
                format_rfc3339(aircraft.seen),
                aircraft.airport.clone(),
                ((self.input.last_event_time - aircraft.seen) / DAY_MILLIS).to_string(),
            ]
        });
        output::table(&columns, &["days before the end"], rows)
    }

    fn result_told(&self) -> String {
        let result = &self.result;
        let what = format!(
            "{} aircraft and {} alerts",
            units::count(result.aircraft),
            units::count(result.alerts)
        );
        if result.equal {
            return format!(
                "\nresult: equal to a plain recomputation, each line exactly once: {what}"
            );
        }
        let mut told = vec![format!(
            "\nresult: WRONG: of {what}, {} are missing and {} are there that should not be",
            units::count(result.missing),
            units::count(result.unexpected)
        )];
        told.extend(result.examples.iter().map(|example| format!("  {example}")));
        told.join("\n")
    }
}

impl AttemptSummary {
    fn told(&self) -> String {
        let processes = match self.processes {
            1 => String::new(),
            processes => format!(" in {processes} processes"),
        };
        let mut told = vec![format!(
            "\nattempt {}: {} workers{processes}, rows {} to {} in {} ({} rows a second){}",
            self.attempt,
            self.workers,
            units::count(self.rows_before),
            units::count(self.rows_after),
            seconds(self.seconds),
            units::count(self.rows_per_second),
            if self.killed {
                ", then killed with SIGKILL"
            } else {
                ", finished"
            }
        )];
        told.extend(self.recovery.iter().map(Recovery::told));
        if self.rows_to_read_again > 0 {
            told.push(format!(
                "  {} rows were in no checkpoint, and are read again",
                units::count(self.rows_to_read_again)
            ));
        }
        told.extend(
            self.aborted_checkpoints
                .iter()
                .map(|(id, why)| format!("  checkpoint {id} was given up: {why}")),
        );
        let savepoint = |savepoint: &super::SavepointSummary| {
            format!(
                "  savepoint {}: {}",
                savepoint.folder,
                units::bytes(savepoint.bytes)
            )
        };
        told.extend(self.savepoint.iter().map(savepoint));
        told.join("\n")
    }
}

impl Recovery {
    fn told(&self) -> String {
        format!(
            "  recovered from checkpoint {} ({}): fence {}, restore {} (all workers ready after {})\n  \
             files from local copies: {} ({}), downloaded: {} ({}); rows written again: {}",
            self.checkpoint,
            self.plans.join(", "),
            seconds(self.fence_seconds),
            seconds(self.restore_seconds),
            seconds(self.until_restored_seconds),
            self.files_linked,
            units::bytes(self.bytes_linked),
            self.files_downloaded,
            units::bytes(self.bytes_downloaded),
            units::count(self.rows_copied),
        )
    }
}

fn seconds(seconds: f64) -> String {
    units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

fn micros(micros: u64) -> String {
    units::duration(Duration::from_micros(micros))
}
