//! What the crate promises, told by behaviour: one module each.

mod budget;
mod catalog;
mod freeze;
mod job;
mod memory_store;
mod states;
mod storage;
mod trials;
mod watched;
