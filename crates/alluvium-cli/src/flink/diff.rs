//! `alluvium flink diff`: what changed between two snapshots, state by state.
//!
//! Heaps have no order, and RocksDB's is that of bytes which other versions write otherwise: so the rows of one operator of
//! each are sorted on the local disk, by what they are, and walked side by side.

mod entry;
mod records;
mod side;
mod sort;
mod walk;

use std::collections::BTreeMap;

use alluvium_flink::metadata::{self, OperatorId};
use alluvium_flink::scan::Count;
use alluvium_protocol::value::Value;
use anyhow::Result;
use serde::Serialize;

use self::entry::Difference;
use self::side::{Known, sorted};
use self::walk::{Counts, walk};
use super::opened::Opened;
use crate::args::FlinkDiffOptions;
use crate::difference::{self, Declared, Differences, ReadEnough, Tell, Telling};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output;
use crate::units;

#[derive(Debug, Serialize)]
struct State {
    operator: String,
    state: String,
    kind: String,
    #[serde(flatten)]
    declared: Declared,
    #[serde(flatten)]
    counts: Counts,
    rows_a: u64,
    rows_b: u64,
    bytes_a: u64,
    bytes_b: u64,
}

/// Compares, and prints what differs. Ends with [`Exit::Problem`] if something does.
///
/// # Errors
/// When a snapshot is not there or cannot be read whole, the two cannot be compared, or Ctrl-C was pressed.
pub(super) fn run(options: &FlinkDiffOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let open =
        |location: &str| Opened::open_one(location, &options.files, &options.rows, cancel.clone());
    let sides = [open(&options.a)?, open(&options.b)?];
    let mut entries = options
        .entries
        .then(|| Telling::new(options.output, options.limit));
    let mut take;
    let mut tell = match &mut entries {
        Some(entries) => {
            take = |difference| entries.take(difference);
            Some(&mut take as &mut Tell<'_, Difference>)
        }
        None => None,
    };
    let look = || Ok(cancel.check("comparing state")?);
    let mut states = Vec::new();
    for operators in pairs(&sides, options)? {
        check_comparable(&operators)?;
        let compared = compare(&sides, &operators, options, &look, tell.as_deref_mut());
        match ReadEnough::or(compared)? {
            Some(compared) => states.extend(compared),
            None => return Ok(Exit::Problem),
        }
    }
    if let Some(missing) = missing(&options.rows.state, &states) {
        return Err(missing);
    }
    let compared = sides.each_ref().map(Opened::folder);
    Differences::new(compared, states, entries).print(options.output)
}

type Pair<'s> = [Option<&'s metadata::Operator>; 2];

/// The chosen operators of both, by id.
fn pairs<'s>(sides: &'s [Opened; 2], options: &FlinkDiffOptions) -> Result<Vec<Pair<'s>>> {
    let mut ids: Vec<OperatorId> = Vec::new();
    if options.rows.operator.is_empty() {
        let all = sides.iter().flat_map(|side| side.snapshot().operators());
        ids.extend(all.map(|operator| operator.id));
    }
    for named in &options.rows.operator {
        let [a, b] = sides;
        let found = a.snapshot().operator(named);
        let found = found.or_else(|_| b.snapshot().operator(named))?;
        ids.push(found.id);
    }
    ids.sort();
    ids.dedup();
    let find = |side: &'s Opened, id: OperatorId| {
        let mut operators = side.snapshot().operators().iter();
        operators.find(|operator| operator.id == id)
    };
    let [a, b] = sides;
    Ok(ids.iter().map(|id| [find(a, *id), find(b, *id)]).collect())
}

fn check_comparable(operators: &Pair<'_>) -> Result<()> {
    if let [Some(a), Some(b)] = operators
        && a.max_parallelism != b.max_parallelism
    {
        return Err(Failure::incompatible(format!(
            "operator {} has {} key groups in A and {} in B, so its rows lie in different places",
            a.label(),
            a.max_parallelism,
            b.max_parallelism
        )));
    }
    Ok(())
}

fn compare(
    sides: &[Opened; 2],
    operators: &Pair<'_>,
    options: &FlinkDiffOptions,
    look: &dyn Fn() -> Result<()>,
    tell: Option<&mut Tell<'_, Difference>>,
) -> Result<Vec<State>> {
    let [in_a, in_b] = *operators;
    let [a, b] = sides;
    let labels = [in_b.map(|of| b.label(of)), in_a.map(|of| a.label(of))];
    let label = labels.into_iter().flatten().next().unwrap_or_default();
    let (a, b) = (sorted(a, in_a, options)?, sorted(b, in_b, options)?);
    let counts = walk(&label, a.sorted, b.sorted, look, tell)?;
    let mut names: Vec<&String> = a.states.keys().chain(b.states.keys()).collect();
    names.sort();
    names.dedup();
    let state = |name: &String| {
        let (known_a, known_b) = (a.states.get(name), b.states.get(name));
        let (count_a, count_b) = (count(&a.counts, name), count(&b.counts, name));
        let kind = known_b.or(known_a).map_or("", |known| known.kind);
        State {
            operator: label.clone(),
            state: name.clone(),
            kind: kind.to_owned(),
            declared: declared(known_a, known_b),
            counts: counts
                .get(&Value::Str(name.clone()).to_string())
                .copied()
                .unwrap_or_default(),
            rows_a: count_a.rows,
            rows_b: count_b.rows,
            bytes_a: count_a.bytes,
            bytes_b: count_b.bytes,
        }
    };
    Ok(names.into_iter().map(state).collect())
}

fn count(counts: &BTreeMap<String, Count>, state: &str) -> Count {
    counts.get(state).copied().unwrap_or_default()
}

fn declared(a: Option<&Known>, b: Option<&Known>) -> Declared {
    let schema = match (a, b) {
        (Some(a), Some(b)) if a != b => vec![format!("{} in A, {} in B", a.types, b.types)],
        _ => Vec::new(),
    };
    Declared::new(a, b, schema)
}

/// That neither has a state that was asked for.
fn missing(wanted: &[String], states: &[State]) -> Option<anyhow::Error> {
    let is_missing = |name: &&String| !states.iter().any(|state| state.state == **name);
    let name = wanted.iter().find(is_missing)?;
    Some(Failure::usage(format!(
        "neither A nor B has a state called {name:?} in these operators"
    )))
}

impl difference::State for State {
    fn name(&self) -> String {
        format!("state {} of {}", self.state, self.operator)
    }

    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn counts(&self) -> &difference::Counts {
        &self.counts.entries
    }

    fn table(states: &[Self]) -> String {
        let mut columns = vec!["operator", "state", "kind"];
        columns.extend(difference::Counts::COLUMNS);
        columns.extend(["other access", "bytes A", "bytes B"]);
        let rows = states.iter().map(|state| {
            let mut cells = vec![
                state.operator.clone(),
                state.state.clone(),
                state.kind.clone(),
            ];
            cells.extend(state.counts.entries.cells());
            cells.extend([
                match state.counts.other_access {
                    0 => String::new(),
                    count => units::count(count),
                },
                units::bytes(state.bytes_a),
                units::bytes(state.bytes_b),
            ]);
            cells
        });
        let numbers = columns.get(3..).unwrap_or_default();
        output::table(&columns, numbers, rows)
    }
}
