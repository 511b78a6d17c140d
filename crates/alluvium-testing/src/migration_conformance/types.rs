//! A value in four versions, and what a job keeps of it.

use alluvium::codec::{Evolving, First, MsgPackNamed, Postcard, Versioned};
use alluvium::{Aggregate, ListState, MapState, Result, ValueState};
use serde::{Deserialize, Serialize};

/// Version 1: a number alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Minutes(pub(super) i16);

/// Version 2: seconds, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reasoned {
    pub(super) seconds: i64,
    pub(super) reason: Option<String>,
}

/// Version 3: fields in another order, and one more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Late {
    pub(super) reason: String,
    pub(super) seconds: i64,
    pub(super) counted: bool,
}

/// Version 3 for a program that has forgotten version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forgetful {
    pub(super) reason: String,
    pub(super) seconds: i64,
    pub(super) counted: bool,
}

impl Evolving for Minutes {
    const VERSION: u32 = 1;
    type Before = First;

    fn upgrade(before: First) -> Result<Self> {
        match before {}
    }
}

impl Evolving for Reasoned {
    const VERSION: u32 = 2;
    type Before = Minutes;

    fn upgrade(Minutes(minutes): Minutes) -> Result<Self> {
        Ok(Self {
            seconds: i64::from(minutes) * 60,
            reason: None,
        })
    }
}

impl Evolving for Late {
    const VERSION: u32 = 3;
    type Before = Reasoned;

    fn upgrade(before: Reasoned) -> Result<Self> {
        Ok(late(
            before.seconds,
            before.reason.as_deref().unwrap_or("unknown"),
        ))
    }
}

impl Evolving for Forgetful {
    const VERSION: u32 = 3;
    type Before = First;

    fn upgrade(before: First) -> Result<Self> {
        match before {}
    }
}

pub(super) fn reasoned(seconds: i64, reason: &str) -> Reasoned {
    Reasoned {
        seconds,
        reason: Some(reason.to_owned()),
    }
}

pub(super) fn late(seconds: i64, reason: &str) -> Late {
    Late {
        reason: reason.to_owned(),
        seconds,
        counted: false,
    }
}

pub(super) type Positional = Versioned<Postcard>;
pub(super) type Named = Versioned<MsgPackNamed>;

pub(super) const fn value<T, C>() -> ValueState<T, (), C> {
    ValueState::new("value").codec()
}

pub(super) const fn list<T, C>() -> ListState<T, (), C> {
    ListState::new("list").codec()
}

pub(super) const fn map<T, C>() -> MapState<u8, T, (), C> {
    MapState::new("map").codec()
}

/// The sum of seconds, in an accumulator of version 1.
pub(super) enum SumOfMinutes {}

impl Aggregate for SumOfMinutes {
    type Input = i16;
    type Accumulator = Minutes;
    type Output = i64;

    fn create() -> Minutes {
        Minutes(0)
    }

    fn add(Minutes(sum): &mut Minutes, minutes: &i16) {
        *sum += minutes;
    }

    fn merge(Minutes(sum): &mut Minutes, Minutes(other): Minutes) {
        *sum += other;
    }

    fn result(Minutes(sum): &Minutes) -> i64 {
        i64::from(*sum) * 60
    }
}

/// The same, in one of version 2.
pub(super) enum SumOfSeconds {}

impl Aggregate for SumOfSeconds {
    type Input = i64;
    type Accumulator = Reasoned;
    type Output = i64;

    fn create() -> Reasoned {
        reasoned(0, "sum")
    }

    fn add(sum: &mut Reasoned, seconds: &i64) {
        sum.seconds += seconds;
    }

    fn merge(sum: &mut Reasoned, other: Reasoned) {
        sum.seconds += other.seconds;
    }

    fn result(sum: &Reasoned) -> i64 {
        sum.seconds
    }
}
