//! Runs one attempt of the demo job as child processes, and kills it when told to.
//!
//! Invariants: no child outlives [`run_attempt`], however it ends; a child whose parent vanishes
//! ends by itself, because its stdin closes. All or nothing: when one process dies, the others of
//! the attempt are killed, as they would wait for it for ever.
//!
//! Does not recover the job between attempts (`demo::run`) or decide what a child runs (`worker`).

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use alluvium::environment::Environment;
use anyhow::{Context as _, Result};

use super::message::{WorkerEvent, WorkerPlan};
use crate::exit::{Exit, Failure};

/// An attempt that says nothing for this long hangs. Long: a restore or an upload of a large state
/// over a slow network is quiet too.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// Lines of a dead child's stderr that are shown.
const LAST_WORDS_MAX: usize = 15;

/// How an attempt ended, short of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptEnd {
    /// All processes finished.
    Finished,
    /// It was killed, as was asked for.
    Killed,
}

/// Whether an attempt goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    GoOn,
    /// All its processes are killed with SIGKILL.
    Kill,
}

/// Runs one process for each plan until all have finished or `observe` condemns them.
///
/// # Errors
/// When a process cannot be started, dies unbidden, gives up, or none says anything for
/// [`SILENCE_MAX`]. All processes are gone then.
pub(crate) fn run_attempt(
    environment: &Environment,
    plans: &[WorkerPlan],
    mut observe: impl FnMut(usize, &WorkerEvent) -> Verdict,
) -> Result<AttemptEnd> {
    let (sender, heard) = channel();
    let mut children = Children(Vec::new());
    for (process, plan) in plans.iter().enumerate() {
        children.0.push(start(environment, process, plan, &sender)?);
    }
    drop(sender);

    let mut end = Ending::new(plans.len());
    while let Some(said) = next(&heard)? {
        match said {
            Said::Event(process, event) => {
                if let WorkerEvent::Failed { code, message } = event {
                    let exit = Exit::from_code(Some(i32::from(code)));
                    return Err(Failure::ending(exit, message));
                }
                end.finished(process, &event);
                if observe(process, &event) == Verdict::Kill {
                    children.kill();
                    return Ok(AttemptEnd::Killed);
                }
            }
            Said::Garbled(process, why) => {
                return Err(anyhow::anyhow!(
                    "process {process} said what nobody understands: {why}"
                ));
            }
            Said::Silent(process) => end.silent(process),
            Said::LastWords(process, words) => end.words(process, words),
        }
        if let Some(process) = end.died_early() {
            return Err(end.obituary(process, &children.status(process)));
        }
    }
    for (process, child) in children.0.iter_mut().enumerate() {
        let status = child.wait().context("wait for a process of the job")?;
        if !status.success() {
            return Err(anyhow::anyhow!(
                "process {process} of the job said it was done, but ended with {status}"
            ));
        }
    }
    Ok(AttemptEnd::Finished)
}

fn next(heard: &Receiver<Said>) -> Result<Option<Said>> {
    match heard.recv_timeout(SILENCE_MAX) {
        Ok(said) => Ok(Some(said)),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
        Err(RecvTimeoutError::Timeout) => {
            let seconds = SILENCE_MAX.as_secs();
            Err(anyhow::anyhow!(
                "the job has said nothing for {seconds} seconds: it hangs, and was killed"
            ))
        }
    }
}

enum Said {
    Event(usize, WorkerEvent),
    Garbled(usize, anyhow::Error),
    /// The end of a process's stdout.
    Silent(usize),
    /// The end of a process's stderr: the lines it wrote last.
    LastWords(usize, VecDeque<String>),
}

fn start(
    environment: &Environment,
    process: usize,
    plan: &WorkerPlan,
    to: &Sender<Said>,
) -> Result<Child> {
    let program = std::env::current_exe().context("find this program's file")?;
    let mut command = Command::new(program);
    command
        .arg("demo-worker")
        .arg("--plan")
        .arg(serde_json::to_string(plan)?);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A group of its own: Ctrl-C reaches the parent alone, whose end the child notices and then
    // removes what is temporary, which it could not if both were killed at once.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().context("start a process of the job")?;

    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        return Err(anyhow::anyhow!("a process of the job has no pipes"));
    };
    let (events, words) = (to.clone(), to.clone());
    environment.spawn.spawn(
        "demo-events",
        Box::new(move || read_events(process, stdout, &events)),
    )?;
    environment.spawn.spawn(
        "demo-stderr",
        Box::new(move || read_words(process, stderr, &words)),
    )?;
    Ok(child)
}

fn read_events(process: usize, stdout: impl Read, to: &Sender<Said>) {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let said = lines.filter_map(|line| match WorkerEvent::from_line(&line)? {
        Ok(event) => Some(Said::Event(process, event)),
        Err(why) => Some(Said::Garbled(process, why)),
    });
    for said in said.chain([Said::Silent(process)]) {
        if to.send(said).is_err() {
            // Nobody listens any more when the attempt was killed.
            return;
        }
    }
}

fn read_words(process: usize, stderr: impl Read, to: &Sender<Said>) {
    let mut words = VecDeque::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        words.push_back(line);
        if words.len() > LAST_WORDS_MAX {
            words.pop_front();
        }
    }
    // Nobody listens any more when the attempt was killed.
    drop(to.send(Said::LastWords(process, words)));
}

/// How far each process is on its way out.
struct Ending(Vec<Leaving>);

#[derive(Default)]
struct Leaving {
    finished: bool,
    silent: bool,
    words: Option<VecDeque<String>>,
}

impl Ending {
    fn new(processes: usize) -> Self {
        Self((0..processes).map(|_| Leaving::default()).collect())
    }

    fn finished(&mut self, process: usize, event: &WorkerEvent) {
        if let (WorkerEvent::Finished, Some(leaving)) = (event, self.0.get_mut(process)) {
            leaving.finished = true;
        }
    }

    fn silent(&mut self, process: usize) {
        if let Some(leaving) = self.0.get_mut(process) {
            leaving.silent = true;
        }
    }

    fn words(&mut self, process: usize, words: VecDeque<String>) {
        if let Some(leaving) = self.0.get_mut(process) {
            leaving.words = Some(words);
        }
    }

    /// A process that ended without having finished. Its two streams end in any order, and only when
    /// both have, it is known that it will not say that it finished.
    fn died_early(&self) -> Option<usize> {
        let died =
            |leaving: &Leaving| !leaving.finished && leaving.silent && leaving.words.is_some();
        self.0.iter().position(died)
    }

    fn obituary(&self, process: usize, status: &str) -> anyhow::Error {
        let words = self
            .0
            .get(process)
            .and_then(|leaving| leaving.words.as_ref());
        let words: String = words
            .into_iter()
            .flatten()
            .map(|line| format!("\n  {line}"))
            .collect();
        let last = if words.is_empty() { "nothing" } else { &words };
        anyhow::anyhow!("process {process} of the job died ({status}); it said last: {last}")
    }
}

/// The attempt's processes. Dropping them kills them.
struct Children(Vec<Child>);

impl Children {
    /// How a process that has ended did so.
    fn status(&mut self, process: usize) -> String {
        match self.0.get_mut(process).map(Child::wait) {
            Some(Ok(status)) => status.to_string(),
            Some(Err(error)) => error.to_string(),
            None => "never started".to_owned(),
        }
    }

    fn kill(&mut self) {
        for child in &mut self.0 {
            // SIGKILL on Unix. It fails only for a child that has ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.kill();
    }
}
