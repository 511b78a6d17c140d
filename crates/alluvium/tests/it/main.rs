//! What the crate promises, told by behaviour: one module each.

mod storage;
