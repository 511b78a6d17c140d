//! What is counted: the functions that Callgrind is told to watch.
//!
//! Callgrind switches counting over whenever one of them is entered or left: on in `watched`, off again in `unwatched`
//! within it. They have no type parameters, so that there is one of each, with one name. A function that calls itself
//! switches only once, hence two.

use std::sync::atomic::{AtomicBool, Ordering};

use alluvium::{Error, Result};

/// The functions' names, for Callgrind.
pub(crate) const WATCHED: &str = "*region::*watched*";

/// Runs `work`, and counts its instructions. Once in a process: a second region would be added to the first.
pub(crate) fn measured(work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    ensure(
        !DONE.swap(true, Ordering::Relaxed),
        "it measures two regions",
    )?;
    watched(work)
}

/// Ends the process from within `work`, where that does not return by itself. What `check` does is not counted.
pub(crate) fn end(check: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    unwatched(check)
}

#[inline(never)]
fn watched(work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let result = work();
    // Something to do after the call: else the compiler jumps to `work`, and this function is left at once.
    std::hint::black_box(&result);
    result
}

#[inline(never)]
fn unwatched(check: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    check()?;
    std::process::exit(0)
}

/// Fails unless the path did what its name says: a path that does nothing is fast.
pub(crate) fn ensure(did: bool, what: &'static str) -> Result<()> {
    if did {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the path did not do its work: {what}"
    )))
}
