//! One side of a comparison: the rows of an operator, sorted, and what is known of its states.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use alluvium_flink::metadata;
use alluvium_flink::scan::{self, Count, Place, Row, Selection};
use anyhow::Result;

use super::super::described::{kind, namespace_type, value_type};
use super::super::entries::Entries;
use super::super::opened::{Opened, Take, check_whole};
use super::records;
use super::sort::{Sorted, Sorter};
use crate::args::FlinkDiffOptions;

/// What one side has of an operator.
pub(super) struct Side {
    pub(super) sorted: Sorted,
    pub(super) states: BTreeMap<String, Known>,
    pub(super) counts: BTreeMap<String, Count>,
}

/// A state's kind and types.
#[derive(Clone, PartialEq)]
pub(super) struct Known {
    pub(super) kind: &'static str,
    pub(super) types: String,
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

/// Sorts the rows of an operator that one of the two has.
///
/// # Errors
/// When not all of it can be read, a temporary file cannot be written, or Ctrl-C was pressed.
pub(super) fn sorted(
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
