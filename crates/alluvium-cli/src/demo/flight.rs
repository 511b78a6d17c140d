//! One departure, and the parsing of one line of the departures file.
//!
//! Keeps of the ten columns what the job uses, but checks all ten: a line is read whole or refused.
//! Where lines come from and what becomes of refused ones is `flights_file`'s business.

use serde::{Deserialize, Serialize};

use crate::time::parse_rfc3339;

/// The columns of the departures file, in order.
pub(crate) const COLUMNS: [&str; 10] = [
    "sched",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "dep_delay",
    "arr_delay",
    "air_time",
    "distance",
];

/// One scheduled departure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flight {
    /// When it was to depart, in milliseconds since the Unix epoch: the event time.
    pub(crate) at: i64,
    /// The aircraft: the key of all state. Empty where it was never told.
    pub(crate) tailnum: String,
    /// The airport it was to leave.
    pub(crate) origin: String,
    /// The airport it was bound for.
    pub(crate) dest: String,
    /// Whether it departed; false for a cancelled flight, which leaves the aircraft where it was.
    pub(crate) departed: bool,
    /// Minutes late at its destination, negative if early; `None` where it did not arrive there.
    pub(crate) arr_delay: Option<i32>,
    /// Minutes in the air, where it arrived.
    pub(crate) air_minutes: Option<u32>,
}

impl Flight {
    /// Where the aircraft is known to be by this flight.
    pub(crate) fn seen_at(&self) -> &str {
        if self.departed {
            &self.dest
        } else {
            &self.origin
        }
    }

    /// The flight that a line of the file tells, or why it tells none.
    pub(crate) fn parse(line: &csv::ByteRecord) -> Result<Self, String> {
        if line.len() != COLUMNS.len() {
            return Err(format!(
                "{} columns where {} are expected",
                line.len(),
                COLUMNS.len()
            ));
        }
        let mut columns = COLUMNS.iter().zip(line);
        let mut next = || -> Result<(&str, &str), String> {
            let (name, bytes) = columns.next().ok_or_else(|| "too few columns".to_owned())?;
            let text =
                str::from_utf8(bytes).map_err(|error| format!("column `{name}`: {error}"))?;
            Ok((name, text))
        };

        let at = parse_rfc3339(next()?.1).map_err(|why| format!("column `sched`: {why}"))?;
        required(next()?)?;
        number::<u32>(next()?)?.ok_or("column `flight` is empty")?;
        let tailnum = next()?.1.to_owned();
        let origin = required(next()?)?.to_owned();
        let dest = required(next()?)?.to_owned();
        let departed = number::<i32>(next()?)?.is_some();
        let arr_delay = number(next()?)?;
        let air_minutes = number(next()?)?;
        number::<u32>(next()?)?.ok_or("column `distance` is empty")?;
        if !departed && arr_delay.is_some() {
            return Err(
                "it has an `arr_delay` but no `dep_delay`: it arrived without departing".to_owned(),
            );
        }
        Ok(Self {
            at,
            tailnum,
            origin,
            dest,
            departed,
            arr_delay,
            air_minutes,
        })
    }
}

fn required<'a>((name, text): (&str, &'a str)) -> Result<&'a str, String> {
    if text.is_empty() {
        Err(format!("column `{name}` is empty"))
    } else {
        Ok(text)
    }
}

fn number<N>((name, text): (&str, &str)) -> Result<Option<N>, String>
where
    N: std::str::FromStr<Err = std::num::ParseIntError>,
{
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error| format!("column `{name}`: `{text}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flight, String> {
        Flight::parse(&line.split(',').collect::<Vec<_>>().into())
    }

    #[test]
    fn a_flight_that_arrived_early_is_seen_at_its_destination() {
        let flight =
            parse("2013-01-01T10:45:00Z,B6,725,N804JB,JFK,BQN,-1,-18,183,1576").expect("whole");

        assert_eq!(flight.seen_at(), "BQN");
        assert_eq!(
            (flight.arr_delay, flight.air_minutes),
            (Some(-18), Some(183))
        );
    }

    #[test]
    fn a_cancelled_flight_leaves_the_aircraft_at_its_origin() {
        let flight = parse("2013-01-01T10:45:00Z,B6,725,N804JB,JFK,BQN,,,,1576").expect("whole");

        assert_eq!(flight.seen_at(), "JFK");
        assert_eq!(flight.arr_delay, None);
    }

    #[test]
    fn a_malformed_line_is_refused_by_the_column_that_is_wrong() {
        for (line, reason) in [
            ("", "1 columns where 10"),
            ("soon,B6,725,N804JB,JFK,BQN,-1,-18,183,1576", "`sched`"),
            (
                "2013-01-01T10:45:00Z,,725,N804JB,JFK,BQN,-1,-18,183,1576",
                "`carrier` is empty",
            ),
            (
                "2013-01-01T10:45:00Z,B6,x,N804JB,JFK,BQN,-1,-18,183,1576",
                "`flight`: `x`",
            ),
            (
                "2013-01-01T10:45:00Z,B6,725,N804JB,,BQN,-1,-18,183,1576",
                "`origin` is empty",
            ),
            (
                "2013-01-01T10:45:00Z,B6,725,N804JB,JFK,BQN,-1,-18,-183,1576",
                "`air_time`: `-183`",
            ),
            (
                "2013-01-01T10:45:00Z,B6,725,N804JB,JFK,BQN,,-18,183,1576",
                "without departing",
            ),
            (
                "2013-01-01T10:45:00Z,B6,725,N804JB,JFK,BQN,-1,-18,183",
                "9 columns",
            ),
        ] {
            let refused = parse(line).expect_err(line);

            assert!(refused.contains(reason), "{line}: {refused}");
        }
    }
}
