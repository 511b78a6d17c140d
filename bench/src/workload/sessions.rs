//! Session windows: events of a key with less than a gap between them belong together, in whatever order they arrive.
//!
//! Each key keeps the sessions that are open. What a session's events left is in a namespace that the session keeps when it
//! grows; when an event joins several sessions, the contents of the others move into the namespace of the first.

use std::collections::BTreeMap;

use alluvium::protocol::key::Key;
use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::clicks::Click;
use super::keyed::{Handles, Keyed, Scope};

pub(crate) mod fold;
pub(crate) mod hold;

/// An open session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    start: i64,
    /// A gap after its last event: events before this belong to it.
    end: i64,
    namespace: i64,
}

/// The states of any session operator, whatever it keeps of the events.
pub(crate) struct Open<H: Handles> {
    sessions: H::Value<Vec<Session>, ()>,
    ends: H::Timers<i64>,
}

/// Where an event belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) namespace: i64,
    /// Namespaces whose contents belong there from now on, too.
    pub(crate) absorbed: Vec<i64>,
}

impl<H: Handles> Open<H> {
    pub(crate) fn register<K: Key>(backend: &mut impl Keyed<K, Handles = H>) -> Result<Self> {
        Ok(Self {
            sessions: backend.value("sessions")?,
            ends: backend.timers("ends")?,
        })
    }

    /// Finds or opens the session of an event.
    pub(crate) fn place(&self, scope: &mut impl Scope<H>, time: i64, gap: i64) -> Result<Placed> {
        let mut open = scope.get(self.sessions, &())?.unwrap_or_default();
        let mut joined = Session {
            start: time,
            end: time + gap,
            namespace: time,
        };
        let touched: Vec<Session> = open
            .extract_if(.., |old| old.start <= joined.end && time <= old.end)
            .collect();
        if let Some(first) = touched.first() {
            joined.namespace = first.namespace;
        }
        for old in &touched {
            joined.start = joined.start.min(old.start);
            joined.end = joined.end.max(old.end);
        }
        if touched.as_slice() != [joined] {
            for old in &touched {
                scope.deregister(self.ends, &old.namespace, old.end - 1)?;
            }
            scope.register(self.ends, &joined.namespace, joined.end - 1)?;
            open.push(joined);
            scope.set(self.sessions, &(), &open)?;
        }
        Ok(Placed {
            namespace: joined.namespace,
            absorbed: touched.iter().skip(1).map(|old| old.namespace).collect(),
        })
    }

    /// Closes the next session of any key that has ended, and returns it.
    pub(crate) fn close<K: Key>(
        &self,
        backend: &mut impl Keyed<K, Handles = H>,
        watermark: i64,
    ) -> Result<Option<(K, i64)>> {
        let Some(due) = backend.due(self.ends, watermark)? else {
            return Ok(None);
        };
        let mut scope = backend.key(&due.key)?;
        let mut open = scope.take(self.sessions, &())?.unwrap_or_default();
        open.retain(|session| session.namespace != due.namespace);
        if !open.is_empty() {
            scope.set(self.sessions, &(), &open)?;
        }
        Ok(Some((due.key, due.namespace)))
    }
}

/// For the recomputation: every session that has ended at `last`, as its key and its events in the order of their times.
pub(crate) fn all(clicks: impl Iterator<Item = Click>, gap: i64, last: i64) -> Vec<Vec<Click>> {
    let mut keys = BTreeMap::<u64, Vec<Click>>::new();
    for click in clicks {
        keys.entry(click.key).or_default().push(click);
    }
    let mut sessions = Vec::new();
    for (_, mut clicks) in keys {
        clicks.sort_by_key(|click| click.time);
        let apart = |a: &Click, b: &Click| b.time - a.time <= gap;
        sessions.extend(clicks.chunk_by(apart).map(<[Click]>::to_vec));
    }
    let ended = |session: &Vec<Click>| {
        session
            .last()
            .is_some_and(|click| click.time + gap - 1 <= last)
    };
    sessions.retain(ended);
    sessions
}
