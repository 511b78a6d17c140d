//! Flink: where its classes are, and how its programs are started. `bench/fetch-flink.sh` gets and compiles them.

use std::path::Path;
use std::process::{Command, Stdio};

/// As `bench/flink/README.md` has them.
pub(crate) const JAVA_FLAGS: [&str; 6] = [
    "-Xms4g",
    "-Xmx4g",
    "-XX:+UseG1GC",
    "-XX:-UsePerfData",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
];

/// Flink's programs, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Flink {
    class_path: String,
}

impl Flink {
    /// Gets Flink, from the network the first time, or says what is missing.
    pub(crate) fn find(bench: &Path) -> Result<Self, String> {
        let script = bench.join("fetch-flink.sh");
        let mut command = Command::new(&script);
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("start {}: {error}", script.display()))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let words: Vec<_> = words.lines().map(str::trim).collect();
            return Err(format!("{} ({})", words.join(" "), output.status));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        match printed.lines().last().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(Self {
                class_path: line.to_owned(),
            }),
            _ => Err(format!("{} printed no class path", script.display())),
        }
    }

    /// A main class, without its arguments.
    pub(crate) fn command(&self, class: &str) -> Command {
        let mut command = Command::new("java");
        command.args(JAVA_FLAGS);
        command.args(["-cp", &self.class_path, class]);
        command
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::Flink;

    fn found(script: &str) -> Result<Flink, String> {
        let bench = tempfile::tempdir().unwrap();
        let path = bench.path().join("fetch-flink.sh");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Flink::find(bench.path())
    }

    #[test]
    fn the_last_line_is_the_class_path() {
        let flink = found("echo working >&2; echo noise; echo /classes:/flink.jar").unwrap();

        assert_eq!(flink.class_path, "/classes:/flink.jar");
    }

    #[test]
    fn what_is_missing_is_told() {
        let error = found("echo 'missing:' >&2; echo '  javac 17' >&2; exit 3").unwrap_err();

        assert_eq!(error, "missing: javac 17 (exit status: 3)");
        assert!(
            found("true")
                .unwrap_err()
                .ends_with("printed no class path")
        );
        let nowhere = Flink::find("/nowhere".as_ref()).unwrap_err();
        assert!(
            nowhere.contains("start /nowhere/fetch-flink.sh"),
            "{nowhere}"
        );
    }
}
