//! Timers: a queue for each key group, of which only the head is in memory.
//!
//! A timer is a row whose key begins with its time, so a key group's rows in order are its queue. For each key
//! group the *head* holds the earliest timers, complete up to a bound; later ones are rows only.
//! Invariant: every registered timer not above the bound is in the head, and nothing else is.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};
use alluvium_protocol::row::{RowRange, StateId, push_prefix};
use alluvium_protocol::timer::{TIME_BYTES, encode_time, split_time};

use super::{Address, BytesBackend, StateIndex, is_timers};
use crate::buffer::Buffer;
use crate::error::{Error, Result};

/// Timers that a head is filled with. Flink's default for the same purpose.
const HEAD_TIMERS: usize = 128;

/// Timers that a head may grow to by registrations before its later half goes.
const HEAD_TIMERS_MAX: usize = 2 * HEAD_TIMERS;

/// How far a head is known to be complete.
#[derive(Debug)]
enum Complete {
    /// Only up to this timer, which is in no head and not after it; later ones are rows only.
    UpTo(Vec<u8>),
    /// All timers of the key group are in the head.
    All,
}

#[derive(Debug)]
struct Head {
    timers: BTreeSet<Box<[u8]>>,
    complete: Complete,
}

/// The timers of one state.
#[derive(Debug)]
pub(crate) struct TimerQueue {
    state: StateId,
    range: KeyGroupRange,
    heads: Vec<Head>,
    /// The first timer's time of every key group that has one, earliest first.
    order: BTreeSet<(i64, u16)>,
    filled: bool,
    popped: Vec<u8>,
}

impl TimerQueue {
    pub(crate) fn new(state: StateId, range: KeyGroupRange) -> Self {
        let head = |_| Head {
            timers: BTreeSet::new(),
            complete: Complete::UpTo(Vec::new()),
        };
        let heads = range.iter().map(head).collect();
        Self {
            state,
            range,
            heads,
            order: BTreeSet::new(),
            filled: false,
            popped: Vec::new(),
        }
    }

    fn position(&self, group: KeyGroup) -> usize {
        usize::from(group.get().saturating_sub(self.range.first().get()))
    }

    fn row(&self, group: KeyGroup) -> Vec<u8> {
        let mut row = Vec::new();
        push_prefix(&mut row, group, self.state);
        row
    }

    fn first_time(&self, position: usize) -> Option<i64> {
        let first = self.heads.get(position)?.timers.first()?;
        split_time(first).ok().map(|(time, _)| time)
    }

    /// Changes a head and keeps `order` true.
    fn change(&mut self, group: KeyGroup, change: impl FnOnce(&mut Head)) {
        let position = self.position(group);
        let before = self.first_time(position);
        if let Some(head) = self.heads.get_mut(position) {
            change(head);
        }
        let after = self.first_time(position);
        if before != after {
            if let Some(time) = before {
                self.order.remove(&(time, group.get()));
            }
            if let Some(time) = after {
                self.order.insert((time, group.get()));
            }
        }
    }

    fn add(&mut self, group: KeyGroup, timer: &[u8]) {
        self.change(group, |head| {
            let known = match &head.complete {
                Complete::All => true,
                Complete::UpTo(bound) => timer <= &**bound,
            };
            if !known {
                return;
            }
            head.timers.insert(timer.into());
            if head.timers.len() > HEAD_TIMERS_MAX {
                let last_kept = head
                    .timers
                    .iter()
                    .nth(HEAD_TIMERS - 1)
                    .map(|timer| timer.to_vec());
                if let Some(bound) = last_kept {
                    head.timers.retain(|timer| **timer <= *bound);
                    head.complete = Complete::UpTo(bound);
                }
            }
        });
    }

    /// Whether the head has the timer. Where it does not, nothing is known of a timer above the head's bound.
    fn has(&self, group: KeyGroup, timer: &[u8]) -> bool {
        let head = self.heads.get(self.position(group));
        head.is_some_and(|head| head.timers.contains(timer))
    }

    fn remove(&mut self, group: KeyGroup, timer: &[u8]) {
        self.change(group, |head| {
            head.timers.remove(timer);
        });
    }

    /// Reads timers into a head that has run empty, if there may be more.
    fn fill(&mut self, group: KeyGroup, buffer: &mut Buffer) -> Result<()> {
        let row = self.row(group);
        let Some(Head {
            timers,
            complete: Complete::UpTo(bound),
        }) = self.heads.get(self.position(group))
        else {
            return Ok(());
        };
        if !timers.is_empty() {
            return Ok(());
        }
        // The first key after `bound`.
        let after = if bound.is_empty() {
            Vec::new()
        } else {
            [bound, &[0][..]].concat()
        };
        let mut found: BTreeSet<Box<[u8]>> = BTreeSet::new();
        buffer.map_scan(&row, &RowRange::new(after, None), &mut |timer, _| {
            found.insert(timer.into());
            let full = found.len() == HEAD_TIMERS;
            Ok(if full {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        let bound = found
            .last()
            .filter(|_| found.len() == HEAD_TIMERS)
            .map(|last| last.to_vec());
        self.change(group, |head| {
            head.timers = found;
            head.complete = bound.map_or(Complete::All, Complete::UpTo);
        });
        Ok(())
    }

    fn fill_all(&mut self, buffer: &mut Buffer) -> Result<()> {
        if !self.filled {
            for group in self.range.iter() {
                self.fill(group, buffer)?;
            }
            self.filled = true;
        }
        Ok(())
    }
}

/// Sees a timer: its time, then its key ‖ namespace.
pub type VisitTimer<'v> = dyn FnMut(i64, &[u8]) -> Result<ControlFlow<()>> + 'v;

impl BytesBackend {
    /// Registers a timer: once for each (time, key, namespace), however often it is called. `at.key` is
    /// the key and the namespace.
    ///
    /// # Errors
    /// `Invalid` when the state has no timers or the key group is not this backend's; else as
    /// [`BytesBackend::get`].
    pub fn register_timer(&mut self, at: &Address<'_>, time: i64) -> Result<()> {
        self.change_timer(at, time, true)
    }

    /// Removes a timer. One that is not registered counts as removed.
    ///
    /// # Errors
    /// As [`BytesBackend::register_timer`].
    pub fn deregister_timer(&mut self, at: &Address<'_>, time: i64) -> Result<()> {
        self.change_timer(at, time, false)
    }

    /// Puts the row of the timers of `at`'s key group into `self.row`, and the timer into `self.timer`.
    fn locate_timer(&mut self, at: &Address<'_>, time: i64) -> Result<()> {
        self.locate(&Address { key: &[], ..*at }, is_timers)?;
        self.timer.clear();
        self.timer.extend_from_slice(&encode_time(time));
        self.timer.extend_from_slice(at.key);
        Ok(())
    }

    fn change_timer(&mut self, at: &Address<'_>, time: i64, register: bool) -> Result<()> {
        self.locate_timer(at, time)?;
        let queue = queue_of(&mut self.timers, at.state)?;
        if register && queue.has(at.group, &self.timer) {
            // As for every further event of a window.
            return Ok(());
        }
        let value: Option<&[u8]> = if register { Some(&[]) } else { None };
        self.buffer.map_put(&self.row, &self.timer, value)?;
        if register {
            queue.add(at.group, &self.timer);
            return Ok(());
        }
        queue.remove(at.group, &self.timer);
        if queue.filled {
            // The head may be empty now while later timers are rows: without it nobody would look there.
            queue.fill(at.group, &mut self.buffer)?;
        }
        Ok(())
    }

    /// Whether a timer is registered.
    ///
    /// # Errors
    /// As [`BytesBackend::register_timer`].
    pub fn has_timer(&mut self, at: &Address<'_>, time: i64) -> Result<bool> {
        self.locate_timer(at, time)?;
        Ok(self.buffer.map_get(&self.row, &self.timer)?.is_some())
    }

    /// The time of the earliest timer of all key groups; `None` when there is no timer.
    ///
    /// # Errors
    /// As [`BytesBackend::register_timer`].
    pub fn first_timer(&mut self, state: StateIndex) -> Result<Option<i64>> {
        self.kind_of(state, is_timers)?;
        let queue = queue_of(&mut self.timers, state)?;
        queue.fill_all(&mut self.buffer)?;
        Ok(queue.order.first().map(|(time, _)| *time))
    }

    /// Visits the timers of one key group, by time and then by key ‖ namespace, until the visitor breaks. They stay.
    ///
    /// # Errors
    /// As [`BytesBackend::register_timer`], and what the visitor returns.
    pub fn for_each_timer(
        &mut self,
        state: StateIndex,
        group: KeyGroup,
        visit: &mut VisitTimer<'_>,
    ) -> Result<()> {
        let key = &[];
        self.locate(&Address { state, group, key }, is_timers)?;
        self.buffer
            .map_scan(&self.row, &RowRange::all(), &mut |timer, _| {
                let (time, key) = split_time(timer)?;
                visit(time, key)
            })
    }

    /// Removes and returns the earliest timer whose time is `up_to` or before, of all key groups: its time, key
    /// group, and key ‖ namespace. Timers of the same time come by key group, then by key.
    ///
    /// # Errors
    /// As [`BytesBackend::register_timer`].
    pub fn pop_timer(
        &mut self,
        state: StateIndex,
        up_to: i64,
    ) -> Result<Option<(i64, KeyGroup, &[u8])>> {
        self.kind_of(state, is_timers)?;
        let queue = queue_of(&mut self.timers, state)?;
        queue.fill_all(&mut self.buffer)?;
        let Some(&(time, group)) = queue.order.first().filter(|(time, _)| *time <= up_to) else {
            return Ok(None);
        };
        let group = KeyGroup::new(group);
        let position = queue.position(group);
        let Some(timer) = queue
            .heads
            .get(position)
            .and_then(|head| head.timers.first())
        else {
            return Ok(None);
        };
        queue.popped = timer.to_vec();
        let timer = std::mem::take(&mut queue.popped);
        queue.remove(group, &timer);
        self.buffer.map_put(&queue.row(group), &timer, None)?;
        queue.fill(group, &mut self.buffer)?;
        queue.popped = timer;
        Ok(Some((
            time,
            group,
            queue.popped.get(TIME_BYTES..).unwrap_or_default(),
        )))
    }
}

fn queue_of(timers: &mut [Option<TimerQueue>], state: StateIndex) -> Result<&mut TimerQueue> {
    let queue = timers.get_mut(state.position()).and_then(Option::as_mut);
    queue.ok_or_else(|| Error::invalid("a timer in a state that holds none"))
}
