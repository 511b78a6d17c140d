//! Reading several splits as one, over readers whose records are their event times.

use super::*;

/// Splits of event times; `None` is a moment without a record.
struct Times(Vec<Vec<Option<i64>>>);

struct TimesReader {
    times: Vec<Option<i64>>,
    at: usize,
    watermark: i64,
}

impl Source for Times {
    type Record = i64;

    fn splits(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap()
    }

    fn open(&self, split: u32, position: Option<&[u8]>) -> Result<Box<dyn SplitReader<i64>>> {
        let times = self.0[usize::try_from(split).unwrap()].clone();
        let at = position.map_or(0, |position| usize::from(position[0]));
        let watermark = times[..at]
            .iter()
            .flatten()
            .copied()
            .max()
            .unwrap_or(i64::MIN);
        Ok(Box::new(TimesReader {
            times,
            at,
            watermark,
        }))
    }
}

impl SplitReader<i64> for TimesReader {
    fn next(&mut self) -> Result<Next<i64>> {
        let Some(next) = self.times.get(self.at) else {
            return Ok(Next::End);
        };
        self.at += 1;
        self.watermark = next.unwrap_or(self.watermark);
        Ok(next.map_or(Next::Pending, Next::Record))
    }

    fn position(&self) -> Vec<u8> {
        vec![u8::try_from(self.at).unwrap()]
    }

    fn watermark(&self) -> i64 {
        self.watermark
    }
}

fn read_all(splits: &mut Splits<i64>) -> Vec<i64> {
    let mut read = Vec::new();
    loop {
        match splits.next().unwrap() {
            Next::Record(time) => read.push(time),
            Next::Pending => {}
            Next::End => return read,
        }
    }
}

#[test]
fn every_record_of_every_split_is_read_once_though_some_have_to_be_waited_for() {
    let source = Times(vec![
        vec![Some(1), None, Some(4)],
        vec![None, None, Some(2)],
        vec![],
        vec![Some(3)],
    ]);

    let mut splits = Splits::open(&source, &BTreeMap::new(), 0, 1).unwrap();
    let mut read = read_all(&mut splits);

    read.sort_unstable();
    assert_eq!(read, [1, 2, 3, 4]);
    assert_eq!(splits.records(), 4);
    assert_eq!(
        splits.progress(),
        SourceProgress::Ended {
            last: 4,
            read_any: true
        }
    );
}

#[test]
fn the_split_that_is_behind_in_event_time_is_read_first() {
    let fast: Vec<_> = (0..200).map(|n| Some(n * 100)).collect();
    let slow: Vec<_> = (0..200).map(Some).collect();
    let source = Times(vec![fast, slow]);

    let mut splits = Splits::open(&source, &BTreeMap::new(), 0, 1).unwrap();
    let first: Vec<_> = (0..160).map(|_| splits.next().unwrap()).collect();

    let ahead = first
        .iter()
        .filter(|next| matches!(next, Next::Record(time) if *time >= 200));
    assert!(
        ahead.count() < 64,
        "the fast split was read past the slow one for more than a run"
    );
}

#[test]
fn workers_share_the_splits_and_go_on_from_positions() {
    let source = Times(vec![
        vec![Some(1), Some(2)],
        vec![Some(3), Some(4)],
        vec![Some(5), Some(6)],
    ]);
    let positions = BTreeMap::from([(0, vec![1]), (2, vec![2])]);

    let mut even = Splits::open(&source, &positions, 0, 2).unwrap();
    let mut odd = Splits::open(&source, &positions, 1, 2).unwrap();

    assert_eq!(read_all(&mut even), [2]);
    assert_eq!(read_all(&mut odd), [3, 4]);
    assert_eq!(
        BTreeMap::from_iter(even.positions()),
        BTreeMap::from([(0, vec![2]), (2, vec![2])])
    );
    assert_eq!(
        even.progress(),
        SourceProgress::Ended {
            last: 6,
            read_any: true
        }
    );
}

#[test]
fn a_worker_without_splits_has_ended_and_knows_no_time() {
    let source = Times(vec![vec![Some(1)]]);

    let mut none = Splits::open(&source, &BTreeMap::new(), 1, 2).unwrap();

    assert_eq!(none.next().unwrap(), Next::End);
    assert_eq!(
        none.progress(),
        SourceProgress::Ended {
            last: i64::MIN,
            read_any: false
        }
    );
}
