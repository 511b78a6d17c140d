//! `alluvium flink states`: which keyed states a snapshot has, of which types, and how much.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use alluvium_flink::metadata;
use alluvium_flink::scan::{self, Count, Place, Row};
use anyhow::Result;
use serde::Serialize;

use super::described::{kind, namespace_type, value_type};
use super::opened::{Opened, Take, ended};
use crate::args::FlinkStatesOptions;
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Serialize)]
struct Described {
    snapshot: String,
    operators: Vec<Operator>,
}

#[derive(Debug, Serialize)]
struct Operator {
    operator: String,
    id: String,
    name: Option<String>,
    max_parallelism: u16,
    /// As the metadata names it.
    #[serde(skip)]
    label: String,
    states: Vec<State>,
}

#[derive(Debug, PartialEq, Serialize)]
struct State {
    state: String,
    kind: &'static str,
    ttl: bool,
    key: String,
    namespace: Option<String>,
    /// None of timers.
    value: Option<String>,
    /// The first class that cannot be read: what is of it is shown as bytes.
    unknown_class: Option<String>,
    /// Elements and entries each count.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    /// Of keys and values, decompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// Prints the states.
///
/// # Errors
/// When there is no snapshot, it has no such operator or state, or Ctrl-C was pressed.
pub(super) fn run(options: &FlinkStatesOptions) -> Result<Exit> {
    let opened = Opened::open(&options.place, &options.rows)?;
    let selection = options.rows.selection(None);
    let mut found = Found {
        opened: &opened,
        operators: Vec::new(),
    };
    let report = if options.count {
        opened.rows(&selection, true, &mut found)?
    } else {
        let (described, report) = scan::describe(opened.snapshot(), &selection)?;
        for part in &described {
            found.states(part.operator, &part.states)?;
        }
        for problem in &report.problems {
            output::note(&format!("problem: {problem}"));
        }
        report
    };
    let mut described = Described {
        snapshot: opened.folder(),
        operators: found.operators,
    };
    if options.count {
        count(&mut described.operators, &report.counts);
    }
    match options.output {
        Format::Json => output::json(&described)?,
        Format::Table => output::text(&told(&described))?,
    }
    Ok(ended(&report))
}

struct Found<'o> {
    opened: &'o Opened,
    operators: Vec<Operator>,
}

impl Take for Found<'_> {
    fn states(&mut self, operator: &metadata::Operator, states: &[scan::State]) -> Result<()> {
        let id = operator.id.to_string();
        let at = self.operators.iter().position(|known| known.id == id);
        let at = at.unwrap_or_else(|| {
            self.operators.push(Operator {
                operator: self.opened.label(operator),
                id,
                name: operator.name.clone(),
                max_parallelism: operator.max_parallelism.get(),
                label: operator.label(),
                states: Vec::new(),
            });
            self.operators.len() - 1
        });
        let Some(known) = self.operators.get_mut(at) else {
            return Ok(());
        };
        for state in states.iter().map(State::of) {
            // Subtasks describe the same states, unless some have not met them.
            if !known.states.contains(&state) {
                known.states.push(state);
            }
        }
        known.states.sort_by(|a, b| a.state.cmp(&b.state));
        Ok(())
    }

    fn row(&mut self, _: &Place<'_>, _: &Row) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }
}

impl State {
    fn of(state: &scan::State) -> Self {
        Self {
            state: state.name.clone(),
            kind: kind(state),
            ttl: state.has_ttl(),
            key: state.key.to_string(),
            namespace: namespace_type(state),
            value: state.value.as_ref().map(|_| value_type(state)),
            unknown_class: state.opaque().map(str::to_owned),
            rows: None,
            bytes: None,
        }
    }
}

/// Puts counts to the states; of one that is described twice, to the first.
fn count(operators: &mut [Operator], counts: &BTreeMap<(String, String), Count>) {
    for operator in operators {
        let mut counted = None;
        for state in &mut operator.states {
            let about = (operator.label.clone(), state.state.clone());
            if counted.as_ref() == Some(&about) {
                continue;
            }
            let count = counts.get(&about).copied().unwrap_or_default();
            (state.rows, state.bytes) = (Some(count.rows), Some(count.bytes));
            counted = Some(about);
        }
    }
}

fn told(described: &Described) -> String {
    let columns = [
        "operator",
        "state",
        "kind",
        "key",
        "namespace",
        "value",
        "rows",
        "bytes",
    ];
    let rows = described.operators.iter().flat_map(|operator| {
        operator.states.iter().map(|state| {
            vec![
                operator.operator.clone(),
                state.state.clone(),
                state.kind.to_owned(),
                state.key.clone(),
                state.namespace.clone().unwrap_or_default(),
                state.value.clone().unwrap_or_default(),
                state.rows.map_or_else(String::new, units::count),
                state.bytes.map_or_else(String::new, units::bytes),
            ]
        })
    });
    let table = output::table(&columns, &["rows", "bytes"], rows);
    format!("{}\n{table}", described.snapshot)
}
