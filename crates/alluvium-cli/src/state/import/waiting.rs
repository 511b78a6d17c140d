//! Standard input, read so that Ctrl-C is noticed while nothing comes.
//!
//! A thread of its own reads, for a read that waits cannot be ended. It holds at most [`BLOCKS_WAITING_MAX`] blocks that
//! nobody took, and one in its hands; it ends with the input, or with the process.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use alluvium::environment::Environment;
use alluvium::storage::Cancel;
use anyhow::Result;

/// Bytes read at once: what a pipe holds.
const BLOCK_BYTES: usize = 64 << 10;

/// Blocks that wait to be taken: enough that reading and taking do not wait for each other.
const BLOCKS_WAITING_MAX: usize = 4;

/// How long Ctrl-C goes unnoticed while nothing comes: too short for people.
const LOOK: Duration = Duration::from_millis(50);

/// What comes from an input that may make its reader wait.
pub(super) struct Waiting {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    taken: usize,
    cancel: Cancel,
}

impl Waiting {
    /// Begins to read standard input.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn for_stdin(cancel: &Cancel) -> Result<Self> {
        let (to, blocks) = sync_channel(BLOCKS_WAITING_MAX);
        let read = move || read_all(io::stdin().lock(), &to);
        let environment = Environment::system();
        environment.spawn.spawn("import-stdin", Box::new(read))?;
        Ok(Self {
            blocks,
            block: Vec::new(),
            taken: 0,
            cancel: cancel.clone(),
        })
    }
}

fn read_all(mut from: impl Read, to: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut block = vec![0; BLOCK_BYTES];
        let read = from.read(&mut block).map(|bytes| {
            block.truncate(bytes);
            block
        });
        let is_end = match &read {
            Ok(block) => block.is_empty(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_told) => true,
        };
        // The end is told by the channel's; nobody listens any more when the import has failed.
        let is_heard = (is_end && read.is_ok()) || to.send(read).is_ok();
        if is_end || !is_heard {
            return;
        }
    }
}

impl Read for Waiting {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.block.len() {
            match self.blocks.recv_timeout(LOOK) {
                Ok(block) => (self.block, self.taken) = (block?, 0),
                Err(RecvTimeoutError::Timeout) if !self.cancel.is_cancelled() => {}
                Err(RecvTimeoutError::Timeout) => return Err(io::Error::other("interrupted")),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let rest = self.block.get(self.taken..).unwrap_or_default();
        let bytes = rest.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..bytes), rest.get(..bytes)) {
            to.copy_from_slice(from);
        }
        self.taken += bytes;
        Ok(bytes)
    }
}
