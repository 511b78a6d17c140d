//! An entry that differs between two checkpoints, as it is printed.

use alluvium_protocol::value::Value;
use serde::Serialize;

use crate::difference::{self, Change, shown};
use crate::output;
use crate::state::typed::{Entry, raw_option};
use crate::time::format_rfc3339;

/// An entry that differs.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) change: Change,
    /// Its key, and of a list the position of the first element that differs.
    #[serde(flatten)]
    pub(super) entry: Entry,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw_option")]
    pub(super) before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "raw_option")]
    pub(super) after: Option<Value>,
    /// When what was there expires, if it is not a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_after: Option<i64>,
    /// Of a list: its number of elements in A and in B.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) elements: Option<(u64, u64)>,
}

impl Difference {
    fn cells(&self) -> Vec<String> {
        let text =
            |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
        let time = |time: Option<i64>| time.map_or_else(String::new, format_rfc3339);
        let mut cells = vec![self.change.sign().to_owned()];
        // The state's name is the same in all, and the value is told before and after.
        cells.extend(self.entry.cells().into_iter().skip(1).take(5));
        let index = self.entry.index;
        cells.extend([
            index.map_or_else(String::new, |at| format!("[{at}]")),
            shown(text(&self.before), self.elements.map(|(a, _)| a)),
            shown(text(&self.after), self.elements.map(|(_, b)| b)),
            time(self.expires_before),
            time(self.expires_after),
        ]);
        cells
    }
}

impl difference::Entry for Difference {
    fn table(entries: &[Self]) -> String {
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
        output::table(&columns, &["key group"], entries.iter().map(Self::cells))
    }
}
