//! `alluvium flink diff`: what changed between two snapshots, state by state.
//!
//! Heaps have no order, and RocksDB's is that of bytes which other versions write otherwise: so the rows of one operator of
//! each are sorted on the local disk, by what they are, and walked side by side.

mod records;
mod sort;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use alluvium_flink::metadata::{self, OperatorId};
use alluvium_flink::scan::{self, Count, Place, Row, Selection};
use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;

use self::sort::{Sorted, Sorter};
use self::walk::{Change, Counts, Difference, Tell, walk};
use super::described::{kind, namespace_type, value_type};
use super::entries::Entries;
use super::opened::{Opened, Take, check_whole};
use crate::args::{DiffFormat, FlinkDiffOptions};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output;
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Differences {
    a: String,
    b: String,
    equal: bool,
    states: Vec<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Difference>>,
    /// Whether there were more entries than the limit.
    more: bool,
}

#[derive(Debug, Serialize)]
struct State {
    operator: String,
    state: String,
    kind: String,
    /// `both`, `A` or `B`.
    only_in: &'static str,
    /// How the types differ.
    schema: Vec<String>,
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
        |location: &str| Opened::open_one(location, &options.remap, &options.rows, cancel.clone());
    let sides = [open(&options.a)?, open(&options.b)?];
    let mut entries = Vec::new();
    let mut more = false;
    let mut keep = |difference: Difference| -> Result<()> {
        if options.output == DiffFormat::Jsonl {
            if output::one_of_many(&serde_json::to_string(&difference)?)? {
                return Ok(());
            }
            return Err(ReadEnough.into());
        }
        if (entries.len() as u64) < options.limit {
            entries.push(difference);
        } else {
            more = true;
        }
        Ok(())
    };
    let mut states = Vec::new();
    for operators in pairs(&sides, options)? {
        check_comparable(&operators)?;
        let tell = options.entries.then_some(&mut keep as &mut Tell<'_>);
        let look = || Ok(cancel.check("comparing state")?);
        match compare(&sides, &operators, options, &look, tell) {
            // What was told differs.
            Err(error) if error.is::<ReadEnough>() => return Ok(Exit::Problem),
            compared => states.extend(compared?),
        }
    }
    if let Some(missing) = missing(&options.rows.state, &states) {
        return Err(missing);
    }
    let differs = |state: &State| {
        state.counts.differ() || state.only_in != "both" || !state.schema.is_empty()
    };
    let found = Differences {
        a: sides[0].folder(),
        b: sides[1].folder(),
        equal: !states.iter().any(differs),
        states,
        entries: options.entries.then_some(entries),
        more,
    };
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

/// What one side has of an operator.
struct Side {
    sorted: Sorted,
    states: BTreeMap<String, Known>,
    counts: BTreeMap<String, Count>,
}

/// A state's kind and types.
#[derive(Clone, PartialEq)]
struct Known {
    kind: &'static str,
    types: String,
}

struct Sorting {
    sorter: Sorter,
    entries: Entries,
    states: BTreeMap<String, Known>,
}

impl Take for Sorting {
    fn states(&mut self, _: &metadata::Operator, states: &[scan::State]) -> Result<()> {
        for state in states {
            let namespace = namespace_type(state).unwrap_or_else(|| "none".to_owned());
            let known = Known {
                kind: kind(state),
                types: format!(
                    "{}, key {}, namespace {namespace}, value {}",
                    kind(state),
                    state.key,
                    value_type(state)
                ),
            };
            self.states.insert(state.name.clone(), known);
        }
        Ok(())
    }

    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>> {
        let (address, content) = records::record(&mut self.entries, place, row);
        self.sorter.push(address, content)?;
        Ok(ControlFlow::Continue(()))
    }
}

fn sorted(
    side: &Opened,
    operator: Option<&metadata::Operator>,
    options: &FlinkDiffOptions,
) -> Result<Side> {
    let mut sorting = Sorting {
        sorter: Sorter::new(),
        entries: Entries::default(),
        states: BTreeMap::new(),
    };
    let mut counts = BTreeMap::new();
    if let Some(operator) = operator {
        let mut selection = Selection {
            operators: vec![operator.id.to_string()],
            ..options.rows.selection(None)
        };
        // A state may be in one of the two alone, or of another operator.
        let (described, _) = scan::describe(side.snapshot(), &selection)?;
        let names = described.iter().flat_map(|part| &part.states);
        let mut names: Vec<String> = names.map(|state| state.name.clone()).collect();
        names.sort();
        names.dedup();
        let has_none = !selection.states.is_empty() && names.is_empty();
        if !selection.states.is_empty() {
            selection.states = names;
        }
        if !has_none {
            let report = side.rows(&selection, true, &mut sorting)?;
            check_whole(&report)?;
            let of_states = report.counts.into_iter();
            counts.extend(of_states.map(|((_, state), count)| (state, count)));
        }
    }
    Ok(Side {
        sorted: sorting.sorter.finish()?,
        states: sorting.states,
        counts,
    })
}

fn compare(
    sides: &[Opened; 2],
    operators: &Pair<'_>,
    options: &FlinkDiffOptions,
    look: &dyn Fn() -> Result<()>,
    tell: Option<&mut Tell<'_>>,
) -> Result<Vec<State>> {
    let [in_a, in_b] = *operators;
    let [a, b] = sides;
    let labels = [in_b.map(|of| b.label(of)), in_a.map(|of| a.label(of))];
    let label = labels.into_iter().flatten().next().unwrap_or_default();
    let (a, b) = (sorted(a, in_a, options)?, sorted(b, in_b, options)?);
    let mut counts = walk(&label, a.sorted, b.sorted, look, tell)?;
    let mut names: Vec<&String> = a.states.keys().chain(b.states.keys()).collect();
    names.sort();
    names.dedup();
    let state = |name: &String| {
        let (known_a, known_b) = (a.states.get(name), b.states.get(name));
        let quoted = alluvium_protocol::value::Value::Str(name.clone()).to_string();
        let count =
            |counts: &BTreeMap<String, Count>| counts.get(name).copied().unwrap_or_default();
        let (count_a, count_b) = (count(&a.counts), count(&b.counts));
        State {
            operator: label.clone(),
            state: name.clone(),
            kind: known_b
                .or(known_a)
                .map_or("", |known| known.kind)
                .to_owned(),
            only_in: match (known_a, known_b) {
                (Some(_), None) => "A",
                (None, Some(_)) => "B",
                _ => "both",
            },
            schema: match (known_a, known_b) {
                (Some(a), Some(b)) if a != b => {
                    vec![format!("{} in A, {} in B", a.types, b.types)]
                }
                _ => Vec::new(),
            },
            counts: counts.remove(&quoted).unwrap_or_default(),
            rows_a: count_a.rows,
            rows_b: count_b.rows,
            bytes_a: count_a.bytes,
            bytes_b: count_b.bytes,
        }
    };
    Ok(names.into_iter().map(state).collect())
}

/// That neither has a state that was asked for.
fn missing(wanted: &[String], states: &[State]) -> Option<anyhow::Error> {
    let is_missing = |name: &&String| !states.iter().any(|state| state.state == **name);
    let name = wanted.iter().find(is_missing)?;
    Some(Failure::usage(format!(
        "neither A nor B has a state called {name:?} in these operators"
    )))
}

fn told(found: &Differences) -> String {
    let mut told = vec![format!("A: {}", found.a), format!("B: {}", found.b)];
    for state in &found.states {
        let name = format!("state {} of {}", state.state, state.operator);
        if state.only_in != "both" {
            told.push(format!("{name} is in {} alone", state.only_in));
        }
        told.extend(state.schema.iter().map(|what| format!("{name}: {what}")));
    }
    let columns = [
        "operator",
        "state",
        "kind",
        "added",
        "changed",
        "removed",
        "same",
        "other access",
        "bytes A",
        "bytes B",
    ];
    let rows = found.states.iter().map(|state| {
        let counts = &state.counts;
        vec![
            state.operator.clone(),
            state.state.clone(),
            state.kind.clone(),
            units::count(counts.added),
            units::count(counts.changed),
            units::count(counts.removed),
            units::count(counts.same),
            match counts.other_access {
                0 => String::new(),
                count => units::count(count),
            },
            units::bytes(state.bytes_a),
            units::bytes(state.bytes_b),
        ]
    });
    told.push(output::table(&columns, &columns[3..], rows));
    told.extend(found.entries.as_deref().map(entries_table));
    told.push(if found.equal { "equal" } else { "different" }.to_owned());
    told.join("\n")
}

fn entries_table(entries: &[Difference]) -> String {
    let columns = [
        "",
        "operator",
        "state",
        "key group",
        "key",
        "namespace",
        "map key",
        "time",
        "from",
        "before",
        "after",
    ];
    let rows = entries.iter().map(|difference| {
        let sign = match difference.change {
            Change::Added => "+",
            Change::Changed => "~",
            Change::Removed => "-",
        };
        let json = |json: &Option<Box<RawValue>>| {
            json.as_ref()
                .map_or_else(String::new, |json| json.get().to_owned())
        };
        let of = |value: String, count: Option<u64>| match count {
            Some(count) => format!("{value} of {count}"),
            None => value,
        };
        let elements = difference.elements;
        vec![
            sign.to_owned(),
            difference.operator.clone(),
            difference.state.get().trim_matches('"').to_owned(),
            difference.key_group.to_string(),
            difference.key.get().to_owned(),
            json(&difference.namespace),
            json(&difference.map_key),
            difference.time.map_or_else(String::new, format_rfc3339),
            difference
                .index
                .map_or_else(String::new, |at| format!("[{at}]")),
            of(json(&difference.before), elements.map(|(a, _)| a)),
            of(json(&difference.after), elements.map(|(_, b)| b)),
        ]
    });
    output::table(&columns, &["key group"], rows)
}
