//! What two snapshots that are compared have not in common: the terms in which all commands that compare tell it.
//!
//! Does not know what is compared, nor how (`checkpoints::diff`, `flink::diff`); how it is printed is in `told`.

mod told;

use anyhow::Result;
use serde::Serialize;

use crate::units;

pub(crate) use told::{Differences, Entry, ReadEnough, State, Telling};

/// Elements that are shown of a list that differs, from the first that does: 10, a line of a terminal.
pub(crate) const ELEMENTS_SHOWN_MAX: usize = 10;

/// Is given each entry that differs, if the comparison is to tell them.
pub(crate) type Tell<'t, D> = dyn FnMut(D) -> Result<()> + 't;

/// What became of an entry between A and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Added,
    Changed,
    Removed,
}

impl Change {
    /// As it stands before the line of an entry.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Changed => "~",
            Self::Removed => "-",
        }
    }
}

/// How the entries of one state differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) added: u64,
    pub(crate) changed: u64,
    pub(crate) removed: u64,
    pub(crate) same: u64,
}

impl Counts {
    /// The columns of a table that has [`Self::cells`].
    pub(crate) const COLUMNS: [&'static str; 4] = ["added", "changed", "removed", "same"];

    pub(crate) const fn count(&mut self, change: Change) {
        match change {
            Change::Added => self.added += 1,
            Change::Changed => self.changed += 1,
            Change::Removed => self.removed += 1,
        }
    }

    pub(crate) const fn differ(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }

    pub(crate) fn cells(&self) -> [String; 4] {
        [self.added, self.changed, self.removed, self.same].map(units::count)
    }
}

/// What can be said of a state before its rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Declared {
    /// `both`, `A` or `B`.
    only_in: &'static str,
    /// How the types differ.
    schema: Vec<String>,
}

impl Declared {
    /// Of what each of the two has, and how that differs.
    pub(crate) const fn new<T>(a: Option<&T>, b: Option<&T>, schema: Vec<String>) -> Self {
        let only_in = match (a, b) {
            (Some(_), None) => "A",
            (None, Some(_)) => "B",
            _ => "both",
        };
        Self { only_in, schema }
    }

    fn differ(&self) -> bool {
        self.only_in != "both" || !self.schema.is_empty()
    }

    /// Lines on a state of this name.
    fn lines(&self, state: &str) -> Vec<String> {
        let alone =
            (self.only_in != "both").then(|| format!("{state} is in {} alone", self.only_in));
        let schema = self.schema.iter().map(|what| format!("{state}: {what}"));
        alone.into_iter().chain(schema).collect()
    }
}

/// What a table shows of one side of an entry: the value, or of a list the elements from the first that differs on, and how many
/// there are. A list that is not there has none.
pub(crate) fn shown(value: String, elements: Option<u64>) -> String {
    match elements {
        None => value,
        Some(0) => String::new(),
        Some(count) => format!("{value} of {}", units::count(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_not_there_is_shown_as_nothing() {
        assert_eq!(shown(String::new(), Some(0)), "");
        assert_eq!(shown("[]".to_owned(), Some(2)), "[] of 2");
        assert_eq!(shown("7".to_owned(), None), "7");
    }

    #[test]
    fn a_state_of_one_side_or_of_other_types_differs_and_is_told() {
        let same = Declared::new(Some(&1), Some(&2), Vec::new());
        let gone = Declared::new(Some(&1), None, Vec::new());
        let wider = Declared::new(Some(&1), Some(&2), vec!["u8 in A, u16 in B".to_owned()]);

        assert!(!same.differ() && gone.differ() && wider.differ());
        assert!(same.lines("state x").is_empty());
        assert_eq!(gone.lines("state x"), ["state x is in A alone"]);
        assert_eq!(wider.lines("state x"), ["state x: u8 in A, u16 in B"]);
    }
}
