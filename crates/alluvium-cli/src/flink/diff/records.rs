//! Rows as records that sort: an address that is the same in every backend, and what is there.
//!
//! ```text
//! address   state:json 0 keyGroup:u16 key:json 0 namespace:json 0 kind:u8 part
//! part      value: nothing; element: index:u64; entry of a map: its key, as JSON; timer: its time, in order
//! content   accessed:i64 (the least if it is not known) value:json
//! ```
//!
//! JSON here has no zero bytes.

use alluvium_flink::scan::{Content, Place, Row};
use alluvium_protocol::value::Value;
use anyhow::{Context as _, Result};

use super::super::entries::Entries;
use super::sort::Record;
use crate::state::typed::Entry;

const VALUE: u8 = 1;
const ELEMENT: u8 = 2;
const ENTRY: u8 = 3;
const TIMER: u8 = 4;

/// The record of a row.
pub(super) fn record(entries: &mut Entries, place: &Place<'_>, row: &Row) -> Record {
    let entry = entries.entry("", place, row);
    (address(&entry, &row.content), content(&entry))
}

fn address(entry: &Entry, content: &Content) -> Vec<u8> {
    let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
    let mut address = Value::Str(entry.state.clone()).to_string().into_bytes();
    address.push(0);
    address.extend_from_slice(&entry.key_group.to_be_bytes());
    address.extend_from_slice(entry.key.to_string().as_bytes());
    address.push(0);
    address.extend_from_slice(text(&entry.namespace).as_bytes());
    address.push(0);
    match content {
        Content::Element(_) => {
            address.push(ELEMENT);
            let index = entry.index.unwrap_or(0);
            address.extend_from_slice(&index.to_be_bytes());
        }
        Content::Entry { map_key, .. } => {
            address.push(ENTRY);
            address.extend_from_slice(map_key.to_string().as_bytes());
        }
        Content::Timer(time) => {
            address.push(TIMER);
            address.extend_from_slice(&(time ^ i64::MIN).to_be_bytes());
        }
        _ => address.push(VALUE),
    }
    address
}

fn content(entry: &Entry) -> Vec<u8> {
    let mut content = entry.accessed.unwrap_or(i64::MIN).to_be_bytes().to_vec();
    if let Some(value) = &entry.value {
        content.extend_from_slice(value.to_string().as_bytes());
    }
    content
}

/// A record, taken apart. All texts are JSON; empty ones are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) state: String,
    pub(super) key_group: u16,
    pub(super) key: String,
    pub(super) namespace: String,
    pub(super) map_key: String,
    pub(super) index: Option<u64>,
    pub(super) time: Option<i64>,
    pub(super) accessed: i64,
    pub(super) value: String,
}

impl Parts {
    /// Takes a record apart.
    ///
    /// # Errors
    /// When it is none, which is a defect.
    pub(super) fn of((address, content): &Record) -> Result<Self> {
        Self::read(address, content).context("a record of a sorted row")
    }

    fn read(address: &[u8], content: &[u8]) -> Option<Self> {
        let (state, rest) = until_zero(address)?;
        let (group, rest) = rest.split_first_chunk::<2>()?;
        let (key, rest) = until_zero(rest)?;
        let (namespace, rest) = until_zero(rest)?;
        let (kind, part) = rest.split_first()?;
        let (accessed, value) = content.split_first_chunk::<8>()?;
        let number = || part.first_chunk::<8>().copied();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(Self {
            state: text(state)?,
            key_group: u16::from_be_bytes(*group),
            key: text(key)?,
            namespace: text(namespace)?,
            map_key: if *kind == ENTRY {
                text(part)?
            } else {
                String::new()
            },
            index: match *kind {
                ELEMENT => Some(u64::from_be_bytes(number()?)),
                _ => None,
            },
            time: match *kind {
                TIMER => Some(i64::from_be_bytes(number()?) ^ i64::MIN),
                _ => None,
            },
            accessed: i64::from_be_bytes(*accessed),
            value: text(value)?,
        })
    }

    /// Whether both are of one entry: elements of one list are.
    pub(super) fn is_of_one_entry(&self, other: &Self) -> bool {
        self.state == other.state
            && self.key_group == other.key_group
            && self.key == other.key
            && self.namespace == other.namespace
            && self.map_key == other.map_key
            && self.time == other.time
            && self.index.is_some() == other.index.is_some()
    }
}

fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    let (before, rest) = bytes.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}
