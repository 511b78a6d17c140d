//! The cases of the checkpoint protocol, one test each. `docs/protocol-cases.md` says which test is for which case.

#![cfg(test)]

mod bases;
mod directories;
mod isolation;
mod notifications;
mod rescaling;
