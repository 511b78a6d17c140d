//! Ctrl-C: the first asks the command to stop and to take back what it began, the second ends it at once.

use alluvium::storage::Cancel;
use anyhow::{Context as _, Result};

use crate::exit::Exit;
use crate::output;

/// A flag that Ctrl-C sets, or a request to terminate.
///
/// # Errors
/// When the system does not let the program notice.
pub(crate) fn cancel_on_interrupt() -> Result<Cancel> {
    let cancel = Cancel::new();
    let asked = cancel.clone();
    ctrlc::set_handler(move || {
        if asked.is_cancelled() {
            std::process::exit(Exit::Interrupted.code().into());
        }
        asked.cancel();
        output::note("stopping, and taking back what was begun; once more ends at once");
    })
    .context("watch for Ctrl-C")?;
    Ok(cancel)
}
