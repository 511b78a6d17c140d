//! The rows of a scan as the lines that Flink's own backends told: one of each value, list, map and timer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use alluvium_flink::files::Remap;
use alluvium_flink::keyed::StateKind;
use alluvium_flink::metadata::{KeyedHandle, Operator, OperatorId, StreamHandle};
use alluvium_flink::scan::{Content, Place, Report, Row, Selection, State, scan};
use alluvium_flink::{Result, Snapshot};
use alluvium_protocol::value::Value;

use crate::snapshots;

/// Opens a folder of `data/flink`. Absolute names of files are those of where Flink wrote them.
pub(crate) fn open(folder: &Path) -> Snapshot {
    let location = folder.to_str().unwrap();
    let moved = Snapshot::open(location, &[]).unwrap();
    let states = moved.operators().iter().flat_map(Operator::subtasks);
    let states = states.filter_map(|subtask| subtask.state.as_ref());
    let handles = states.flat_map(|state| [&state.keyed_managed, &state.keyed_raw]);
    let mut remaps = BTreeMap::new();
    for part in handles.flatten().flat_map(KeyedHandle::parts) {
        if let StreamHandle::File { uri, .. } | StreamHandle::Segment { uri, .. } = part.stream {
            let (from, name) = uri.rsplit_once('/').unwrap();
            let near = [
                ".",
                "..",
                "shared",
                "../shared",
                "taskowned",
                "../taskowned",
            ];
            // Merged files are in a folder for each operator's subtask or task manager.
            let (_, owner) = from.rsplit_once('/').unwrap();
            let owned = ["../shared", "../taskowned"].map(|near| folder.join(near).join(owner));
            let near = near.into_iter().map(|near| folder.join(near)).chain(owned);
            let to = near.into_iter().find(|near| near.join(name).exists());
            remaps.insert(from.to_owned(), to.unwrap_or_else(|| panic!("{uri}")));
        }
    }
    let remaps = remaps.iter();
    let remaps: Vec<Remap> = remaps
        .map(|(from, to)| Remap::new(from, to.to_str().unwrap()).unwrap())
        .collect();
    Snapshot::open(location, &remaps).unwrap()
}

/// Rows that belong together, and then their line.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Vec<String>,
    head: String,
    parts: Vec<Content>,
    /// Of operators, which old snapshots do not hold.
    uids: Vec<String>,
}

impl Lines {
    pub(crate) fn row(&mut self, place: &Place<'_>, row: &Row) {
        let operator = place.operator;
        let mut uids = self.uids.iter();
        let uid = uids.find(|uid| OperatorId::of_uid(uid) == operator.id);
        let label = uid.cloned().unwrap_or_else(|| operator.label());
        let head = head(&label, place.state, row);
        let goes_on = matches!(row.content, Content::Element(_) | Content::Entry { .. });
        if !goes_on || head != self.head {
            self.flush();
        }
        self.head = head;
        self.parts.push(row.content.clone());
    }

    fn flush(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        let value = match parts.first() {
            None => return,
            Some(Content::Value(stamped)) => stamped.value.to_string(),
            Some(Content::Timer(time)) => time.to_string(),
            Some(Content::Bytes(bytes)) => Value::Bytes(bytes.clone()).to_string(),
            Some(Content::Element(_)) => {
                let elements = parts.into_iter().map(|part| match part {
                    Content::Element(stamped) => stamped.value,
                    other => panic!("{other:?}"),
                });
                Value::Seq(elements.collect()).to_string()
            }
            Some(_) => {
                let entries = parts.into_iter().map(|part| match part {
                    Content::Entry { map_key, value } => (map_key, value.value),
                    other => panic!("{other:?}"),
                });
                Value::Map(entries.collect()).to_string()
            }
        };
        self.lines
            .push(format!("{},\"value\":{value}}}", self.head));
    }

    pub(crate) fn sorted(mut self) -> Vec<String> {
        self.flush();
        let mut lines: Vec<String> = self.lines.iter().map(|line| normal(line)).collect();
        lines.sort();
        lines
    }
}

fn head(operator: &str, state: &State, row: &Row) -> String {
    let mut head = String::new();
    let text = |text: &str| Value::Str(text.to_owned());
    let namespace = row.namespace.as_ref().unwrap_or(&Value::Null);
    write!(
        head,
        "{{\"op\":{},\"state\":{},\"kind\":\"{}\",\"kg\":{},\"key\":{},\"ns\":{namespace}",
        text(operator),
        text(&state.name),
        kind(state),
        row.key_group,
        row.key,
    )
    .unwrap();
    head
}

fn kind(state: &State) -> &'static str {
    match (state.kind, state.has_ttl()) {
        (StateKind::Value, false) => "value",
        (StateKind::Value, true) => "ttl-value",
        (StateKind::List, false) => "list",
        (StateKind::List, true) => "ttl-list",
        (StateKind::Map, false) => "map",
        (StateKind::Map, true) => "ttl-map",
        (StateKind::Reducing, _) => "reducing",
        (StateKind::Aggregating, _) => "aggregating-acc",
        (StateKind::PriorityQueue, _) => "timer",
        _ => "unknown",
    }
}

/// The lines of a selection, and the report. `uids` are those that the snapshot may not hold.
pub(crate) fn scanned(
    snapshot: &Snapshot,
    selection: &Selection,
    uids: &[String],
) -> (Vec<String>, Report) {
    let mut lines = Lines {
        uids: uids.to_vec(),
        ..Lines::default()
    };
    let mut row = |place: &Place<'_>, row: &Row| -> Result<ControlFlow<()>> {
        lines.row(place, row);
        Ok(ControlFlow::Continue(()))
    };
    let report = scan(snapshot, selection, &mut row).unwrap();
    (lines.sorted(), report)
}

/// The lines of a selection, and the report; an error where there is no telling what to scan.
pub(crate) fn try_scanned(
    snapshot: &Snapshot,
    selection: &Selection,
) -> Result<(Vec<String>, Report)> {
    let mut lines = Lines::default();
    let mut row = |place: &Place<'_>, row: &Row| -> Result<ControlFlow<()>> {
        lines.row(place, row);
        Ok(ControlFlow::Continue(()))
    };
    let report = scan(snapshot, selection, &mut row)?;
    Ok((lines.sorted(), report))
}

/// The lines that Flink told, sorted, and the uids in them.
pub(crate) fn expected(path: &Path) -> (Vec<String>, Vec<String>) {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let mut lines: Vec<String> = text.lines().map(normal).collect();
    lines.sort();
    let uid = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["op"].as_str().unwrap().to_owned()
    };
    let mut uids: Vec<String> = lines.iter().map(uid).collect();
    uids.dedup();
    (lines, uids)
}

/// The same JSON, written one way: there are several ways to write a character and the entries of an object.
fn normal(line: &str) -> String {
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    let is_table = line["op"] == "table-rows";
    as_flink_prints(&mut line, is_table);
    // Flink's lines have these as `toString()` prints them: by Julius Caesar's calendar before 1582.
    let text = line["value"].as_str().map(str::to_owned);
    match (line["state"].as_str(), text) {
        (Some("sql-date" | "sql-timestamp"), Some(time)) if *time < *"1582" => {
            let time = time.get(10..).unwrap_or_default();
            line["value"] = time.trim_matches([' ', 'T', 'Z']).into();
        }
        (Some("sql-date"), Some(date)) => line["value"] = date.get(..10).unwrap().into(),
        (Some("sql-timestamp"), Some(time)) => {
            line["value"] = time.replace('T', " ").trim_end_matches('Z').into();
        }
        _ => {}
    }
    line.to_string()
}

/// Lines of a real Flink, as [`expected`] has them.
pub(crate) fn normalized(lines: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(|line| normal(line)).collect();
    lines.sort();
    lines
}

/// The columns of the rows in `Tables.java`: snapshots have their types, and no names.
const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "price",
    "total",
    "at",
    "precisely",
    "ok",
    "score",
    "day",
    "raw",
    "numbers",
    "counts",
    "inner",
];

/// The columns of the keys there.
const KEY_COLUMNS: [&str; 2] = ["user_id", "region"];

fn normal_in_table(key: &str) -> String {
    let mut key: serde_json::Value = serde_json::from_str(key).unwrap();
    as_flink_prints(&mut key, true);
    // As Flink's lines have them: in the order of the columns.
    let columns = KEY_COLUMNS.map(|name| format!("\"{name}\":{}", key[name]));
    format!("{{{}}}", columns.join(","))
}

/// Names of columns are added where there are some, and kinds of rows left out.
fn as_flink_prints(json: &mut serde_json::Value, is_table: bool) {
    match json {
        serde_json::Value::Array(parts) => {
            for part in parts.iter_mut() {
                as_flink_prints(part, is_table);
            }
            let columns: &[&str] = match parts.len() {
                2 => &KEY_COLUMNS,
                13 => &COLUMNS,
                _ => &[],
            };
            if is_table && !columns.is_empty() {
                let names = columns.iter().map(|name| (*name).to_owned());
                *json = names.zip(std::mem::take(parts)).collect();
            }
        }
        serde_json::Value::Object(fields) => {
            for field in fields.values_mut() {
                as_flink_prints(field, is_table);
            }
            if is_table {
                // Keys of maps that are rows.
                let rows = std::mem::take(fields).into_iter();
                fields.extend(rows.map(|(key, value)| {
                    let is_row = key.starts_with('[');
                    (if is_row { normal_in_table(&key) } else { key }, value)
                }));
            }
            for kind in ["UPDATE_BEFORE", "UPDATE_AFTER", "DELETE"] {
                if let Some(row) = fields.remove(kind) {
                    *json = row;
                    return;
                }
            }
        }
        _ => {}
    }
}

/// The file with the lines of a snapshot.
pub(crate) fn expected_of(folder: &Path) -> PathBuf {
    let beside = folder.ancestors().map(|folder| {
        let mut beside = folder.as_os_str().to_owned();
        beside.push(".jsonl.gz");
        PathBuf::from(beside)
    });
    if let Some(beside) = beside.into_iter().find(|beside| beside.exists()) {
        return beside;
    }
    let is_small = folder
        .components()
        .any(|part| part.as_os_str() == "hashmap");
    snapshots::data().join(if is_small {
        "expected-200x4.jsonl.gz"
    } else {
        "expected-800x4.jsonl.gz"
    })
}
