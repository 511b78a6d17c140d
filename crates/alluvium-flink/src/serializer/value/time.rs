//! Dates and times.
//!
//! ```text
//! Date, sql.Date, sql.Time  milliseconds:i64               the smallest is null
//! Timestamp                 milliseconds:i64 nanos:i32     the smallest milliseconds are null
//! Instant                   seconds:i64 nanos:i32          the smallest seconds are null
//! LocalDate                 year:i32 month:u8 day:u8       the smallest year is null
//! LocalTime                 hour:u8 minute:u8 second:u8 nanos:i32      the hour 80 is null
//! LocalDateTime             LocalDate LocalTime, both null or none
//! SQL's timestamp           milliseconds:i64, and nanos of a millisecond:i32 if it has more than three digits of a second
//! ```
//!
//! They are ISO 8601 as Java's `toString()` writes it: `2026-11-23`, `06:38`, `06:38:31.5`, `2026-11-23T06:38:31Z`. What has
//! no such text (a `Timestamp` whose milliseconds and nanoseconds contradict each other) is a sequence of its numbers.

pub(super) mod calendar;

use alluvium_protocol::value::Value;

use self::calendar::{Date, Time, instant, local, parse_instant, parse_local};
use super::encode::{integer, mismatch, of};
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::serializer::Simple;

const MILLION: i64 = 1_000_000;

/// An hour that is none.
const NULL_HOUR: u8 = 0x80;

pub(super) fn read<O: Output>(simple: Simple, cursor: &mut Cursor<'_>) -> Result<O> {
    match simple {
        Simple::Timestamp => {
            let millis = cursor.i64("a timestamp")?;
            let nanos = cursor.i32("the nanoseconds of a timestamp")?;
            Ok(O::value(|| timestamp(millis, nanos)))
        }
        Simple::Instant => {
            let seconds = cursor.i64("an instant")?;
            let nanos = cursor.i32("the nanoseconds of an instant")?;
            Ok(O::value(|| match seconds {
                i64::MIN => Value::Null,
                _ => match instant(seconds, nanos) {
                    Some(text) => Value::Str(text),
                    None => numbers([seconds, nanos.into()]),
                },
            }))
        }
        Simple::LocalDate => {
            let date = read_date(cursor)?;
            Ok(O::value(|| or_null(date.map(|date| date.to_string()))))
        }
        Simple::LocalTime => {
            let time = read_time(cursor)?;
            Ok(O::value(|| or_null(time.map(|time| time.to_string()))))
        }
        Simple::LocalDateTime => {
            let date = read_date(cursor)?;
            let time = read_time(cursor)?;
            let both = date.zip(time);
            Ok(O::value(|| {
                or_null(both.map(|(date, time)| format!("{date}T{time}")))
            }))
        }
        _ => {
            let millis = cursor.i64("a date")?;
            Ok(O::value(|| match millis {
                i64::MIN => Value::Null,
                _ => of_millis(millis),
            }))
        }
    }
}

fn or_null(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Str)
}

fn numbers<const N: usize>(numbers: [i64; N]) -> Value {
    Value::Seq(numbers.map(|number| Value::Int(number.into())).into())
}

fn of_millis(millis: i64) -> Value {
    // Below a billion, so it fits.
    let nanos = i32::try_from(millis.rem_euclid(1000) * MILLION).unwrap_or(0);
    match instant(millis.div_euclid(1000), nanos) {
        Some(text) => Value::Str(text),
        None => Value::Int(millis.into()),
    }
}

fn timestamp(millis: i64, nanos: i32) -> Value {
    let text = (i64::from(nanos) / MILLION == millis.rem_euclid(1000))
        .then(|| instant(millis.div_euclid(1000), nanos))
        .flatten();
    match text {
        _ if millis == i64::MIN && nanos == 0 => Value::Null,
        Some(text) => Value::Str(text),
        None => numbers([millis, nanos.into()]),
    }
}

fn read_date(cursor: &mut Cursor<'_>) -> Result<Option<Date>> {
    let start = cursor.clone();
    let year = cursor.i32("the year of a date")?;
    let [month, day] = cursor.array("the month and day of a date")?;
    if year == i32::MIN {
        return Ok(None);
    }
    let date = Date::new(year.into(), month, day);
    date.map(Some)
        .ok_or_else(|| start.corrupt(format!("there is no date {year}-{month}-{day}")))
}

fn read_time(cursor: &mut Cursor<'_>) -> Result<Option<Time>> {
    let start = cursor.clone();
    let [hour, minute, second] = cursor.array("the hour, minute and second of a time")?;
    let nanos = cursor.i32("the nanoseconds of a time")?;
    if hour == NULL_HOUR {
        return Ok(None);
    }
    let time = Time::new(hour, minute, second, nanos);
    time.map(Some).ok_or_else(|| {
        start.corrupt(format!(
            "there is no time {hour}:{minute}:{second} and {nanos} ns"
        ))
    })
}

pub(super) fn write(simple: Simple, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match simple {
        Simple::Timestamp | Simple::Instant => {
            let millis = simple == Simple::Timestamp;
            let (number, nanos) = match value {
                Value::Null => (i64::MIN, if millis { 0 } else { i32::MIN }),
                Value::Seq(parts) => match parts.as_slice() {
                    [number, nanos] => (integer(number, "a time")?, integer(nanos, "a time")?),
                    _ => return Err(mismatch("an instant", of(value))),
                },
                other => match (text(other, "an instant", parse_instant)?, millis) {
                    ((seconds, nanos), false) => (seconds, nanos),
                    ((seconds, nanos), true) => (to_millis(seconds, nanos)?, nanos),
                },
            };
            out.extend(number.to_be_bytes());
            out.extend(nanos.to_be_bytes());
        }
        Simple::LocalDate => match value {
            Value::Null => write_null_date(out),
            other => write_date(text(other, "a date", str::parse_date)?, out)?,
        },
        Simple::LocalTime => match value {
            Value::Null => write_null_time(out),
            other => write_time(text(other, "a time", str::parse_time)?, out),
        },
        Simple::LocalDateTime => match value {
            Value::Null => {
                write_null_date(out);
                write_null_time(out);
            }
            other => {
                let (date, time) = text(other, "a date and a time", |text| {
                    let (date, time) = text.split_once('T')?;
                    Some((date.parse_date()?, time.parse_time()?))
                })?;
                write_date(date, out)?;
                write_time(time, out);
            }
        },
        _ => {
            let millis = match value {
                Value::Null => i64::MIN,
                Value::Int(_) | Value::Uint(_) => integer(value, "milliseconds")?,
                other => {
                    let (seconds, nanos) = text(other, "an instant", parse_instant)?;
                    to_millis(seconds, nanos)?
                }
            };
            out.extend(millis.to_be_bytes());
        }
    }
    Ok(())
}

/// Reads of texts, as methods so that they can be named.
trait Parse {
    fn parse_date(&self) -> Option<Date>;
    fn parse_time(&self) -> Option<Time>;
}

impl Parse for str {
    fn parse_date(&self) -> Option<Date> {
        Date::parse(self)
    }

    fn parse_time(&self) -> Option<Time> {
        Time::parse(self)
    }
}

fn text<T>(value: &Value, what: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    match value {
        Value::Str(text) => {
            parse(text).ok_or_else(|| mismatch(format!("{what} as ISO 8601 writes it"), text))
        }
        other => Err(mismatch(what, of(other))),
    }
}

fn to_millis(seconds: i64, nanos: i32) -> Result<i64> {
    let millis = seconds
        .checked_mul(1000)
        .and_then(|millis| millis.checked_add(i64::from(nanos) / MILLION));
    millis.ok_or_else(|| mismatch("milliseconds since 1970 of 64 bits", "more"))
}

fn write_null_date(out: &mut Vec<u8>) {
    out.extend(i32::MIN.to_be_bytes());
    out.extend(i16::MIN.to_be_bytes());
}

fn write_null_time(out: &mut Vec<u8>) {
    out.push(NULL_HOUR);
    out.extend(i16::MIN.to_be_bytes());
    out.extend(i32::MIN.to_be_bytes());
}

fn write_date(date: Date, out: &mut Vec<u8>) -> Result<()> {
    let year = i32::try_from(date.year)
        .map_err(|e| mismatch("a year of 32 bits", date.year).with_source(e))?;
    out.extend(year.to_be_bytes());
    out.extend([date.month, date.day]);
    Ok(())
}

fn write_time(time: Time, out: &mut Vec<u8>) {
    out.extend([time.hour, time.minute, time.second]);
    out.extend(time.nanos.to_be_bytes());
}

/// Up to how many digits of a second SQL's timestamps are only milliseconds.
pub(super) const COMPACT_PRECISION_MAX: u32 = 3;

/// A timestamp of SQL, without a zone.
pub(super) fn of_sql(millis: i64, nanos: i32) -> Value {
    match sql_seconds(millis, nanos).and_then(|(seconds, nanos)| local(seconds, nanos)) {
        Some(text) => Value::Str(text),
        None => numbers([millis, nanos.into()]),
    }
}

/// An instant of SQL.
pub(super) fn instant_of_sql(millis: i64, nanos: i32) -> Value {
    match sql_seconds(millis, nanos).and_then(|(seconds, nanos)| instant(seconds, nanos)) {
        Some(text) => Value::Str(text),
        None => numbers([millis, nanos.into()]),
    }
}

/// `None` unless the nanoseconds are fewer than a millisecond has.
fn sql_seconds(millis: i64, nanos: i32) -> Option<(i64, i32)> {
    if !(0..MILLION).contains(&i64::from(nanos)) {
        return None;
    }
    let nanos = millis.rem_euclid(1000) * MILLION + i64::from(nanos);
    Some((millis.div_euclid(1000), i32::try_from(nanos).ok()?))
}

/// Milliseconds, and nanoseconds of one.
pub(super) fn sql_parts(value: &Value) -> Result<(i64, i32)> {
    if let Value::Seq(parts) = value
        && let [millis, nanos] = parts.as_slice()
    {
        return Ok((integer(millis, "a time")?, integer(nanos, "a time")?));
    }
    let (seconds, nanos) = text(value, "a timestamp", |text| match text.ends_with('Z') {
        true => parse_instant(text),
        false => parse_local(text),
    })?;
    let millis = to_millis(seconds, nanos)?;
    // Below a million, so it fits.
    let nanos = i32::try_from(i64::from(nanos) % MILLION).unwrap_or(0);
    Ok((millis, nanos))
}

pub(super) fn read_sql<O: Output>(precision: u32, cursor: &mut Cursor<'_>) -> Result<O> {
    let millis = cursor.i64("a timestamp")?;
    let nanos = match precision <= COMPACT_PRECISION_MAX {
        true => 0,
        false => cursor.i32("the nanoseconds of a timestamp")?,
    };
    Ok(O::value(|| of_sql(millis, nanos)))
}

pub(super) fn write_sql(precision: u32, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let (millis, nanos) = sql_parts(value)?;
    out.extend(millis.to_be_bytes());
    match (precision <= COMPACT_PRECISION_MAX, nanos) {
        (true, 0) => {}
        (true, _) => {
            return Err(mismatch(
                "a timestamp of milliseconds",
                "one of nanoseconds",
            ));
        }
        (false, _) => out.extend(nanos.to_be_bytes()),
    }
    Ok(())
}
