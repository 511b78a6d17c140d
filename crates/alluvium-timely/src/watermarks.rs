//! A keyed worker's watermark, from what all source workers said.
//!
//! Invariants: nothing is known until every source worker has spoken; while one still reads, the watermark is
//! the least of those that do; when all have ended it is the greatest of their last ones, so that timers
//! beyond the data do not fire; it never shrinks.

use std::collections::BTreeMap;

use crate::dataflow::message::SourceProgress;

#[derive(Debug)]
pub(crate) struct Watermarks {
    sources: u32,
    said: BTreeMap<u32, SourceProgress>,
    watermark: Option<i64>,
}

impl Watermarks {
    /// Nothing said yet by `sources` source workers.
    pub(crate) const fn new(sources: u32) -> Self {
        Self {
            sources,
            said: BTreeMap::new(),
            watermark: None,
        }
    }

    /// Takes what one of them says. Returns the watermark if it grew.
    pub(crate) fn update(&mut self, source: u32, progress: SourceProgress) -> Option<i64> {
        self.said.insert(source, progress);
        if u32::try_from(self.said.len()) != Ok(self.sources) {
            return None;
        }
        let reading = self.said.values().filter_map(|said| match said {
            SourceProgress::Reading(watermark) => Some(*watermark),
            SourceProgress::Ended { .. } => None,
        });
        let now = reading.min().or_else(|| self.last())?;
        // `i64::MIN` is no time: nothing is due at it.
        if now == i64::MIN || self.watermark >= Some(now) {
            return None;
        }
        self.watermark = Some(now);
        self.watermark
    }

    fn last(&self) -> Option<i64> {
        let last = self.said.values().map(|said| match said {
            SourceProgress::Reading(watermark) => *watermark,
            SourceProgress::Ended { last, .. } => *last,
        });
        last.max()
    }

    /// Whether any source worker that has ended read a record in this attempt.
    pub(crate) fn read_any(&self) -> bool {
        self.said
            .values()
            .any(|said| matches!(said, SourceProgress::Ended { read_any: true, .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ended(last: i64) -> SourceProgress {
        SourceProgress::Ended {
            last,
            read_any: true,
        }
    }

    #[test]
    fn nothing_is_due_before_every_source_has_spoken() {
        let mut watermarks = Watermarks::new(2);

        assert_eq!(watermarks.update(0, SourceProgress::Reading(50)), None);
        assert_eq!(watermarks.update(1, SourceProgress::Reading(20)), Some(20));
    }

    #[test]
    fn the_slowest_source_that_still_reads_decides() {
        let mut watermarks = Watermarks::new(3);
        watermarks.update(0, SourceProgress::Reading(50));
        watermarks.update(1, SourceProgress::Reading(20));
        watermarks.update(2, ended(10));

        assert_eq!(watermarks.update(1, SourceProgress::Reading(70)), Some(50));
    }

    #[test]
    fn at_the_end_the_latest_time_of_the_data_is_reached_and_not_passed() {
        let mut watermarks = Watermarks::new(2);
        watermarks.update(0, ended(90));
        watermarks.update(1, SourceProgress::Reading(20));

        assert_eq!(watermarks.update(1, ended(30)), Some(90));
    }

    #[test]
    fn a_watermark_that_does_not_grow_is_no_news() {
        let mut watermarks = Watermarks::new(1);
        watermarks.update(0, SourceProgress::Reading(20));

        assert_eq!(watermarks.update(0, SourceProgress::Reading(20)), None);
        assert_eq!(watermarks.update(0, SourceProgress::Reading(10)), None);
    }

    #[test]
    fn sources_that_know_no_time_set_none() {
        let mut watermarks = Watermarks::new(1);

        assert_eq!(
            watermarks.update(0, SourceProgress::Reading(i64::MIN)),
            None
        );
        assert_eq!(watermarks.update(0, ended(i64::MIN)), None);
    }
}
