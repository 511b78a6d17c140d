//! The job's source: splits of an [`Input`], read at a [`Pace`].
//!
//! A position is the input's fingerprint and the index of the next row in the split. Everything
//! else, the watermark above all, follows from it.

use std::sync::Arc;

use alluvium::{Error, ErrorKind, Result};
use alluvium_timely::{Next, Source, SplitReader};

use super::flight::Flight;
use super::input::{Input, SPLITS};
use super::pace::{BATCH_ROWS, Pace};

/// Splits of an input.
#[derive(Debug, Clone)]
pub(crate) struct Departures {
    input: Input,
    pace: Arc<Pace>,
}

impl Departures {
    /// The source of an input's rows.
    pub(crate) const fn new(input: Input, pace: Arc<Pace>) -> Self {
        Self { input, pace }
    }
}

impl Source for Departures {
    type Record = Flight;

    fn splits(&self) -> u32 {
        SPLITS
    }

    fn open(&self, split: u32, position: Option<&[u8]>) -> Result<Box<dyn SplitReader<Flight>>> {
        let fingerprint = self.input.fingerprint();
        let next = position.map_or(Ok(0), |position| parse_position(position, fingerprint))?;
        self.pace.open_split(self.input.split_rows(split), next);
        Ok(Box::new(Reader {
            input: self.input.clone(),
            pace: Arc::clone(&self.pace),
            split,
            next,
            allowed: 0,
            fingerprint,
        }))
    }
}

struct Reader {
    input: Input,
    pace: Arc<Pace>,
    split: u32,
    next: u64,
    /// Rows that may be read before the pace is asked again.
    allowed: u64,
    fingerprint: u64,
}

impl SplitReader<Flight> for Reader {
    fn next(&mut self) -> Result<Next<Flight>> {
        if self.allowed == 0 {
            if !self.pace.may_read_batch() {
                return Ok(Next::Pending);
            }
            self.allowed = BATCH_ROWS;
        }
        let Some(flight) = self.input.row(self.split, self.next) else {
            return Ok(Next::End);
        };
        self.allowed -= 1;
        self.next += 1;
        self.pace.count_row();
        Ok(Next::Record(flight))
    }

    fn position(&self) -> Vec<u8> {
        [self.fingerprint.to_be_bytes(), self.next.to_be_bytes()].concat()
    }

    fn watermark(&self) -> i64 {
        // Rows of one time may follow each other, so only times before the next row's are complete.
        // Behind the last row of the split, no row of the whole input is missing.
        let next = self.input.event_time(self.split, self.next);
        next.map_or_else(|| self.input.last_event_time(), |at| at - 1)
    }
}

fn parse_position(position: &[u8], fingerprint: u64) -> Result<u64> {
    let (Some(of), Some(next)) = (position.first_chunk::<8>(), position.last_chunk::<8>()) else {
        return Err(Error::corrupt(
            "a source position in the checkpoint is not one of this job's",
        ));
    };
    if u64::from_be_bytes(*of) != fingerprint {
        return Err(Error::new(
            ErrorKind::Incompatible,
            "the checkpoint was taken while reading other input: give the same --data, --keys and --records",
        ));
    }
    Ok(u64::from_be_bytes(*next))
}

#[cfg(test)]
mod tests {
    use alluvium::environment::Environment;

    use super::super::input::InputChoice;
    use super::*;

    fn departures(rows: u64) -> Departures {
        let input = Input::open(&InputChoice::Generated { aircraft: 20, rows }).expect("generated");
        Departures::new(input, Arc::new(Pace::new(&Environment::system(), 0, false)))
    }

    fn read(reader: &mut dyn SplitReader<Flight>, most: usize) -> Vec<Flight> {
        let mut flights = Vec::new();
        while flights.len() < most {
            match reader.next().expect("readable") {
                Next::Record(flight) => flights.push(flight),
                Next::Pending => {}
                Next::End => break,
            }
        }
        flights
    }

    #[test]
    fn a_reader_goes_on_where_a_position_says() {
        let source = departures(1_000);
        let mut first = source.open(3, None).expect("open");
        read(first.as_mut(), 10);
        let mut second = source.open(3, Some(&first.position())).expect("open");

        assert_eq!(first.watermark(), second.watermark());
        assert_eq!(
            read(first.as_mut(), usize::MAX),
            read(second.as_mut(), usize::MAX)
        );
    }

    #[test]
    fn no_row_follows_that_is_not_after_the_watermark() {
        let source = departures(1_000);
        let mut reader = source.open(0, None).expect("open");
        let mut watermark = reader.watermark();
        while let Some(flight) = read(reader.as_mut(), 1).pop() {
            assert!(flight.at > watermark);
            assert!(reader.watermark() >= watermark);
            watermark = reader.watermark();
        }

        assert_eq!(watermark, source.input.last_event_time());
    }

    #[test]
    fn a_position_in_other_input_is_incompatible() {
        let position = departures(1_000).open(0, None).expect("open").position();
        let error = departures(1_001)
            .open(0, Some(&position))
            .err()
            .expect("other input");

        assert_eq!(error.kind(), ErrorKind::Incompatible);
    }
}
