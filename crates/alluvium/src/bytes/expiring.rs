//! Reads and writes of states with a TTL: values are stamped as they are written and judged as they are read.
//!
//! A read that meets an expired value deletes it, so that a clock that is set back shows nothing again; one that refreshes
//! writes. Invariants: memory stays bounded whatever a map or a list holds; a refresh never shortens a life.
//!
//! What stamps are and when they have passed is decided in [`alluvium_protocol::stamp`].

use std::ops::ControlFlow;

use alluvium_protocol::row::RowRange;
use alluvium_protocol::stamp::{Moment, STAMP_BYTES, Stamp, split};
use alluvium_protocol::ttl::{Expired, Refresh, Ttl};

use super::elements::Elements;
use super::reused::emptied;
use super::{Address, BytesBackend, StateIndex, Update, VisitEntry};
use crate::error::{Error, Result};

/// Bytes of map entries that a scan changes at the most before it writes them: deletes of expired ones, and refreshed ones.
const PENDING_BYTES_MAX: usize = 64 << 10;

/// A list of which more than this is alive keeps the expired elements that a read meets: to take them out, it is rewritten.
const LIST_BYTES_MAX: usize = 64 << 10;

/// How values of a state are judged now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    ttl: Ttl,
    moment: Moment,
    /// Of what is written now.
    stamp: Stamp,
}

/// What a read does to a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Refreshed,
    Goes,
}

/// A stored value without its stamp.
struct Judged<'v> {
    bytes: &'v [u8],
    fate: Fate,
    /// Whether the reader sees it.
    seen: bool,
}

impl Life {
    fn judge<'v>(&self, stored: &'v [u8]) -> Result<Judged<'v>> {
        let (stamp, bytes) = split(stored)?;
        if stamp.has_passed(self.moment) {
            return Ok(Judged {
                bytes,
                fate: Fate::Goes,
                seen: self.ttl.expired == Expired::SeenUntilCleaned,
            });
        }
        let refreshed =
            self.ttl.refresh == Refresh::OnReadAndWrite && stamp.is_before(self.stamp, self.moment);
        Ok(Judged {
            bytes,
            fate: if refreshed {
                Fate::Refreshed
            } else {
                Fate::Stays
            },
            seen: true,
        })
    }

    /// Whether a reader sees a stored value, or any element of a list's chunk.
    pub(super) fn shows(&self, stored: &[u8], is_list: bool) -> Result<bool> {
        if !is_list {
            return Ok(self.judge(stored)?.seen);
        }
        for element in alluvium_protocol::chunk::Elements::new(stored) {
            if self.judge(element?)?.seen {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a visitor of rows sees of a stored value, or of a list's chunk, by way of `out`; `None` if nothing.
    pub(super) fn shown<'v>(
        &self,
        stored: &'v [u8],
        is_list: bool,
        out: &'v mut Elements,
    ) -> Result<Option<&'v [u8]>> {
        if !is_list {
            let judged = self.judge(stored)?;
            return Ok(judged.seen.then_some(judged.bytes));
        }
        out.clear();
        for element in alluvium_protocol::chunk::Elements::new(stored) {
            let judged = self.judge(element?)?;
            if judged.seen {
                out.push(judged.bytes)?;
            }
        }
        Ok((!out.framed().is_empty()).then_some(out.framed()))
    }

    /// Whether a stored value has not expired.
    pub(super) fn is_alive(&self, stored: &[u8]) -> Result<bool> {
        Ok(self.judge(stored)?.fate != Fate::Goes)
    }

    /// Adds a list's element as a read leaves it, if it does.
    fn keep(&self, stored: &[u8], out: &mut Elements) -> Result<()> {
        let judged = self.judge(stored)?;
        match judged.fate {
            Fate::Goes => Ok(()),
            Fate::Stays => out.push(stored),
            Fate::Refreshed => out.push(&self.stamped(judged.bytes)),
        }
    }

    fn push(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        out.extend_from_slice(&self.stamp.to_bytes());
        out.extend_from_slice(bytes);
    }

    fn stamped(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stamped = Vec::with_capacity(STAMP_BYTES + bytes.len());
        self.push(&mut stamped, bytes);
        stamped
    }
}

/// Buffers that values pass through.
#[derive(Debug, Default)]
pub(super) struct Passing {
    /// A value as it is stored.
    stored: Vec<u8>,
    /// What a caller makes of one.
    bare: Vec<u8>,
}

impl Passing {
    fn take(&mut self, stored: &[u8]) {
        emptied(&mut self.stored).extend_from_slice(stored);
    }

    fn refresh(&mut self, life: &Life) {
        if let Some((stamp, _)) = self.stored.split_first_chunk_mut() {
            *stamp = life.stamp.to_bytes();
        }
    }

    fn bytes(&self) -> &[u8] {
        self.stored.get(STAMP_BYTES..).unwrap_or_default()
    }
}

impl BytesBackend {
    /// The stream has come to event time `time`, in the engine's unit, which is milliseconds where a
    /// [`Ttl`] is to mean what it says. An earlier time than told before changes nothing; `i64::MIN` is no time.
    ///
    /// Values of states whose TTL is by [`TimeDomain::Event`](crate::state::TimeDomain::Event) expire by the largest time
    /// told. Snapshots record it. What is written before the first one lives from it on.
    pub fn advance_event_time(&mut self, time: i64) {
        self.lifetimes.advance(time);
    }

    pub(super) fn life(&self, state: StateIndex) -> Result<Life> {
        let life = self.life_if_any(state);
        life.ok_or_else(|| Error::invalid("a state without a TTL"))
    }

    /// `None` of a state without a TTL.
    #[inline]
    pub(super) fn life_if_any(&self, state: StateIndex) -> Option<Life> {
        let ttl = self.registry.get(state.position())?.ttl?;
        let moment = self.lifetimes.moment(ttl.time);
        let stamp = Stamp::of(&ttl, moment);
        Some(Life { ttl, moment, stamp })
    }

    /// The stamp of list elements that are written now, if the state has any.
    #[inline]
    pub(crate) fn element_stamp(&self, state: StateIndex) -> Option<Stamp> {
        self.life_if_any(state).map(|life| life.stamp)
    }

    #[cold]
    pub(super) fn get_stamped(&mut self, state: StateIndex) -> Result<Option<&[u8]>> {
        let life = self.life(state)?;
        let Some(stored) = self.buffer.get(&self.row)? else {
            return Ok(None);
        };
        let Judged { fate, seen, .. } = life.judge(stored)?;
        self.passing.take(stored);
        match fate {
            Fate::Stays => {}
            Fate::Goes => self.buffer.put(&self.row, None)?,
            Fate::Refreshed => {
                self.passing.refresh(&life);
                self.buffer.put(&self.row, Some(&self.passing.stored))?;
            }
        }
        Ok(seen.then(|| self.passing.bytes()))
    }

    #[cold]
    pub(super) fn put_stamped(&mut self, state: StateIndex, value: &[u8]) -> Result<()> {
        let life = self.life(state)?;
        life.push(emptied(&mut self.passing.stored), value);
        self.buffer.put(&self.row, Some(&self.passing.stored))
    }

    #[cold]
    pub(super) fn update_stamped<R>(
        &mut self,
        state: StateIndex,
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        let life = self.life(state)?;
        let bare = &mut self.passing.bare;
        self.buffer.update(&self.row, |stored, out| {
            let judged = stored.map(|stored| life.judge(stored)).transpose()?;
            let fate = judged.as_ref().map_or(Fate::Stays, |judged| judged.fate);
            let old = judged.filter(|judged| judged.seen);
            let old = old.map(|judged| judged.bytes);
            let (update, result) = change(old, emptied(bare))?;
            let update = match (update, fate) {
                (Update::Put, _) => {
                    life.push(out, bare);
                    Update::Put
                }
                (Update::Delete, _) | (Update::Keep, Fate::Goes) => Update::Delete,
                (Update::Keep, Fate::Refreshed) => {
                    life.push(out, old.unwrap_or_default());
                    Update::Put
                }
                (Update::Keep, Fate::Stays) => Update::Keep,
            };
            Ok((update, result))
        })
    }

    #[cold]
    pub(super) fn map_get_stamped(
        &mut self,
        state: StateIndex,
        map_key: &[u8],
    ) -> Result<Option<&[u8]>> {
        let life = self.life(state)?;
        let Some(stored) = self.buffer.map_get(&self.row, map_key)? else {
            return Ok(None);
        };
        let Judged { fate, seen, .. } = life.judge(stored)?;
        self.passing.take(stored);
        match fate {
            Fate::Stays => {}
            Fate::Goes => self.buffer.map_put(&self.row, map_key, None)?,
            Fate::Refreshed => {
                self.passing.refresh(&life);
                let stored = Some(&*self.passing.stored);
                self.buffer.map_put(&self.row, map_key, stored)?;
            }
        }
        Ok(seen.then(|| self.passing.bytes()))
    }

    #[cold]
    pub(super) fn map_put_stamped<'e>(
        &mut self,
        state: StateIndex,
        entries: impl Iterator<Item = (&'e [u8], &'e [u8])>,
    ) -> Result<()> {
        let life = self.life(state)?;
        for (map_key, value) in entries {
            life.push(emptied(&mut self.passing.stored), value);
            let stored = Some(&*self.passing.stored);
            self.buffer.map_put(&self.row, map_key, stored)?;
        }
        Ok(())
    }

    /// Scans in parts: what a part met that goes or is refreshed is written before the next.
    #[cold]
    pub(super) fn map_scan_stamped(
        &mut self,
        state: StateIndex,
        range: &RowRange,
        visit: &mut VisitEntry<'_>,
    ) -> Result<()> {
        let life = self.life(state)?;
        let mut rest = range.clone();
        loop {
            let mut pending = Vec::new();
            let mut pending_bytes = 0;
            let mut next = None;
            let scanned = self
                .buffer
                .map_scan(&self.row, &rest, &mut |map_key, stored| {
                    let judged = life.judge(stored)?;
                    if judged.fate != Fate::Stays {
                        let refreshed = judged.fate == Fate::Refreshed;
                        let value = refreshed.then(|| life.stamped(judged.bytes));
                        pending_bytes += map_key.len() + value.as_ref().map_or(0, Vec::len);
                        pending.push((map_key.to_vec(), value));
                    }
                    if judged.seen && visit(map_key, judged.bytes)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    if pending_bytes < PENDING_BYTES_MAX {
                        return Ok(ControlFlow::Continue(()));
                    }
                    next = Some([map_key, &[0]].concat());
                    Ok(ControlFlow::Break(()))
                });
            for (map_key, value) in pending {
                self.buffer.map_put(&self.row, &map_key, value.as_deref())?;
            }
            scanned?;
            let Some(from) = next else { return Ok(()) };
            rest = RowRange::new(from, rest.to().map(<[u8]>::to_vec));
        }
    }

    #[cold]
    pub(super) fn list_scan_stamped(
        &mut self,
        state: StateIndex,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let life = self.life(state)?;
        let (mut goes, mut refreshed, mut ended) = (false, false, true);
        let mut alive_bytes = 0;
        self.buffer.list_scan(&self.row, &mut |stored| {
            let judged = life.judge(stored)?;
            match judged.fate {
                Fate::Goes => goes = true,
                Fate::Refreshed => refreshed = true,
                Fate::Stays => {}
            }
            if judged.fate != Fate::Goes {
                alive_bytes += stored.len();
            }
            if judged.seen && visit(judged.bytes)?.is_break() {
                ended = false;
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        // What follows a break was not judged: it is the next read's.
        if ended && refreshed && alive_bytes > self.gathered_bytes_max() {
            return self.rewrite_chunks(&mut |stored, out| life.keep(stored, out));
        }
        if ended && (refreshed || (goes && alive_bytes <= LIST_BYTES_MAX)) {
            self.rewrite_list(&life)?;
        }
        Ok(())
    }

    /// Leaves expired elements out, and gives the others the stamps that a read gives them.
    fn rewrite_list(&mut self, life: &Life) -> Result<()> {
        let mut alive = Elements::default();
        self.buffer.list_scan(&self.row, &mut |stored| {
            life.keep(stored, &mut alive)?;
            Ok(ControlFlow::Continue(()))
        })?;
        self.buffer.list_replace(&self.row, alive.framed())
    }

    /// Visits a list's elements as they are stored, those that have expired left out, until the visitor breaks. For moving them.
    pub(super) fn for_each_stored_element(
        &mut self,
        at: &Address<'_>,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if !self.locate_list(at)? {
            return self.buffer.list_scan(&self.row, visit);
        }
        let life = self.life(at.state)?;
        self.buffer.list_scan(&self.row, &mut |stored| {
            if life.is_alive(stored)? {
                return visit(stored);
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
