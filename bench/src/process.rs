//! One measurement: a process, its records, its end.
//!
//! Invariants: no process outlives the call that started it, and none runs for longer than its limit. What a process says on stderr is kept
//! in a file, of which only the end is shown, and only when the process failed.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::record::Record;

#[cfg(test)]
mod tests;

/// How often it is looked whether a process is to end.
const PAUSE: Duration = Duration::from_millis(50);
/// Lines that may wait to be read: a process prints a line for each number, and hardly a thousand.
const LINES: usize = 256;
/// The end of stderr that is shown: a stack trace fits.
const STDERR_BYTES: u64 = 4 << 10;

/// Starts a process and waits for its end; returns its records, all of them verified.
///
/// # Errors
/// When it cannot be started, ends with a failure, prints a record that cannot be read or was not verified, prints none, takes longer
/// than `limit`, or `interrupted` becomes true. The error's first line says which; what the process said last follows.
pub(crate) fn records(
    command: &mut Command,
    stderr: &Path,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<Vec<Record>> {
    let file = std::fs::File::create(stderr).with_context(|| stderr.display().to_string())?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file);
    let program = command.get_program().display().to_string();
    let child = command
        .spawn()
        .with_context(|| format!("start {program}"))?;
    let mut running = Running(child);
    let found = running.follow(limit, interrupted).and_then(check);
    // Whatever happened: when this returns, the process is no more.
    drop(running);
    found.map_err(|error| match last_words(stderr) {
        words if words.is_empty() => error,
        words => anyhow!("{error:#}\n{words}"),
    })
}

/// A process that ends when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Neither fails but where the process has ended.
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

impl Running {
    fn follow(&mut self, limit: Duration, interrupted: &AtomicBool) -> Result<Vec<Record>> {
        let stdout = self.0.stdout.take();
        let lines = lines_of(stdout.context("a process has no stdout")?);
        let start = Instant::now();
        let mut records = Vec::new();
        loop {
            ensure!(!interrupted.load(Ordering::Relaxed), "interrupted");
            ensure!(
                start.elapsed() < limit,
                "took longer than {} s",
                limit.as_secs()
            );
            match lines.recv_timeout(PAUSE) {
                Ok(line) => records.extend(parse(&line?)?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(status) = self.0.try_wait()? {
                        succeeded(status)?;
                        return Ok(records);
                    }
                    // It has closed its stdout and is about to end.
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }
}

fn lines_of(stdout: ChildStdout) -> Receiver<std::io::Result<String>> {
    let (sender, receiver) = sync_channel(LINES);
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            // Nobody reads any more: then the process is about to be ended.
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A record, or nothing where the line is for people.
fn parse(line: &str) -> Result<Option<Record>> {
    if !line.starts_with('{') {
        return Ok(None);
    }
    let record = serde_json::from_str(line);
    record
        .map(Some)
        .with_context(|| format!("not a record: {line}"))
}

fn check(records: Vec<Record>) -> Result<Vec<Record>> {
    ensure!(!records.is_empty(), "measured nothing");
    for record in &records {
        let name = format!("{} {}, {}", record.case, record.measure, record.setting);
        ensure!(record.verified, "{name}: the contents were not verified");
        ensure!(record.median().is_finite(), "{name}: no round was measured");
    }
    Ok(records)
}

fn succeeded(status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("ended with {status}");
    }
    Ok(())
}

/// The end of what was said on stderr; nothing where it cannot be read, for then there is an error already.
fn last_words(stderr: &Path) -> String {
    let mut bytes = Vec::new();
    let mut read = || -> std::io::Result<()> {
        let mut file = std::fs::File::open(stderr)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(STDERR_BYTES)))?;
        file.read_to_end(&mut bytes).map(drop)
    };
    read().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
