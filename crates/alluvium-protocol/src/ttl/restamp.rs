//! What becomes of a state's stored values when its TTL is switched on or off, or to another time.
//!
//! Values that had expired go, and are never seen again; those that were alive live on: for good when the TTL is switched
//! off, else as if they were written now.

use crate::chunk::{Elements, push_element, push_element_with};
use crate::error::Result;
use crate::schema::StateKind;
use crate::stamp::{Moment, Stamp, split};
use crate::ttl::{TimeDomain, Ttl};

/// How a state's values are to be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a backend that rewrites must treat each field"
)]
pub struct Restamp {
    /// The time by which stored values expire; `None` if they have no stamp.
    pub from: Option<TimeDomain>,
    /// What they get; `None` is no stamp.
    pub to: Option<Ttl>,
}

/// Compares the TTL that stored values were written with and the declared one. `None` if they stay as they are.
#[must_use]
pub fn plan_restamp(stored: Option<Ttl>, declared: Option<Ttl>) -> Option<Restamp> {
    let from = stored.map(|ttl| ttl.time);
    let to = declared;
    (from != to.map(|ttl| ttl.time)).then_some(Restamp { from, to })
}

impl Restamp {
    /// Appends a row's new value to `out`. Returns false when nothing of it is alive: the row goes. `from` is the time that
    /// stored values are judged by, `to` the one that they are stamped with.
    ///
    /// # Errors
    /// `Corrupt` when the value is not one of such a state.
    pub fn rewrite(
        &self,
        kind: StateKind,
        value: &[u8],
        (from, to): (Moment, Moment),
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let stamp = self.to.map(|ttl| Stamp::of(&ttl, to));
        if kind != StateKind::List {
            let Some(bytes) = self.alive(value, from)? else {
                return Ok(false);
            };
            if let Some(stamp) = stamp {
                out.extend_from_slice(&stamp.to_bytes());
            }
            out.extend_from_slice(bytes);
            return Ok(true);
        }
        let before = out.len();
        for element in Elements::new(value) {
            let Some(bytes) = self.alive(element?, from)? else {
                continue;
            };
            match stamp {
                None => push_element(out, bytes)?,
                Some(stamp) => {
                    let write = |out: &mut Vec<u8>| {
                        out.extend_from_slice(&stamp.to_bytes());
                        out.extend_from_slice(bytes);
                        Ok::<_, crate::Error>(())
                    };
                    push_element_with(out, write)?;
                }
            }
        }
        Ok(out.len() > before)
    }

    /// The bytes of a stored value without its stamp, unless it has expired.
    fn alive<'v>(&self, stored: &'v [u8], moment: Moment) -> Result<Option<&'v [u8]>> {
        if self.from.is_none() {
            return Ok(Some(stored));
        }
        let (stamp, bytes) = split(stored)?;
        Ok((!stamp.has_passed(moment)).then_some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TTL: Ttl = Ttl::new(Duration::from_millis(100));
    const BY_EVENTS: Ttl = TTL.time(TimeDomain::Event);

    fn rewritten(
        from: Option<Ttl>,
        to: Option<Ttl>,
        kind: StateKind,
        value: &[u8],
    ) -> Option<Vec<u8>> {
        let plan = plan_restamp(from, to).unwrap();
        let mut out = Vec::new();
        let moments = (Moment::at(1000), Moment::at(2000));
        let kept = plan.rewrite(kind, value, moments, &mut out).unwrap();
        kept.then_some(out)
    }

    fn stamped(written: i64, bytes: &[u8]) -> Vec<u8> {
        [&Stamp::of(&TTL, Moment::at(written)).to_bytes()[..], bytes].concat()
    }

    fn chunk(elements: &[Vec<u8>]) -> Vec<u8> {
        let mut chunk = Vec::new();
        for element in elements {
            push_element(&mut chunk, element).unwrap();
        }
        chunk
    }

    #[test]
    fn another_duration_refresh_or_visibility_rewrites_nothing() {
        let other = Ttl::new(Duration::from_secs(9))
            .refresh(crate::ttl::Refresh::OnReadAndWrite)
            .expired(crate::ttl::Expired::SeenUntilCleaned);

        assert_eq!(plan_restamp(Some(TTL), Some(other)), None);
        assert_eq!(plan_restamp(None, None), None);
    }

    #[test]
    fn switching_on_stamps_values_with_the_time_of_the_switch() {
        let kept = rewritten(None, Some(TTL), StateKind::Value, b"v");

        assert_eq!(kept, Some(stamped(2000, b"v")));
    }

    #[test]
    fn switching_off_keeps_what_is_alive_without_its_stamp() {
        let off = |value: &[u8]| rewritten(Some(TTL), None, StateKind::Map, value);

        assert_eq!(off(&stamped(901, b"v")), Some(b"v".to_vec()));
        assert_eq!(off(&stamped(900, b"v")), None);
    }

    #[test]
    fn another_time_stamps_anew_what_is_alive() {
        let moved =
            |value: &[u8]| rewritten(Some(TTL), Some(BY_EVENTS), StateKind::Reducing, value);

        assert_eq!(moved(&stamped(901, b"v")), Some(stamped(2000, b"v")));
        assert_eq!(moved(&stamped(900, b"v")), None);
    }

    #[test]
    fn of_a_list_each_element_is_rewritten_by_itself() {
        let plain = chunk(&[b"a".to_vec(), Vec::new()]);
        let on = chunk(&[stamped(2000, b"a"), stamped(2000, b"")]);
        assert_eq!(
            rewritten(None, Some(TTL), StateKind::List, &plain),
            Some(on)
        );

        let some = chunk(&[stamped(900, b"a"), stamped(901, b"b")]);
        assert_eq!(
            rewritten(Some(TTL), None, StateKind::List, &some),
            Some(chunk(&[b"b".to_vec()]))
        );
        let none = chunk(&[stamped(900, b"a")]);
        assert_eq!(rewritten(Some(TTL), None, StateKind::List, &none), None);
    }
}
