//! Entries become rows: pairs of canonical sections and of RocksDB, and entries of heaps.
//!
//! ```text
//! pair     composite key (`keyed::composite`), and by kind: value; elements with ',' between them; null:bool value
//! heap     namespace, key, value, each as its serializer writes it: lists and maps whole
//! ```
//!
//! A null in a map is followed by nothing, or by a null's bytes, which are ignored.

use super::row::Content;
use super::sink::{Bytes, Sink, whole};
use super::state::State;
use super::visit::Step;
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::keyed::StateKind;
use crate::serializer::{Kind, Serializer, Simple, Stamped};

/// Between two elements of a list.
const DELIMITER: u8 = b',';

/// The largest maximum parallelism whose key groups are one byte.
const NARROW_MAX: u16 = 128;

/// Bytes of a key group at the beginning of a composite key.
pub(super) const fn group_width(max_parallelism: u16) -> usize {
    if max_parallelism > NARROW_MAX { 2 } else { 1 }
}

/// The key group that a composite key begins with.
pub(super) fn group_of(key: &[u8], width: usize) -> Option<u16> {
    match (width, key) {
        (1, [group, ..]) => Some(u16::from(*group)),
        (2, [high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

impl Sink<'_> {
    /// The rows of a pair of the state with this number, in the section of a key group.
    pub(super) fn pair(
        &mut self,
        nth: usize,
        state: &State,
        group: u16,
        key: Bytes<'_>,
        value: Bytes<'_>,
    ) -> Step<()> {
        self.count(nth, state, key.bytes.len() + value.bytes.len());
        let width = group_width(self.operator().max_parallelism.get());
        let found = group_of(key.bytes, width);
        if found != Some(group) {
            let found = found.map_or_else(|| "none".to_owned(), |found| found.to_string());
            let cursor = key.cursor();
            let message = format!("expected a key of key group {group}, found one of {found}");
            return Err(cursor.corrupt(message).into());
        }
        self.row.key_group = group;
        if state.kind == StateKind::PriorityQueue {
            return self.timer_pair(nth, state, key, width);
        }
        let Some(map_key) = self.split(nth, state, key, width)? else {
            return Ok(());
        };
        match (state.kind, &state.value) {
            (StateKind::List, Some(element)) if state.is_list() => {
                self.joined(nth, state, element, value)
            }
            (StateKind::Map, Some(inner)) if state.map_key.is_some() => {
                let map_key = match (&state.map_key, map_key) {
                    (Some(serializer), Some(bytes)) => whole(serializer, bytes)?,
                    _ => alluvium_protocol::value::Value::Null,
                };
                let value = entry_value(inner, value)?;
                self.emit(nth, state, Content::Entry { map_key, value })
            }
            (StateKind::List | StateKind::Map, _) | (_, None) => {
                self.emit(nth, state, Content::Bytes(value.bytes.to_vec()))
            }
            (_, Some(serializer)) => {
                let content = value_content(serializer, value)?;
                self.emit(nth, state, content)
            }
        }
    }

    /// Makes the row one of a composite key. `None` if it is not wanted; otherwise a map's key, where it can be told.
    #[expect(
        clippy::option_option,
        reason = "whether it is wanted, and whether there is a map's key"
    )]
    fn split<'b>(
        &mut self,
        nth: usize,
        state: &State,
        key: Bytes<'b>,
        width: usize,
    ) -> Result<Option<Option<Bytes<'b>>>> {
        let part = |bytes: &'b [u8]| Bytes {
            bytes,
            offset: key.offset + offset_in(key.bytes, bytes),
            file: key.file,
        };
        let rest = part(key.bytes.get(width..).unwrap_or_default());
        let parts = match (state.layout, &state.namespace) {
            (Some(layout), Some(namespace)) => {
                layout.split(&state.key, namespace, &mut key.cursor())
            }
            _ => Err(key.cursor().unknown("no serializer of namespaces")),
        };
        match parts {
            Ok(parts) => {
                if state.kind != StateKind::Map && !parts.map_key.is_empty() {
                    let mut cursor = key.cursor();
                    cursor.bytes(key.bytes.len() - parts.map_key.len(), "a key")?;
                    let message = format!("{} bytes behind a key", parts.map_key.len());
                    return Err(cursor.corrupt(message));
                }
                let wanted = self.enter(nth, state, part(parts.key), part(parts.namespace))?;
                Ok(wanted.then(|| Some(part(parts.map_key))))
            }
            Err(error) if error.kind() == ErrorKind::Incompatible => {
                if let Some((key, namespace)) = from_the_end(state, rest.bytes) {
                    let wanted = self.enter(nth, state, part(key), part(namespace))?;
                    return Ok(wanted.then_some(None));
                }
                Ok(self.enter_opaque(rest)?.then_some(None))
            }
            Err(error) => Err(error),
        }
    }

    fn timer_pair(&mut self, nth: usize, state: &State, key: Bytes<'_>, width: usize) -> Step<()> {
        let (Some(layout), Some(namespace)) = (state.layout, &state.namespace) else {
            let rest = key.bytes.get(width..).unwrap_or_default();
            let rest = Bytes { bytes: rest, ..key };
            if self.enter_opaque(rest)? {
                self.emit(nth, state, Content::Bytes(rest.bytes.to_vec()))?;
            }
            return Ok(());
        };
        let split = layout.split_timer(&state.key, namespace, &mut key.cursor());
        let parts = match split {
            Ok(parts) => parts,
            Err(error) if error.kind() == ErrorKind::Incompatible => {
                let mut cursor = key.cursor();
                cursor.bytes(width, "a key group")?;
                let time = cursor.i64("the time of a timer")? ^ i64::MIN;
                let rest = Bytes {
                    bytes: cursor.left(),
                    offset: cursor.offset(),
                    file: key.file,
                };
                let wanted = match from_the_end(state, rest.bytes) {
                    Some((key, namespace)) => {
                        let key = Bytes { bytes: key, ..rest };
                        let namespace = Bytes {
                            bytes: namespace,
                            ..rest
                        };
                        self.enter(nth, state, key, namespace)?
                    }
                    None => self.enter_opaque(rest)?,
                };
                if wanted {
                    self.emit(nth, state, Content::Timer(time))?;
                }
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let part = |bytes| Bytes {
            bytes,
            offset: key.offset + offset_in(key.bytes, bytes),
            file: key.file,
        };
        self.timer(
            nth,
            state,
            part(parts.key),
            part(parts.namespace),
            parts.timestamp,
        )
    }

    /// The row of a timer.
    pub(super) fn timer(
        &mut self,
        nth: usize,
        state: &State,
        key: Bytes<'_>,
        namespace: Bytes<'_>,
        timestamp: i64,
    ) -> Step<()> {
        if self.enter(nth, state, key, namespace)? {
            self.emit(nth, state, Content::Timer(timestamp))?;
        }
        Ok(())
    }

    /// The elements of a list that were joined.
    fn joined(
        &mut self,
        nth: usize,
        state: &State,
        element: &Serializer,
        value: Bytes<'_>,
    ) -> Step<()> {
        let mut cursor = value.cursor();
        let mut is_first = true;
        while is_first || !cursor.is_empty() {
            if !is_first {
                let start = cursor.clone();
                if cursor.u8("what is between two elements")? != DELIMITER {
                    return Err(start
                        .corrupt("expected ',' behind an element of a list")
                        .into());
                }
            }
            match element.decode_stamped(&mut cursor) {
                Ok(stamped) => self.emit(nth, state, Content::Element(stamped))?,
                // Where this one ends nobody knows, so it is all of them.
                Err(error) if is_first && error.kind() == ErrorKind::Incompatible => {
                    return self.emit(nth, state, Content::Bytes(value.bytes.to_vec()));
                }
                Err(error) => return Err(error.into()),
            }
            is_first = false;
        }
        Ok(())
    }

    /// The rows of an entry of a heap.
    pub(super) fn entry(
        &mut self,
        nth: usize,
        state: &State,
        [namespace, key, value]: [Bytes<'_>; 3],
    ) -> Step<()> {
        let bytes = namespace.bytes.len() + key.bytes.len() + value.bytes.len();
        self.count(nth, state, bytes);
        if !self.enter(nth, state, key, namespace)? {
            return Ok(());
        }
        let Some(recorded) = &state.whole else {
            return self.emit(nth, state, Content::Bytes(value.bytes.to_vec()));
        };
        let mut cursor = value.cursor();
        match (state.kind, recorded.unmarked().kind()) {
            (StateKind::List, Kind::List(element)) => {
                for _ in 0..cursor.count(1, "elements")? {
                    let element = element.decode_stamped(&mut cursor)?;
                    self.emit(nth, state, Content::Element(element))?;
                }
                Ok(cursor.finish("a list")?)
            }
            (StateKind::Map, Kind::Map(map_key, inner)) => {
                for _ in 0..cursor.count(2, "entries")? {
                    let map_key = map_key.decode(&mut cursor)?;
                    let value = match cursor.bool("whether a value is null")? {
                        true => null(),
                        false => inner.decode_stamped(&mut cursor)?,
                    };
                    self.emit(nth, state, Content::Entry { map_key, value })?;
                }
                Ok(cursor.finish("a map")?)
            }
            _ => {
                let content = value_content(recorded, value)?;
                self.emit(nth, state, content)
            }
        }
    }
}

impl State {
    /// Whether what is recorded of it tells where elements end.
    fn is_list(&self) -> bool {
        match self.whole.as_ref().map(|whole| whole.unmarked().kind()) {
            Some(Kind::List(_)) => true,
            // An asynchronous state records the element itself.
            _ => self.whole.is_some() && self.is_asynchronous,
        }
    }
}

const fn null() -> Stamped {
    Stamped {
        value: alluvium_protocol::value::Value::Null,
        timestamp: None,
    }
}

/// A value, or its bytes if it is of an unknown serializer.
fn value_content(serializer: &Serializer, value: Bytes<'_>) -> Result<Content> {
    let mut cursor = value.cursor();
    match serializer.decode_stamped(&mut cursor) {
        Ok(stamped) => cursor.finish("a value").map(|()| Content::Value(stamped)),
        Err(error) if error.kind() == ErrorKind::Incompatible => {
            Ok(Content::Bytes(value.bytes.to_vec()))
        }
        Err(error) => Err(error),
    }
}

/// A map's value in a pair.
fn entry_value(serializer: &Serializer, value: Bytes<'_>) -> Result<Stamped> {
    let mut cursor: Cursor<'_> = value.cursor();
    if cursor.bool("whether a value is null")? {
        return Ok(null());
    }
    let start = cursor.clone();
    let error: Error = match serializer.decode_stamped(&mut cursor) {
        Ok(stamped) => return cursor.finish("a map's value").map(|()| stamped),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::Incompatible {
        return Err(error);
    }
    let mut rest = start;
    let timestamp = match serializer.unmarked().kind() {
        Kind::Ttl(_) => Some(rest.i64("the time of the last access")?),
        _ => None,
    };
    let value = alluvium_protocol::value::Value::Bytes(rest.left().to_vec());
    Ok(Stamped { value, timestamp })
}

/// The key and the namespace, if the namespace's length is known and nothing is behind it.
fn from_the_end<'b>(state: &State, rest: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    if state.kind == StateKind::Map {
        return None;
    }
    let length = match state.namespace.as_ref()?.unmarked().kind() {
        Kind::Simple(Simple::VoidNamespace | Simple::GlobalWindow) => 1,
        Kind::Simple(Simple::TimeWindow) => 16,
        _ => return None,
    };
    rest.split_at_checked(rest.len().checked_sub(length)?)
}

/// How far into `all` a part of it begins.
fn offset_in(all: &[u8], part: &[u8]) -> u64 {
    (part.as_ptr().addr()).saturating_sub(all.as_ptr().addr()) as u64
}
