//! What the crate promises, told by behaviour: one module each.

mod catalog;
mod memory_store;
mod states;
mod storage;
mod trials;
