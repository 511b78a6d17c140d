//! `alluvium checkpoints diff`: what changed between two checkpoints or savepoints, state by state.
//!
//! Both are read in row order, so that memory does not grow with the state. They may be of different jobs and
//! parallelisms; not of different maximum parallelisms or keys, whose rows do not lie in the same places.

mod pairs;
mod side;
mod walk;

use std::fmt;

use alluvium_protocol::shape::difference;
use anyhow::Result;
use serde::Serialize;

use self::pairs::{Pair, pairs};
use self::walk::{Change, Counts, Difference, Tell, walk};
use crate::args::{DiffFormat, DiffOptions};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::{Cut, NamedCut};
use crate::output;
use crate::state::cut_rows::CutRows;
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Differences {
    a: Compared,
    b: Compared,
    equal: bool,
    states: Vec<State>,
    /// Those of `--state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Difference>>,
    /// Whether there were more entries than the limit.
    more: bool,
}

/// One of the two.
#[derive(Debug, Serialize)]
struct Compared {
    name: String,
    job: String,
    record: String,
    parallelism: u32,
}

impl Compared {
    fn of(cut: &Cut) -> Self {
        Self {
            name: cut.name.clone(),
            job: cut.job.clone(),
            record: cut.object.clone(),
            parallelism: cut.parallelism,
        }
    }
}

#[derive(Debug, Serialize)]
struct State {
    state: String,
    kind: String,
    /// `both`, `A` or `B`.
    only_in: &'static str,
    /// How the schemas differ.
    schema: Vec<String>,
    #[serde(flatten)]
    counts: Counts,
}

/// Compares, and prints what differs. Ends with [`Exit::Problem`] if something does.
///
/// # Errors
/// When storage does not answer, a checkpoint is not there or damaged, the two cannot be compared, or Ctrl-C was
/// pressed.
pub(super) fn run(options: &DiffOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let find = |text: &str| CutRows::of(cut(text, options)?, cancel.clone());
    let mut sides = [find(&options.a)?, find(&options.b)?];
    check_comparable(&sides)?;
    let [a, b] = &sides;
    let mut pairs = pairs(a.schema(), b.schema());
    if let Some(name) = &options.state {
        a.state(name).or_else(|_| b.state(name))?;
        pairs.retain(|pair| pair.name == *name);
    }
    let mut found = Differences {
        a: Compared::of(a.cut()),
        b: Compared::of(b.cut()),
        equal: true,
        states: Vec::new(),
        entries: None,
        more: false,
    };
    let mut entries = Vec::new();
    let mut keep = |difference| -> Result<()> {
        if options.output == DiffFormat::Jsonl {
            let is_read = output::one_of_many(&serde_json::to_string(&difference)?)?;
            return if is_read {
                Ok(())
            } else {
                Err(ReadEnough.into())
            };
        }
        if (entries.len() as u64) < options.limit {
            entries.push(difference);
        } else {
            found.more = true;
        }
        Ok(())
    };
    let tell = options
        .state
        .is_some()
        .then_some(&mut keep as &mut Tell<'_>);
    let counts = match compare(&mut sides, &pairs, tell) {
        // What was told differs.
        Err(error) if error.is::<ReadEnough>() => return Ok(Exit::Problem),
        counts => counts?,
    };
    found.entries = options.state.is_some().then_some(entries);
    found.states = pairs.iter().zip(counts).map(state).collect();
    let differs = |state: &State| {
        state.counts.differ() || state.only_in != "both" || !state.schema.is_empty()
    };
    found.equal = !found.states.iter().any(differs);
    match options.output {
        DiffFormat::Json => output::json(&found)?,
        DiffFormat::Table => output::text(&told(&found))?,
        DiffFormat::Jsonl => {}
    }
    if found.more {
        output::note("there are more entries: raise --limit to see them, or use --output jsonl");
    }
    Ok(if found.equal {
        Exit::Done
    } else {
        Exit::Problem
    })
}

/// Whoever read the lines has closed the pipe.
#[derive(Debug)]
struct ReadEnough;

impl fmt::Display for ReadEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pipe was closed")
    }
}

impl std::error::Error for ReadEnough {}

fn cut(text: &str, options: &DiffOptions) -> Result<Cut> {
    let named = match &options.within {
        Some(location) => NamedCut {
            location: location.clone(),
            name: Some(text.to_owned()),
        },
        None => NamedCut::parse(text),
    };
    named.find(options.job.as_deref())
}

fn check_comparable([a, b]: &[CutRows; 2]) -> Result<()> {
    let (max_a, max_b) = (a.cut().max_parallelism, b.cut().max_parallelism);
    if max_a != max_b {
        return Err(Failure::incompatible(format!(
            "A has {max_a} key groups, B has {max_b}, so their rows lie in different places: rewrite one of them, as \
             a savepoint, with `alluvium savepoint migrate-keys`"
        )));
    }
    let (key_a, key_b) = (&a.schema().key, &b.schema().key);
    if difference(key_a, key_b).is_some() {
        return Err(Failure::incompatible(format!(
            "A is keyed by {key_a}, B by {key_b}: entries of different keys cannot be compared"
        )));
    }
    Ok(())
}

fn compare(
    sides: &mut [CutRows; 2],
    pairs: &[Pair],
    mut tell: Option<&mut Tell<'_>>,
) -> Result<Vec<Counts>> {
    let mut counts = vec![Counts::default(); pairs.len()];
    let [a, _] = &*sides;
    for group in a.cut().max_parallelism.all().iter() {
        for (pair, counts) in pairs.iter().zip(&mut counts) {
            walk(sides, group, pair, counts, tell.as_deref_mut())?;
        }
    }
    Ok(counts)
}

fn state((pair, counts): (&Pair, Counts)) -> State {
    State {
        state: pair.name.clone(),
        kind: pair.kind.clone(),
        only_in: match (&pair.a, &pair.b) {
            (Some(_), None) => "A",
            (None, Some(_)) => "B",
            _ => "both",
        },
        schema: pair.differences.clone(),
        counts,
    }
}

fn told(found: &Differences) -> String {
    let side = |side: &Compared| {
        format!(
            "{} of job {}, parallelism {}, recorded in {}",
            side.name, side.job, side.parallelism, side.record
        )
    };
    let mut told = vec![
        format!("A: {}", side(&found.a)),
        format!("B: {}", side(&found.b)),
    ];
    for state in &found.states {
        let name = &state.state;
        if state.only_in != "both" {
            told.push(format!("state {name} is in {} alone", state.only_in));
        }
        told.extend(
            state
                .schema
                .iter()
                .map(|what| format!("state {name}: {what}")),
        );
    }
    told.push(states_table(&found.states));
    told.extend(found.entries.as_deref().map(entries_table));
    told.push(if found.equal { "equal" } else { "different" }.to_owned());
    told.join("\n")
}

fn states_table(states: &[State]) -> String {
    let columns = [
        "state",
        "kind",
        "added",
        "changed",
        "removed",
        "same",
        "other expiry",
        "bytes A",
        "bytes B",
        "different",
    ];
    let rows = states.iter().map(|state| {
        let counts = &state.counts;
        vec![
            state.state.clone(),
            state.kind.clone(),
            units::count(counts.added),
            units::count(counts.changed),
            units::count(counts.removed),
            units::count(counts.same),
            counts.other_expiry.map_or_else(String::new, units::count),
            units::bytes(counts.bytes_a),
            units::bytes(counts.bytes_b),
            units::bytes(counts.bytes_different),
        ]
    });
    output::table(&columns, &columns[2..], rows)
}

fn entries_table(entries: &[Difference]) -> String {
    let columns = [
        "",
        "key group",
        "key",
        "namespace",
        "map key",
        "time",
        "from",
        "before",
        "after",
        "expires before",
        "expires after",
    ];
    let rows = entries.iter().map(|difference| {
        let sign = match difference.change {
            Change::Added => "+",
            Change::Changed => "~",
            Change::Removed => "-",
        };
        let mut cells = vec![sign.to_owned()];
        let entry = difference.entry.cells().into_iter();
        // The state's name is the same in all, and the value is told before and after.
        cells.extend(entry.skip(1).take(5));
        cells.push(
            difference
                .entry
                .index
                .map_or_else(String::new, |at| format!("[{at}]")),
        );
        let elements = difference.elements;
        let shown = |value: &Option<_>, count: Option<u64>| {
            let value: &Option<alluvium_protocol::value::Value> = value;
            let value = value.as_ref().map_or_else(String::new, ToString::to_string);
            match count {
                Some(count) => format!("{value} of {count}"),
                None => value,
            }
        };
        cells.push(shown(&difference.before, elements.map(|(a, _)| a)));
        cells.push(shown(&difference.after, elements.map(|(_, b)| b)));
        let time = |time: Option<i64>| time.map_or_else(String::new, format_rfc3339);
        cells.push(time(difference.expires_before));
        cells.push(time(difference.expires_after));
        cells
    });
    output::table(&columns, &["key group"], rows)
}
