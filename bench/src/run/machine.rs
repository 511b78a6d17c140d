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
    use super::{distribution, here};

    #[test]
    fn this_machine_has_a_processor_and_memory() {
        let machine = here("/".as_ref());

        assert!(machine.cores > 0 && machine.memory_bytes > 0, "{machine:?}");
        assert_ne!(machine.file_system, "");
    }

    #[test]
    fn a_distribution_is_called_as_it_calls_itself() {
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

        assert_eq!(distribution(release), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(distribution(""), "unknown");
    }
}
