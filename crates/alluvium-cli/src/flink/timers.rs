//! `alluvium flink timers`: which timers a snapshot holds, how many are due when, and the ones due first.
//!
//! Invariant: memory holds as many timers as are listed, and a count for each state, however many timers there are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use alluvium_flink::keyed::StateKind;
use alluvium_flink::metadata;
use alluvium_flink::scan::{self, Content, Place, Row};
use anyhow::Result;
use serde::Serialize;

use super::described::namespace_type;
use super::entries::Entries;
use super::opened::{Opened, Take, ended};
use crate::args::FlinkTimersOptions;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::state::typed::Entry;
use crate::timers::{Counted, State, tables};

#[derive(Debug, Serialize)]
struct Found {
    snapshot: String,
    states: Vec<State>,
    /// Whether there were more timers than the limit.
    more: bool,
    /// Those due first, in the order in which they are due.
    timers: Vec<Entry>,
}

/// Prints the timers. Ends with [`Exit::Problem`] if some cannot be read.
///
/// # Errors
/// When there is no snapshot, it has no such operator or state, the state holds no timers, or Ctrl-C was pressed.
pub(super) fn run(options: &FlinkTimersOptions) -> Result<Exit> {
    let opened = Opened::open(&options.place, &options.rows)?;
    let mut selection = options.rows.selection(options.key.as_deref());
    let (described, report) = scan::describe(opened.snapshot(), &selection)?;
    let states = described.iter().flat_map(|part| &part.states);
    if let Some(other) = states
        .clone()
        .find(|state| state.kind != StateKind::PriorityQueue && !options.rows.state.is_empty())
    {
        return Err(Failure::usage(format!(
            "state `{}` holds no timers: see `alluvium flink states`",
            other.name
        )));
    }
    let is_timers = |state: &&scan::State| state.kind == StateKind::PriorityQueue;
    let names: Vec<String> = states
        .filter(is_timers)
        .map(|state| state.name.clone())
        .collect();
    // What is stored apart from the backend is not described, and found by reading. What cannot be described is told by reading.
    let is_all_described = !opened.has_raw_timers() && report.is_clean();
    let has_none = is_all_described && names.is_empty() && options.rows.state.is_empty();
    if selection.states.is_empty() && is_all_described {
        selection.states = names;
        selection.states.sort();
        selection.states.dedup();
    }
    let mut due = Due {
        opened: &opened,
        before: options.before,
        limit: options.limit,
        states: BTreeMap::new(),
        timers: BTreeMap::new(),
        entries: Entries::default(),
        number: 0,
    };
    let exit = if has_none {
        Exit::Done
    } else {
        ended(&opened.rows(&selection, true, &mut due)?)
    };
    let counted: u64 = due
        .states
        .values()
        .map(|(counted, _)| counted.timers())
        .sum();
    let states = due
        .states
        .iter()
        .map(|((operator, state), (counted, namespace))| {
            let kind = kind(state);
            counted.summary(Some(operator.clone()), state, kind, namespace.clone())
        });
    let found = Found {
        snapshot: opened.folder(),
        states: states.collect(),
        more: counted > due.timers.len() as u64,
        timers: due.timers.into_values().collect(),
    };
    match options.output {
        Format::Json => output::json(&found)?,
        Format::Table => {
            let tables = tables(&found.states, &found.timers);
            output::text(&format!("{}\n{tables}", found.snapshot))?;
            if found.more {
                output::note("there are more timers: raise --limit to see them");
            }
        }
    }
    Ok(exit)
}

/// By the names that Flink gives to the states of its timer services.
fn kind(state: &str) -> &'static str {
    if state.starts_with("_timer_state/event_") {
        "event-time timers"
    } else if state.starts_with("_timer_state/processing_") {
        "processing-time timers"
    } else {
        "timers"
    }
}

struct Due<'o> {
    opened: &'o Opened,
    before: Option<i64>,
    limit: usize,
    /// By operator and state; and the type of namespaces.
    states: BTreeMap<(String, String), (Counted, String)>,
    /// By time and order.
    timers: BTreeMap<(i64, u64), Entry>,
    entries: Entries,
    number: u64,
}

impl Take for Due<'_> {
    fn states(&mut self, operator: &metadata::Operator, states: &[scan::State]) -> Result<()> {
        for state in states {
            if state.kind == StateKind::PriorityQueue {
                let about = (self.opened.label(operator), state.name.clone());
                let namespace = namespace_type(state).unwrap_or_default();
                let known = self.states.entry(about);
                known.or_insert_with(|| (Counted::new(), namespace));
            }
        }
        Ok(())
    }

    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>> {
        let Content::Timer(time) = row.content else {
            return Ok(ControlFlow::Continue(()));
        };
        if self.before.is_some_and(|before| time >= before) {
            return Ok(ControlFlow::Continue(()));
        }
        let label = self.opened.label(place.operator);
        if let Some((counted, _)) = self
            .states
            .get_mut(&(label.clone(), place.state.name.clone()))
        {
            counted.add(time);
        }
        let last = self.timers.last_key_value();
        let is_early = last.is_some_and(|((last, _), _)| time < *last);
        if self.timers.len() < self.limit || is_early {
            let entry = self.entries.entry(&label, place, row);
            self.timers.insert((time, self.number), entry);
            self.number += 1;
        }
        if self.timers.len() > self.limit {
            self.timers.pop_last();
        }
        Ok(ControlFlow::Continue(()))
    }
}
