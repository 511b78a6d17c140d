//! The bytes of one key group, in each of the forms that Flink has for them.

pub(crate) mod canonical;
pub(crate) mod heap;
pub(crate) mod raw_timers;
pub(crate) mod span;
pub(crate) mod window;
