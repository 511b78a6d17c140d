//! `alluvium checkpoints diff`: what changed between two checkpoints or savepoints, state by state.
//!
//! Both are read in row order, so that memory does not grow with the state. They may be of different jobs and
//! parallelisms; not of different maximum parallelisms or keys, whose rows do not lie in the same places.

mod entry;
mod pairs;
mod side;
mod walk;

use std::fmt;

use alluvium_protocol::shape::difference;
use anyhow::Result;
use serde::Serialize;

use self::entry::Difference;
use self::pairs::{Pair, pairs};
use self::walk::{Counts, walk};
use crate::args::DiffOptions;
use crate::difference::{self, Declared, Differences, ReadEnough, Tell, Telling};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::{Cut, NamedCut};
use crate::output;
use crate::state::cut_rows::CutRows;
use crate::units;

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

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of job {}, parallelism {}, recorded in {}",
            self.name, self.job, self.parallelism, self.record
        )
    }
}

#[derive(Debug, Serialize)]
struct State {
    state: String,
    kind: String,
    #[serde(flatten)]
    declared: Declared,
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
    let compared = [a, b].map(|side| Compared::of(side.cut()));
    let entries = options.state.is_some();
    let mut entries = entries.then(|| Telling::new(options.output, options.limit));
    let mut take;
    let tell = match &mut entries {
        Some(entries) => {
            take = |difference| entries.take(difference);
            Some(&mut take as &mut Tell<'_, Difference>)
        }
        None => None,
    };
    let Some(counts) = ReadEnough::or(compare(&mut sides, &pairs, tell))? else {
        return Ok(Exit::Problem);
    };
    let states = pairs.into_iter().zip(counts).map(state).collect();
    Differences::new(compared, states, entries).print(options.output)
}

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
    mut tell: Option<&mut Tell<'_, Difference>>,
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

fn state((pair, counts): (Pair, Counts)) -> State {
    State {
        declared: Declared::new(pair.a.as_ref(), pair.b.as_ref(), pair.differences),
        state: pair.name,
        kind: pair.kind,
        counts,
    }
}

impl difference::State for State {
    fn name(&self) -> String {
        format!("state {}", self.state)
    }

    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn counts(&self) -> &difference::Counts {
        &self.counts.entries
    }

    fn table(states: &[Self]) -> String {
        let mut columns = vec!["state", "kind"];
        columns.extend(difference::Counts::COLUMNS);
        columns.extend(["other expiry", "bytes A", "bytes B", "different"]);
        let rows = states.iter().map(|state| {
            let counts = &state.counts;
            let mut cells = vec![state.state.clone(), state.kind.clone()];
            cells.extend(counts.entries.cells());
            cells.extend([
                counts.other_expiry.map_or_else(String::new, units::count),
                units::bytes(counts.bytes_a),
                units::bytes(counts.bytes_b),
                units::bytes(counts.bytes_different),
            ]);
            cells
        });
        let numbers = columns.get(2..).unwrap_or_default();
        output::table(&columns, numbers, rows)
    }
}
