//! An entry that differs between two snapshots of Flink, as it is printed.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::difference::{self, Change, shown};
use crate::output;
use crate::time::format_rfc3339;

/// An entry that differs.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) change: Change,
    pub(super) operator: String,
    pub(super) state: Box<RawValue>,
    pub(super) key_group: u16,
    pub(super) key: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) map_key: Option<Box<RawValue>>,
    /// Of a list: the position of the first element that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Box<RawValue>>,
    /// Of a list: its number of elements in A and in B.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) elements: Option<(u64, u64)>,
}

impl Difference {
    fn cells(&self) -> Vec<String> {
        let json = |json: &Option<Box<RawValue>>| {
            json.as_ref()
                .map_or_else(String::new, |json| json.get().to_owned())
        };
        vec![
            self.change.sign().to_owned(),
            self.operator.clone(),
            self.state.get().trim_matches('"').to_owned(),
            self.key_group.to_string(),
            self.key.get().to_owned(),
            json(&self.namespace),
            json(&self.map_key),
            self.time.map_or_else(String::new, format_rfc3339),
            self.index.map_or_else(String::new, |at| format!("[{at}]")),
            shown(json(&self.before), self.elements.map(|(a, _)| a)),
            shown(json(&self.after), self.elements.map(|(_, b)| b)),
        ]
    }
}

impl difference::Entry for Difference {
    fn table(entries: &[Self]) -> String {
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
        output::table(&columns, &["key group"], entries.iter().map(Self::cells))
    }
}
