//! Timers that a task stored apart from its backend, as the rows that they are in a canonical savepoint: of two queues for each service.
//!
//! A stream of raw keyed state is one of timers if its first key group begins as these do; operators may write what they like
//! into others.

use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange, MaxParallelism};

use super::Each;
use crate::error::{Error, Result};
use crate::files::{Files, Source};
use crate::keyed::composite::{Layout, TimerParts};
use crate::keyed::{KeyedMeta, StateKind, StateMeta};
use crate::metadata::{KeyGroups, KeyedHandle};
use crate::section::raw_timers::{MAGIC, Next, RawTimers, Service};
use crate::section::span::Span;
use crate::section::window::Window;
use crate::serializer::Serializer;

/// What raw keyed state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::write) enum Raw {
    /// No key group has any.
    Nothing,
    Timers,
    /// Something that only its operator can read.
    Other,
}

/// The timers of a handle.
pub(in crate::write) struct Timers {
    source: Source,
    range: KeyGroupRange,
    /// First byte and the byte behind the last, of each key group that has timers.
    bounds: Vec<Option<(u64, u64)>>,
    /// Of services: two states each, the first of them in event time.
    services: Vec<Service>,
}

/// What the raw keyed state of a subtask is.
pub(in crate::write) fn raw(files: &Files, handle: &KeyedHandle, whose: &str) -> Result<Raw> {
    let handle = groups_of(handle, whose)?;
    let source = files.open(&handle.stream, whose)?;
    let bounds = bounds(&source, handle)?;
    let Some((start, end)) = bounds.into_iter().flatten().next() else {
        return Ok(Raw::Nothing);
    };
    let length = (end - start).min(MAGIC.len() as u64);
    let begins = source.range(start, length)?;
    Ok(if begins == MAGIC {
        Raw::Timers
    } else {
        Raw::Other
    })
}

impl Timers {
    /// The timers of a handle, and their states; nothing where there are none.
    pub(super) fn open(
        files: &Files,
        handle: &KeyedHandle,
        whose: &str,
    ) -> Result<Option<(Self, KeyedMeta)>> {
        let handle = groups_of(handle, whose)?;
        let Some(range) = handle.offsets.range() else {
            return Ok(None);
        };
        let source = files.open(&handle.stream, whose)?;
        let bounds = bounds(&source, handle)?;
        let mut timers = Self {
            source,
            range,
            bounds,
            services: Vec::new(),
        };
        timers.services = timers.services_of_all(whose)?;
        let Some(first) = timers.services.first() else {
            return Ok(None);
        };
        let key = first.key.clone();
        let mut states = Vec::new();
        for service in &timers.services {
            if service.key != key {
                return Err(disagreement(whose, "keys"));
            }
            for time in ["event", "processing"] {
                let serializer = Serializer::timer(&service.key, &service.namespace)?;
                let name = format!("_timer_state/{time}_{}", service.name);
                let queue = StateKind::PriorityQueue;
                states.push(StateMeta::new(name, queue, None, serializer)?);
            }
        }
        let meta = KeyedMeta {
            compression: false,
            key,
            states,
        };
        Ok(Some((timers, meta)))
    }

    pub(super) const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// Each key group describes its services anew.
    fn services_of_all(&self, whose: &str) -> Result<Vec<Service>> {
        let mut services: Vec<Service> = Vec::new();
        for group in self.range.iter() {
            let Some(mut timers) = self.section(group) else {
                continue;
            };
            while let Some(next) = timers.next()? {
                let Next::Service(service) = next else {
                    continue;
                };
                match services.iter().find(|known| known.name == service.name) {
                    None => services.push(service.clone()),
                    Some(known)
                        if known.key == service.key && known.namespace == service.namespace => {}
                    Some(_) => {
                        return Err(disagreement(whose, &format!("timers {}", service.name)));
                    }
                }
            }
        }
        Ok(services)
    }

    fn section(&self, group: KeyGroup) -> Option<RawTimers<Span<'_>>> {
        let nth = group.get().checked_sub(self.range.first().get())?;
        let (start, end) = self.bounds.get(usize::from(nth)).copied().flatten()?;
        let name = Arc::clone(self.source.name());
        let part = Span::new(&self.source, start, end);
        Some(RawTimers::new(Window::new(part, name, start)))
    }

    pub(super) fn group(
        &self,
        group: KeyGroup,
        max_parallelism: MaxParallelism,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let Some(mut timers) = self.section(group) else {
            return Ok(());
        };
        let layout = Layout::of_timers(max_parallelism);
        let mut state = 0;
        let mut key = Vec::new();
        while let Some(next) = timers.next()? {
            match next {
                Next::Service(service) => {
                    let mut numbered = self.services.iter().zip((0_u16..).step_by(2));
                    let known = numbered.find(|(known, _)| known.name == service.name);
                    let missing = || Error::corrupt("a service of timers that was not there");
                    state = known.ok_or_else(missing)?.1;
                }
                Next::Timer(timer) => {
                    key.clear();
                    let parts = TimerParts {
                        group: group.get(),
                        timestamp: timer.timestamp,
                        key: timer.key,
                        namespace: timer.namespace,
                    };
                    layout.compose_timer(parts, &mut key)?;
                    each(state + u16::from(!timer.is_event_time), &key, &[])?;
                }
            }
        }
        Ok(())
    }
}

fn groups_of<'h>(handle: &'h KeyedHandle, whose: &str) -> Result<&'h KeyGroups> {
    match handle {
        KeyedHandle::KeyGroups(handle) => Ok(handle),
        other => Err(Error::unknown(format!(
            "{whose} has raw keyed state as a {}, which is not known there",
            other.class()
        ))),
    }
}

/// Where each key group is; those without anything have a negative offset.
fn bounds(source: &Source, handle: &KeyGroups) -> Result<Vec<Option<(u64, u64)>>> {
    let mut starts = Vec::new();
    for (group, offset) in handle.offsets.iter() {
        let start = u64::try_from(offset).ok();
        if start.is_some_and(|start| start > source.len()) {
            return Err(Error::corrupt(format!(
                "key group {} begins at byte {offset} of {} bytes",
                group.get(),
                source.len()
            ))
            .at(source.name(), 0));
        }
        starts.push(start);
    }
    let mut sorted: Vec<u64> = starts.iter().copied().flatten().collect();
    sorted.sort_unstable();
    let end = |start: u64| {
        let next = sorted.partition_point(|other| *other <= start);
        sorted.get(next).copied().unwrap_or(source.len())
    };
    let bounds = starts
        .iter()
        .map(|start| start.map(|start| (start, end(start))));
    Ok(bounds.collect())
}

fn disagreement(whose: &str, what: &str) -> Error {
    Error::unknown(format!(
        "key groups of {whose} have recorded different serializers of {what}: restore the snapshot with Flink, which \
         migrates them, and take a savepoint"
    ))
}
