//! Rows as JSON Lines: one of each value, list, map and timer.
//!
//! Invariant: lists and maps are written as they come, so that memory holds a few of their elements, whatever their size. The rows of one
//! list or map come one after the other.
//!
//! Millions of rows a second pass here: lines are collected as text, and what repeats from line to line is kept.

use std::fmt::Write as _;
use std::io::Write;

use alluvium_flink::metadata::OperatorId;
use alluvium_flink::scan::{Content, Place, Row};
use alluvium_flink::serializer::Stamped;
use alluvium_protocol::value::{Value, append_json_text};
use anyhow::{Context as _, Result};

use super::described::kind;

/// How much text is collected before it is written.
const COLLECTED_BYTES: usize = 32 << 10;

/// Lines on their way.
pub(super) struct Lines<W> {
    to: W,
    /// What was not written yet.
    text: String,
    /// Whether values with a time to live tell when they were accessed.
    timestamps: bool,
    /// Lines that were begun.
    pub(super) count: u64,
    head: Option<Head>,
    open: Option<Open>,
}

/// How lines of one state begin.
struct Head {
    operator: OperatorId,
    state: String,
    /// Up to the key group.
    begin: String,
    /// Between the namespace and the value: its class, if values cannot be read.
    class: String,
}

impl Head {
    fn of(operator: &str, place: &Place<'_>) -> Self {
        let mut begin = r#"{"op":"#.to_owned();
        append_json_text(operator, &mut begin);
        begin.push_str(r#","state":"#);
        append_json_text(&place.state.name, &mut begin);
        begin.push_str(r#","kind":""#);
        begin.push_str(kind(place.state));
        begin.push_str(r#"","kg":"#);
        let mut class = String::new();
        if let Some(name) = place.state.opaque() {
            class.push_str(r#","class":"#);
            append_json_text(name, &mut class);
        }
        Self {
            operator: place.operator.id,
            state: place.state.name.clone(),
            begin,
            class,
        }
    }

    fn is_of(&self, place: &Place<'_>) -> bool {
        self.operator == place.operator.id && self.state == place.state.name
    }
}

/// A list or map of the state at hand that may go on.
struct Open {
    key_group: u16,
    key: Value,
    namespace: Option<Value>,
    end: &'static str,
}

impl Open {
    fn goes_on(&self, row: &Row) -> bool {
        self.key == row.key && self.namespace == row.namespace && self.key_group == row.key_group
    }
}

impl<W: Write> Lines<W> {
    pub(super) const fn new(to: W, timestamps: bool) -> Self {
        Self {
            to,
            text: String::new(),
            timestamps,
            count: 0,
            head: None,
            open: None,
        }
    }

    /// Writes a row, unless it begins a line beyond the limit: then returns false. The operator is called what `label` says.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn push(
        &mut self,
        label: impl FnOnce() -> String,
        place: &Place<'_>,
        row: &Row,
        limit: Option<u64>,
    ) -> Result<bool> {
        let is_part = matches!(row.content, Content::Element(_) | Content::Entry { .. });
        let is_same_state = self.head.as_ref().is_some_and(|head| head.is_of(place));
        let goes_on = |open: &Open| is_part && is_same_state && open.goes_on(row);
        if self.open.as_ref().is_some_and(goes_on) {
            self.text.push(',');
        } else {
            self.end_line();
            if limit.is_some_and(|limit| self.count >= limit) {
                return Ok(false);
            }
            self.count += 1;
            if !is_same_state {
                self.head = Some(Head::of(&label(), place));
            }
            self.begin_line(row)?;
        }
        self.content(&row.content)?;
        if !is_part {
            self.text.push_str("}\n");
        }
        if self.text.len() >= COLLECTED_BYTES {
            self.write()?;
        }
        Ok(true)
    }

    /// Ends the last line, and gives back what was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(mut self) -> Result<W> {
        self.end_line();
        self.write()?;
        Ok(self.to)
    }

    fn write(&mut self) -> Result<()> {
        let written = self.to.write_all(self.text.as_bytes());
        self.text.clear();
        written.context("write lines")
    }

    fn end_line(&mut self) {
        if let Some(open) = self.open.take() {
            self.text.push_str(open.end);
        }
    }

    fn begin_line(&mut self, row: &Row) -> std::fmt::Result {
        let Some(head) = &self.head else {
            return Ok(());
        };
        let text = &mut self.text;
        text.push_str(&head.begin);
        write!(text, "{}", row.key_group)?;
        text.push_str(r#","key":"#);
        row.key.append_json(text);
        text.push_str(r#","ns":"#);
        row.namespace
            .as_ref()
            .unwrap_or(&Value::Null)
            .append_json(text);
        text.push_str(&head.class);
        let (begin, end) = match row.content {
            Content::Element(_) => ("[", "]}\n"),
            Content::Entry { .. } => ("{", "}}\n"),
            _ => ("", ""),
        };
        if !end.is_empty() {
            self.open = Some(Open {
                key_group: row.key_group,
                key: row.key.clone(),
                namespace: row.namespace.clone(),
                end,
            });
        }
        text.push_str(r#","value":"#);
        text.push_str(begin);
        Ok(())
    }

    fn content(&mut self, content: &Content) -> std::fmt::Result {
        match content {
            Content::Value(stamped) | Content::Element(stamped) => self.stamped(stamped),
            Content::Entry { map_key, value } => {
                map_key.append_json_key(&mut self.text);
                self.text.push(':');
                self.stamped(value)
            }
            Content::Timer(time) => write!(self.text, "{time}"),
            Content::Bytes(bytes) => {
                Value::Bytes(bytes.clone()).append_json(&mut self.text);
                Ok(())
            }
            other => {
                append_json_text(&format!("{other:?}"), &mut self.text);
                Ok(())
            }
        }
    }

    fn stamped(&mut self, stamped: &Stamped) -> std::fmt::Result {
        match stamped.timestamp.filter(|_| self.timestamps) {
            Some(accessed) => {
                self.text.push_str(r#"{"value":"#);
                stamped.value.append_json(&mut self.text);
                write!(self.text, r#","accessed":{accessed}}}"#)
            }
            None => {
                stamped.value.append_json(&mut self.text);
                Ok(())
            }
        }
    }
}
