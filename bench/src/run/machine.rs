//! Where and with what a run is: recorded, so that two runs can be told apart. What cannot be found out is `unknown`.

use std::path::Path;
use std::process::Command;

use crate::results::Machine;

const UNKNOWN: &str = "unknown";

/// This machine, with the file system of the directory that measurements work in.
pub(super) fn here(directory: &Path) -> Machine {
    let cores = std::thread::available_parallelism();
    let memory = field("/proc/meminfo", "MemTotal:").and_then(|text| {
        let kib = text.split(' ').next()?;
        kib.parse::<u64>().ok()
    });
    let load = file("/proc/loadavg");
    let load: Vec<_> = load.split(' ').take(3).collect();
    Machine {
        processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
        cores: cores.map_or(0, usize::from),
        memory_bytes: memory.unwrap_or(0) << 10,
        kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
        distribution: distribution(&file("/etc/os-release")),
        file_system: file_system(directory),
        load: load.join(", "),
    }
}

/// The date and time in UTC, to the second.
pub(super) fn now() -> String {
    said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_else(unknown)
}

/// The commit of the clone, with `+` behind it where files are not as committed.
pub(super) fn commit(bench: &Path) -> String {
    let directory = bench.display().to_string();
    let git = |words: &[&str]| said("git", &[&["-C", &directory], words].concat());
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return unknown();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => commit + "+",
    }
}

/// Versions of compilers; those of the subjects are in their records.
pub(super) fn versions() -> Vec<String> {
    let rust = said("rustc", &["--version"]);
    let java = said("java", &["-version"]);
    rust.into_iter().chain(java).collect()
}

/// What processes that have ended took of the cores, in user's and system's time together; 0 where it is not known.
pub(super) fn processor_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = file("/proc/self/stat");
    // The name of the process may have spaces; behind its parenthesis, cutime and cstime are the 14th and 15th word.
    let words = stat.rsplit_once(')').map_or("", |(_, words)| words);
    let ticks = words.split_whitespace().skip(13).take(2);
    let ticks: f64 = ticks.filter_map(|word| word.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

fn unknown() -> String {
    UNKNOWN.to_owned()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What follows a name and a colon in a file of such lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = file(path);
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn distribution(release: &str) -> String {
    let line = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.map_or_else(unknown, |name| name.trim_matches('"').to_owned())
}

fn file_system(directory: &Path) -> String {
    let directory = directory.display().to_string();
    let found = said("df", &["--output=fstype", &directory]);
    let kind = found.and_then(|text| text.lines().nth(1).map(str::to_owned));
    kind.unwrap_or_else(unknown)
}

/// What a program says on stdout, or else on stderr, the first line of which is a version.
fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let stdout = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if program != "java" {
        return Some(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    stderr.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{distribution, here, processor_seconds};

    #[test]
    fn this_machine_has_a_processor_and_memory() {
        let machine = here("/".as_ref());

        assert!(machine.cores > 0 && machine.memory_bytes > 0, "{machine:?}");
        assert_ne!(machine.file_system, "");
    }

    #[test]
    fn the_time_of_a_process_that_has_ended_is_counted() {
        let before = processor_seconds();
        let loops = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";

        Command::new("sh").args(["-c", loops]).status().unwrap();

        assert!(processor_seconds() > before);
    }

    #[test]
    fn a_distribution_is_called_as_it_calls_itself() {
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

        assert_eq!(distribution(release), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(distribution(""), "unknown");
    }
}
