//! The bytes of one key group, in each of the forms that Flink has for them.

mod canonical;
mod heap;
mod window;
