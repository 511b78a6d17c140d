//! What is recorded of one state.
//!
//! ```text
//! state    name:utf type:i32 count:i32 { option:utf value:utf }* count:i32 { role:utf serializer:proxy }*
//! type     0 keyed, 3 queue of timers, 4 keyed and asynchronous (since Flink 2.0); 1 and 2 are not of keyed backends
//! option   KEYED_STATE_TYPE: VALUE, LIST, MAP, REDUCING, AGGREGATING
//! role     NAMESPACE_SERIALIZER, VALUE_SERIALIZER; USER_KEY_SERIALIZER of asynchronous maps
//! ```
//!
//! The value's serializer of a list is one of lists and that of a map one of maps, except in asynchronous states, where they
//! are the element's and the entry's value's. A queue has only a value: the timer. Both maps are in no particular order, and
//! are written back in the order they were read.

use super::meta::{read_proxy, write_proxy};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::java::utf::write_utf;
use crate::serializer::{Guesses, Kind, Serializer};

const KEYED: i32 = 0;
const QUEUE: i32 = 3;
const ASYNCHRONOUS: i32 = 4;

const STATE_TYPE: &str = "KEYED_STATE_TYPE";
const NAMESPACE: &str = "NAMESPACE_SERIALIZER";
const VALUE: &str = "VALUE_SERIALIZER";
const MAP_KEY: &str = "USER_KEY_SERIALIZER";

/// What kind of state it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateKind {
    /// One value.
    Value,
    /// A list.
    List,
    /// A map.
    Map,
    /// One value that others were folded into.
    Reducing,
    /// One accumulator.
    Aggregating,
    /// Timers, in the order of their times.
    PriorityQueue,
    /// None of these: an option that this crate does not know.
    Unknown,
}

/// What is recorded of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMeta {
    /// The name that the user gave it.
    pub name: String,
    kind: StateKind,
    code: i32,
    options: Vec<(String, String)>,
    serializers: Vec<(String, Serializer)>,
}

impl StateKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Value, "VALUE"),
        (Self::List, "LIST"),
        (Self::Map, "MAP"),
        (Self::Reducing, "REDUCING"),
        (Self::Aggregating, "AGGREGATING"),
    ];
}

impl StateMeta {
    /// A state as Flink's synchronous backends record it: `value` is the serializer of the whole value, thus of a list a
    /// serializer of lists, of a map one of maps, of a queue one of timers.
    ///
    /// # Errors
    /// `Invalid` when the kind and the serializers do not fit: a queue has no namespace (the timers have), other states have
    /// one, a list needs a serializer of lists, and so on.
    pub fn new(
        name: impl Into<String>,
        kind: StateKind,
        namespace: Option<Serializer>,
        value: Serializer,
    ) -> Result<Self> {
        let name = name.into();
        let fits = match (kind, value.unmarked().kind()) {
            (StateKind::List, inner) => matches!(inner, Kind::List(_)),
            (StateKind::Map, inner) => matches!(inner, Kind::Map(..)),
            (StateKind::PriorityQueue, inner) => matches!(inner, Kind::Timer { .. }),
            _ => true,
        };
        let option = StateKind::ALL.iter().find(|(known, _)| *known == kind);
        let queue = kind == StateKind::PriorityQueue;
        if !fits || queue == namespace.is_some() || queue == option.is_some() {
            return Err(Error::invalid(format!(
                "a state {name} of kind {kind:?} cannot have the serializer {value}"
            )));
        }
        let mut serializers = Vec::new();
        serializers.extend(namespace.map(|namespace| (NAMESPACE.to_owned(), namespace)));
        serializers.push((VALUE.to_owned(), value));
        Ok(Self {
            name,
            kind,
            code: if queue { QUEUE } else { KEYED },
            options: option
                .map(|(_, option)| (STATE_TYPE.to_owned(), (*option).to_owned()))
                .into_iter()
                .collect(),
            serializers,
        })
    }

    pub(super) fn read(cursor: &mut Cursor<'_>, guesses: &mut Guesses) -> Result<Self> {
        let name = cursor.utf("the name of a state")?;
        let start = cursor.clone();
        let code = cursor.i32("the type of a state")?;
        let count = cursor.count(4, "options of a state")?;
        let mut options = Vec::new();
        for _ in 0..count {
            let option = cursor.utf("the name of an option")?;
            options.push((option, cursor.utf("the value of an option")?));
        }
        let count = cursor.count(12, "serializers of a state")?;
        let mut serializers = Vec::new();
        for _ in 0..count {
            let role = cursor.utf("the role of a serializer")?;
            serializers.push((role, read_proxy(cursor, guesses)?));
        }
        let kind = match code {
            QUEUE => StateKind::PriorityQueue,
            KEYED | ASYNCHRONOUS => {
                let option = options.iter().find(|(option, _)| option == STATE_TYPE);
                let mut kinds = StateKind::ALL.iter();
                kinds
                    .find(|(_, name)| option.is_some_and(|(_, value)| value == name))
                    .map_or(StateKind::Unknown, |(kind, _)| *kind)
            }
            other => {
                let message = format!("a state of type {other} in a keyed backend");
                return Err(start.unknown(message));
            }
        };
        if !serializers.iter().any(|(role, _)| role == VALUE) {
            return Err(start.corrupt(format!("the state {name} has no serializer of values")));
        }
        Ok(Self {
            name,
            kind,
            code,
            options,
            serializers,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        write_utf(&self.name, out)?;
        out.extend(self.code.to_be_bytes());
        write_count(self.options.len(), out)?;
        for (option, value) in &self.options {
            write_utf(option, out)?;
            write_utf(value, out)?;
        }
        write_count(self.serializers.len(), out)?;
        for (role, serializer) in &self.serializers {
            write_utf(role, out)?;
            write_proxy(serializer, out);
        }
        Ok(())
    }

    /// What kind of state it is.
    #[must_use]
    pub const fn kind(&self) -> StateKind {
        self.kind
    }

    /// Whether it is a state of Flink's asynchronous backends, which older releases cannot read.
    #[must_use]
    pub const fn is_asynchronous(&self) -> bool {
        self.code == ASYNCHRONOUS
    }

    /// What is recorded beside the serializers.
    #[must_use]
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// The serializers by the roles that Flink gives them.
    #[must_use]
    pub fn serializers(&self) -> &[(String, Serializer)] {
        &self.serializers
    }

    fn role(&self, wanted: &str) -> Option<&Serializer> {
        let found = self.serializers.iter().find(|(role, _)| role == wanted);
        found.map(|(_, serializer)| serializer)
    }

    /// Of the namespace; none in a queue, whose timers have it.
    #[must_use]
    pub fn namespace(&self) -> Option<&Serializer> {
        self.role(NAMESPACE)
    }

    /// Of the value as it is recorded. There is always one.
    #[must_use]
    pub fn value(&self) -> Option<&Serializer> {
        self.role(VALUE)
    }

    /// Of a list's elements, however they are recorded.
    #[must_use]
    pub fn element(&self) -> Option<&Serializer> {
        let value = self.value().filter(|_| self.kind == StateKind::List)?;
        match value.unmarked().kind() {
            _ if self.is_asynchronous() => Some(value),
            Kind::List(element) => Some(element),
            _ => None,
        }
    }

    /// Of a map's keys and values, however they are recorded.
    #[must_use]
    pub fn entry(&self) -> Option<(&Serializer, &Serializer)> {
        let value = self.value().filter(|_| self.kind == StateKind::Map)?;
        match (self.role(MAP_KEY), value.unmarked().kind()) {
            (Some(key), _) => Some((key, value)),
            (None, Kind::Map(key, value)) => Some((key, value)),
            _ => None,
        }
    }

    /// Of a timer's key and namespace.
    #[must_use]
    pub fn timer(&self) -> Option<(&Serializer, &Serializer)> {
        let value = self
            .value()
            .filter(|_| self.kind == StateKind::PriorityQueue)?;
        match value.unmarked().kind() {
            Kind::Timer { key, namespace } => Some((key, namespace)),
            _ => None,
        }
    }

    /// Whether values have the time of their last access with them.
    #[must_use]
    pub fn has_ttl(&self) -> bool {
        let innermost = self
            .element()
            .or_else(|| self.entry().map(|(_, value)| value));
        let innermost = innermost.or_else(|| self.value());
        innermost.is_some_and(|inner| matches!(inner.unmarked().kind(), Kind::Ttl(_)))
    }
}

fn write_count(count: usize, out: &mut Vec<u8>) -> Result<()> {
    let count = i32::try_from(count)
        .map_err(|e| Error::invalid("more than 2^31 options of a state").with_source(e))?;
    out.extend(count.to_be_bytes());
    Ok(())
}
