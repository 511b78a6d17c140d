//! The file of results: runs, and what each measured. Everything that is reported is a function of it.
//!
//! A line is a JSON object: `{"run": …}` opens a section, `{"ended": …}` says how a measurement went, all others are records. A suite is in
//! one section only, that of the run that measured it last: so what is compared was always measured in one run.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::record::Record;

#[cfg(test)]
mod tests;

/// A run: when, with what, where.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    /// `quick` or `full`.
    pub(crate) size: String,
    pub(crate) started: String,
    /// The commit, with `+` behind it where files had been changed since.
    pub(crate) commit: String,
    pub(crate) flags: Vec<String>,
    pub(crate) machine: Machine,
    /// What each program is built from.
    pub(crate) versions: Vec<String>,
    /// What could not be measured at all, and why.
    pub(crate) missing: Vec<String>,
}

/// Where a run was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    pub(crate) distribution: String,
    pub(crate) file_system: String,
    /// Averages of 1, 5 and 15 minutes before the first measurement.
    pub(crate) load: String,
}

/// How one measurement went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) suite: String,
    pub(crate) measurement: String,
    pub(crate) seconds: f64,
    /// What all its threads took of the cores, once it had ended: tells how much of the time it waited, for the disk or for others.
    #[serde(default)]
    pub(crate) processor_seconds: f64,
    pub(crate) error: Option<String>,
}

/// What one run measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Section {
    pub(crate) run: Run,
    pub(crate) ended: Vec<Ended>,
    pub(crate) records: Vec<Record>,
}

/// All results, the newest run first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Results {
    pub(crate) sections: Vec<Section>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Run(Run),
    Ended(Ended),
}

impl Results {
    /// # Errors
    /// When a line is neither a run, an end nor a record, or a record comes before the first run.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut results = Self::default();
        for (index, line) in text.lines().enumerate() {
            results
                .push(line)
                .with_context(|| format!("line {}", index + 1))?;
        }
        Ok(results)
    }

    fn push(&mut self, line: &str) -> Result<()> {
        if !line.starts_with("{\"run\"") && !line.starts_with("{\"ended\"") {
            self.open()?.records.push(serde_json::from_str(line)?);
            return Ok(());
        }
        match serde_json::from_str(line)? {
            Line::Ended(ended) => self.open()?.ended.push(ended),
            Line::Run(run) => self.sections.push(Section {
                run,
                ..Section::default()
            }),
        }
        Ok(())
    }

    fn open(&mut self) -> Result<&mut Section> {
        let section = self.sections.last_mut();
        section.context("the first line does not say which run it is")
    }

    /// The results in the file, which need not exist.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(
                Self::parse(&text).with_context(|| format!("read {}", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }

    /// As [`Self::parse`] reads it.
    ///
    /// # Errors
    /// When a number cannot be written as JSON.
    pub(crate) fn render(&self) -> Result<String> {
        let mut text = String::new();
        for section in &self.sections {
            writeln!(
                text,
                "{}",
                serde_json::to_string(&Line::Run(section.run.clone()))?
            )?;
            for ended in &section.ended {
                let line = Line::Ended(ended.clone());
                writeln!(text, "{}", serde_json::to_string(&line)?)?;
            }
            for record in &section.records {
                writeln!(text, "{}", serde_json::to_string(record)?)?;
            }
        }
        Ok(text)
    }

    /// Puts a section before all others. They lose the suites that it has, and those left without any go.
    pub(crate) fn put(&mut self, section: Section) {
        let newer: Vec<&str> = section.ended.iter().map(|e| e.suite.as_str()).collect();
        for old in &mut self.sections {
            old.ended.retain(|e| !newer.contains(&e.suite.as_str()));
            old.records.retain(|r| !newer.contains(&r.suite.as_str()));
        }
        self.sections
            .retain(|old| !old.ended.is_empty() || !old.records.is_empty());
        self.sections.insert(0, section);
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.sections.iter().flat_map(|section| &section.records)
    }

    pub(crate) fn ended(&self) -> impl Iterator<Item = &Ended> {
        self.sections.iter().flat_map(|section| &section.ended)
    }
}
