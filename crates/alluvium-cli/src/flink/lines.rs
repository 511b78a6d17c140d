//! Rows as JSON Lines: one of each value, list, map and timer.
//!
//! Invariant: lists and maps are written as they come, so that memory holds one element, whatever their size. The rows of one list or map
//! come one after the other.

use std::io::Write;

use alluvium_flink::metadata::OperatorId;
use alluvium_flink::scan::{Content, Place, Row};
use alluvium_flink::serializer::Stamped;
use alluvium_protocol::value::Value;
use anyhow::{Context as _, Result};

use super::described::kind;

/// Lines on their way.
pub(super) struct Lines<W> {
    to: W,
    /// Whether values with a time to live tell when they were accessed.
    timestamps: bool,
    /// Lines that were begun.
    pub(super) count: u64,
    open: Option<Open>,
}

/// A list or map that may go on.
struct Open {
    operator: OperatorId,
    state: String,
    key_group: u16,
    key: Value,
    namespace: Option<Value>,
    end: &'static str,
}

impl Open {
    fn goes_on(&self, place: &Place<'_>, row: &Row) -> bool {
        self.key == row.key
            && self.namespace == row.namespace
            && self.key_group == row.key_group
            && self.state == place.state.name
            && self.operator == place.operator.id
    }
}

impl<W: Write> Lines<W> {
    pub(super) const fn new(to: W, timestamps: bool) -> Self {
        Self {
            to,
            timestamps,
            count: 0,
            open: None,
        }
    }

    /// Writes a row, unless it begins a line beyond the limit: then returns false.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn push(
        &mut self,
        operator: &str,
        place: &Place<'_>,
        row: &Row,
        limit: Option<u64>,
    ) -> Result<bool> {
        let is_part = matches!(row.content, Content::Element(_) | Content::Entry { .. });
        let goes_on = |open: &Open| is_part && open.goes_on(place, row);
        let written = if self.open.as_ref().is_some_and(goes_on) {
            self.write(|to| to.write_all(b","))
        } else {
            self.end_line()?;
            if limit.is_some_and(|limit| self.count >= limit) {
                return Ok(false);
            }
            self.count += 1;
            self.head(operator, place, row)
        };
        written
            .and_then(|()| self.content(&row.content))
            .context("write a line")?;
        if !is_part {
            self.write(|to| to.write_all(b"}\n"))
                .context("write a line")?;
        }
        Ok(true)
    }

    /// Ends the last line, and gives back what was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(mut self) -> Result<W> {
        self.end_line()?;
        Ok(self.to)
    }

    fn end_line(&mut self) -> Result<()> {
        match self.open.take() {
            Some(open) => self
                .write(|to| to.write_all(open.end.as_bytes()))
                .context("write a line"),
            None => Ok(()),
        }
    }

    fn head(&mut self, operator: &str, place: &Place<'_>, row: &Row) -> std::io::Result<()> {
        let text = |text: &str| Value::Str(text.to_owned());
        let namespace = row.namespace.as_ref().unwrap_or(&Value::Null);
        write!(
            self.to,
            r#"{{"op":{},"state":{},"kind":"{}","kg":{},"key":{},"ns":{namespace}"#,
            text(operator),
            text(&place.state.name),
            kind(place.state),
            row.key_group,
            row.key,
        )?;
        if let Some(class) = place.state.opaque() {
            write!(self.to, r#","class":{}"#, text(class))?;
        }
        let (begin, end) = match row.content {
            Content::Element(_) => ("[", "]}\n"),
            Content::Entry { .. } => ("{", "}}\n"),
            _ => ("", ""),
        };
        if !end.is_empty() {
            self.open = Some(Open {
                operator: place.operator.id,
                state: place.state.name.clone(),
                key_group: row.key_group,
                key: row.key.clone(),
                namespace: row.namespace.clone(),
                end,
            });
        }
        write!(self.to, r#","value":{begin}"#)
    }

    fn content(&mut self, content: &Content) -> std::io::Result<()> {
        match content {
            Content::Value(stamped) | Content::Element(stamped) => self.stamped(stamped),
            Content::Entry { map_key, value } => {
                let mut name = map_key.to_string();
                // The names of JSON's objects are text.
                if !name.starts_with('"') {
                    name = Value::Str(name).to_string();
                }
                write!(self.to, "{name}:")?;
                self.stamped(value)
            }
            Content::Timer(time) => write!(self.to, "{time}"),
            Content::Bytes(bytes) => write!(self.to, "{}", Value::Bytes(bytes.clone())),
            other => write!(self.to, "{}", Value::Str(format!("{other:?}"))),
        }
    }

    fn stamped(&mut self, stamped: &Stamped) -> std::io::Result<()> {
        match stamped.timestamp.filter(|_| self.timestamps) {
            Some(accessed) => write!(
                self.to,
                r#"{{"value":{},"accessed":{accessed}}}"#,
                stamped.value
            ),
            None => write!(self.to, "{}", stamped.value),
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut W) -> std::io::Result<()>) -> std::io::Result<()> {
        write(&mut self.to)
    }
}
