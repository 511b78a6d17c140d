//! Measurements as JSON: times in milliseconds, sizes in bytes.

use serde_json::{Value, json};

use super::verdict::Verdict;
use super::{Measured, Report};
use crate::measure::{Io, Sample};
use crate::verify::Found;

pub(super) fn measured(report: &Report, measured: &Measured) -> Value {
    let row_by_row = report.row_by_row_of(measured).map(|took| {
        json!({
            "first_read_ms": millis(took.first_read),
            "rows": took.rows,
            "io": io(took.io),
        })
    });
    json!({
        "rows": measured.size,
        "shape": measured.shape.to_string(),
        "from": measured.origin.name(),
        "first_read_least_ms": millis(measured.least()),
        "first_read_median_ms": millis(measured.median()),
        "first_read_longest_ms": millis(measured.longest()),
        "samples": measured.samples.iter().map(sample).collect::<Vec<_>>(),
        "restored": measured.found.iter().map(found).collect::<Vec<_>>(),
        "row_by_row": row_by_row,
        "times_faster_than_row_by_row": report.faster(measured),
    })
}

pub(super) fn verdict(verdict: &Verdict) -> Value {
    json!({
        "target": verdict.target,
        "shape": verdict.shape.to_string(),
        "from": verdict.origin.name(),
        "measured": verdict.measured,
        "met": verdict.met,
    })
}

fn sample(sample: &Sample) -> Value {
    let report = &sample.report;
    json!({
        "rows": sample.rows,
        "first_read_ms": millis(sample.first_read),
        "restore_ms": millis(sample.restore),
        "plan": report.plan,
        "files_linked": report.files_linked,
        "bytes_linked": report.bytes_linked,
        "files_downloaded": report.files_downloaded,
        "bytes_downloaded": report.bytes_downloaded,
        "rows_copied": report.rows_copied,
        "io": io(sample.io),
    })
}

fn found(found: &Found) -> Value {
    let report = &found.checkpoint;
    json!({
        "families": found.families,
        "files": found.files,
        "first_checkpoint": {
            "files_new": report.files_new,
            "bytes_new": report.bytes_new,
            "files_referred": report.files_referred,
            "bytes_referred": report.bytes_referred,
        },
    })
}

fn io(io: Io) -> Value {
    json!({
        "read_by_calls": io.read_by_calls,
        "written_by_calls": io.written_by_calls,
        "read_from_device": io.read_from_device,
        "written_to_device": io.written_to_device,
    })
}

fn millis(time: std::time::Duration) -> f64 {
    1000.0 * time.as_secs_f64()
}
