//! What results say: verdicts on stdout, tables and plots in `docs/`.
//!
//! All but this file is pure: from results to text. Documents are written whole or not at all.

mod blocks;
mod figures;
mod numbers;
mod plots;
mod tables;
mod targets;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::names;
use crate::results::Results;
use figures::Figures;
use targets::Target;
use verdict::Verdict;

/// Where results come from and go to.
#[derive(Debug, clap::Args)]
#[group(id = "report")]
pub(crate) struct Arguments {
    /// The file of results [default: results.jsonl in bench/].
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// The directory of performance.md and plots/ [default: docs/ of the clone].
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
    /// How verdicts are printed.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Fails when a target is missed.
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

impl Arguments {
    pub(crate) fn results(&self) -> PathBuf {
        let given = self.results.clone();
        given.unwrap_or_else(|| bench_directory().join("results.jsonl"))
    }

    fn docs(&self) -> PathBuf {
        let given = self.docs.clone();
        given.unwrap_or_else(|| bench_directory().join("../docs"))
    }

    fn document(&self) -> PathBuf {
        self.docs().join("performance.md")
    }

    /// # Errors
    /// When the document does not have the markers that a report needs.
    pub(crate) fn check(&self) -> Result<()> {
        rendered(&self.document(), &blocks(&Results::default(), &[])?).map(drop)
    }
}

/// `bench/` of the clone: Cargo tells where it is, now or when this was built.
pub(crate) fn bench_directory() -> PathBuf {
    let now = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    now.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into())
}

/// Renders results that are there already.
///
/// # Errors
/// When there are none, or they or the documents cannot be read or written.
pub(crate) fn render(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.results();
    match Results::load(&path)? {
        Some(results) => report(arguments, &results),
        None => bail!("there are no results in {}: measure first", path.display()),
    }
}

/// Writes document and plots, prints verdicts.
///
/// # Errors
/// When a file cannot be read or written, or the document lacks a marker.
pub(crate) fn report(arguments: &Arguments, results: &Results) -> Result<ExitCode> {
    let document = arguments.document();
    let targets = targets::judge(results);
    let text = rendered(&document, &blocks(results, &targets)?)?;
    let figures = Figures::new(results);
    let plots = arguments.docs().join("plots");
    std::fs::create_dir_all(&plots).with_context(|| plots.display().to_string())?;
    for plot in &plots::PLOTS {
        let path = plots.join(plot.file());
        match plot.svg(&figures)? {
            Some(svg) => write_whole(&path, &svg)?,
            // A plot of another run would be read as one of this.
            None if path.exists() => {
                std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
            None => {}
        }
    }
    write_whole(&document, &text)?;
    print(arguments, results)
}

/// Prints verdicts; failure where targets are missed and that counts.
///
/// # Errors
/// When a number cannot be written as JSON.
pub(crate) fn print(arguments: &Arguments, results: &Results) -> Result<ExitCode> {
    let targets = targets::judge(results);
    match arguments.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&targets)?),
        Output::Text => targets.iter().for_each(print_target),
    }
    let missed = targets.iter().any(|t| t.verdict == Verdict::Missed);
    Ok(if missed && arguments.strict {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print_target(target: &Target) {
    let verdict = target.verdict.name().trim_matches('*');
    println!("{verdict:12}  {}: {}", target.target, target.bound);
    let of = if target.of.is_empty() {
        "–"
    } else {
        &target.of
    };
    println!("{:12}  {} ({of})", "", target.measured);
}

fn rendered(document: &Path, blocks: &BTreeMap<&str, String>) -> Result<String> {
    let path = document.display();
    let old = std::fs::read_to_string(document).with_context(|| format!("read {path}"))?;
    blocks::replace(&old, blocks).with_context(|| format!("write {path}; nothing was changed"))
}

/// The generated blocks of the document, by name.
fn blocks(results: &Results, targets: &[Target]) -> Result<BTreeMap<&'static str, String>> {
    let figures = Figures::new(results);
    let inside = |setting: &str| setting.ends_with(names::INSIDE);
    let mut blocks = BTreeMap::from([
        ("runs", tables::runs(results)),
        ("verdicts", tables::verdicts(targets)),
        ("access-inside", tables::suite(&figures, "access", inside)),
        (
            "access-beyond",
            tables::suite(&figures, "access", |s| !inside(s)),
        ),
        ("memory", tables::memory(results)),
    ]);
    for suite in names::SUITES.iter().filter(|suite| **suite != "access") {
        blocks.insert(suite, tables::suite(&figures, suite, |_| true));
    }
    for plot in &plots::PLOTS {
        if plot.svg(&figures)?.is_some()
            && let Some(block) = blocks.get_mut(plot.name)
        {
            *block = format!("![{}](plots/{})\n\n{block}", plot.title, plot.file());
        }
    }
    Ok(blocks)
}

/// Writes a file beside its place first, and then puts it there.
///
/// # Errors
/// When it cannot be written; then the old one is as it was.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, path).with_context(|| path.display().to_string())
}
