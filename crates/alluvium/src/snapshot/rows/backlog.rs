//! What several threads have to do: things to begin, and what was begun and is left for any thread to finish.
//!
//! Invariants: what is left goes first, so that little of it lies about; a thread that finds nothing to do waits
//! as long as another may still leave something; no thread waits for good, whatever becomes of the others, and one
//! thread alone gets everything done.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Result;
use crate::storage::Cancel;

/// How often a thread that waits looks whether it was cancelled.
const CANCEL_LOOK: Duration = Duration::from_millis(50);

/// Things to begin and to finish.
#[derive(Debug)]
pub(super) struct Backlog<B, F> {
    lists: Mutex<Lists<B, F>>,
    changed: Condvar,
    left_max: usize,
}

#[derive(Debug)]
struct Lists<B, F> {
    to_begin: VecDeque<B>,
    left: VecDeque<F>,
    /// Threads that began something and are not done with it.
    at_work: usize,
}

/// What a thread does next.
#[derive(Debug)]
pub(super) enum Work<'a, B, F> {
    Begin(Begun<'a, B, F>),
    Finish(F),
}

impl<B, F> Backlog<B, F> {
    /// Things to begin. Up to `left_max` may be left for others to finish.
    pub(super) fn new(to_begin: impl Iterator<Item = B>, left_max: usize) -> Self {
        Self {
            lists: Mutex::new(Lists {
                to_begin: to_begin.collect(),
                left: VecDeque::new(),
                at_work: 0,
            }),
            changed: Condvar::new(),
            left_max,
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists<B, F>> {
        // Every change is a single call: the lists are whole whatever panicked.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do next; `None` when everything is done or in the hands of others, who leave nothing more.
    ///
    /// # Errors
    /// `Cancelled` soon after `cancel` is set.
    pub(super) fn next(&self, cancel: &Cancel) -> Result<Option<Work<'_, B, F>>> {
        let mut lists = self.lists();
        loop {
            cancel.check("a transfer")?;
            if let Some(left) = lists.left.pop_front() {
                return Ok(Some(Work::Finish(left)));
            }
            if let Some(thing) = lists.to_begin.pop_front() {
                lists.at_work += 1;
                let backlog = self;
                return Ok(Some(Work::Begin(Begun { backlog, thing })));
            }
            if lists.at_work == 0 {
                return Ok(None);
            }
            let waited = self.changed.wait_timeout(lists, CANCEL_LOOK);
            lists = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Leaves something to be finished by any thread, or returns it if too much is left already.
    pub(super) fn leave(&self, left: F) -> Option<F> {
        let mut lists = self.lists();
        if lists.left.len() >= self.left_max {
            return Some(left);
        }
        lists.left.push_back(left);
        self.changed.notify_one();
        None
    }
}

/// Something that a thread began. It is done with it when this is dropped.
pub(super) struct Begun<'a, B, F> {
    backlog: &'a Backlog<B, F>,
    thing: B,
}

impl<B: fmt::Debug, F> fmt::Debug for Begun<'_, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Begun").field(&self.thing).finish()
    }
}

impl<B, F> std::ops::Deref for Begun<'_, B, F> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.thing
    }
}

impl<B, F> Drop for Begun<'_, B, F> {
    fn drop(&mut self) {
        self.backlog.lists().at_work -= 1;
        self.backlog.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin<'a>(backlog: &'a Backlog<u32, &'static str>) -> Begun<'a, u32, &'static str> {
        match backlog.next(&Cancel::new()).unwrap() {
            Some(Work::Begin(begun)) => begun,
            other => panic!("{other:?}"),
        }
    }

    fn finish(backlog: &Backlog<u32, &'static str>) -> Option<&'static str> {
        match backlog.next(&Cancel::new()).unwrap() {
            Some(Work::Finish(left)) => Some(left),
            Some(Work::Begin(begun)) => panic!("{begun:?}"),
            None => None,
        }
    }

    #[test]
    fn what_is_left_is_finished_before_anything_is_begun() {
        let backlog = Backlog::new(0..2, 2);
        let first = begin(&backlog);

        assert_eq!(backlog.leave("a"), None);
        assert_eq!(backlog.leave("b"), None);
        drop(first);

        assert_eq!([finish(&backlog), finish(&backlog)], [Some("a"), Some("b")]);
        assert_eq!(*begin(&backlog), 1);
        assert_eq!(finish(&backlog), None);
    }

    #[test]
    fn what_there_is_no_room_for_stays_with_the_one_who_has_it() {
        let backlog = Backlog::new(0..1, 1);
        let _only = begin(&backlog);

        assert_eq!(backlog.leave("a"), None);
        assert_eq!(backlog.leave("b"), Some("b"));
    }

    #[test]
    fn a_thread_waits_for_what_another_may_leave_and_not_for_one_that_panicked() {
        let backlog = Backlog::new(0..2, 1);

        let waited = std::thread::scope(|scope| {
            let one = begin(&backlog);
            let other = begin(&backlog);
            let waits = scope.spawn(|| (finish(&backlog), finish(&backlog)));
            backlog.leave("a");
            drop(one);
            let panics = scope.spawn(move || {
                let _other = other;
                panic!("as planned")
            });
            panics.join().unwrap_err();
            waits.join().unwrap()
        });

        assert_eq!(waited, (Some("a"), None));
    }

    #[test]
    fn a_thread_that_waits_is_cancelled() {
        let backlog = Backlog::new(0..1, 1);
        let _only = begin(&backlog);
        let cancel = Cancel::new();
        cancel.cancel();

        let error = backlog.next(&cancel).unwrap_err();

        assert_eq!(error.kind(), crate::ErrorKind::Cancelled);
    }
}
