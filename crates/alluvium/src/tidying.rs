//! The thread that has a restored store give back the space of rows that nobody sees any more.
//!
//! Invariants: it changes no row; when [`Tidying`] is dropped the thread has ended and the store is no longer held;
//! it ends by itself once there is nothing left to do. A failure costs space and nothing else: it is logged.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use crate::environment::Environment;
use crate::error::{ErrorKind, Result};
use crate::storage::Cancel;
use crate::store::{Store, Tidied};

/// The backend's end of the thread.
#[derive(Debug)]
pub(crate) struct Tidying {
    wake: Option<SyncSender<()>>,
    ended: Receiver<()>,
    cancel: Cancel,
}

impl Tidying {
    pub(crate) fn start(store: Arc<dyn Store>, environment: &Environment) -> Result<Self> {
        // One call that is waiting is as good as many.
        let (wake, woken) = sync_channel(1);
        let (end, ended) = channel();
        let cancel = Cancel::new();
        let thread_cancel = cancel.clone();
        environment.spawn.spawn(
            "alluvium-tidying",
            Box::new(move || {
                run(&*store, &thread_cancel, &woken);
                // Whoever waits for the end may remove the store's directory: let go of the store first.
                drop(store);
                drop(end);
            }),
        )?;
        Ok(Self {
            wake: Some(wake),
            ended,
            cancel,
        })
    }

    /// Something changed that may make more possible. Never waits.
    pub(crate) fn again(&self) {
        if let Some(wake) = &self.wake {
            // Full: it will look anyway. Disconnected: there is nothing left to do.
            wake.try_send(()).unwrap_or_default();
        }
    }
}

fn run(store: &dyn Store, cancel: &Cancel, woken: &Receiver<()>) {
    loop {
        match store.tidy(cancel) {
            Ok(Tidied::More) => {}
            Ok(Tidied::Clean) => return,
            Err(error) => {
                if error.kind() != ErrorKind::Cancelled {
                    tracing::warn!(?error, "rows that nobody sees keep their space");
                }
                return;
            }
        }
        if woken.recv().is_err() {
            return;
        }
    }
}

impl Drop for Tidying {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.wake = None;
        // Ends with a disconnect, never with a message: the thread only drops its sender.
        self.ended.recv().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::Sender;

    use alluvium_protocol::row::RowRange;

    use super::*;
    use crate::error::Error;
    use crate::store::{Pinned, RowCursor, SortedRun, StoreSize};

    /// A store that is clean after so many calls, and tells of each.
    #[derive(Debug)]
    struct Untidy {
        left: AtomicU32,
        called: Sender<u32>,
    }

    impl Store for Untidy {
        fn tidy(&self, cancel: &Cancel) -> Result<Tidied> {
            cancel.check("tidying")?;
            let left = self.left.fetch_sub(1, Ordering::SeqCst) - 1;
            self.called.send(left).unwrap();
            Ok(if left == 0 {
                Tidied::Clean
            } else {
                Tidied::More
            })
        }

        fn get(&self, _row: &[u8], _value: &mut Vec<u8>) -> Result<bool> {
            Err(Error::invalid("not read"))
        }

        fn scan<'a>(&'a self, _range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
            Err(Error::invalid("not read"))
        }

        fn write(&self, _run: &mut dyn SortedRun) -> Result<()> {
            Err(Error::invalid("not written"))
        }

        fn pin(&self, _directory: &Path) -> Result<Box<dyn Pinned>> {
            Err(Error::invalid("not pinned"))
        }

        fn size(&self) -> StoreSize {
            StoreSize::default()
        }
    }

    fn untidy(calls: u32) -> (Arc<dyn Store>, Receiver<u32>) {
        let (called, calls_made) = channel();
        let left = AtomicU32::new(calls);
        (Arc::new(Untidy { left, called }), calls_made)
    }

    #[test]
    fn it_starts_by_itself_and_goes_on_when_woken_until_all_is_clean() {
        let (store, calls) = untidy(3);
        let tidying = Tidying::start(store, &Environment::system()).unwrap();

        assert_eq!(calls.recv().unwrap(), 2);
        tidying.again();
        assert_eq!(calls.recv().unwrap(), 1);
        tidying.again();
        assert_eq!(calls.recv().unwrap(), 0);

        // The thread has let go of the store, and with it of the sender.
        assert!(calls.recv().is_err());
        tidying.again();
    }

    #[test]
    fn dropping_it_ends_the_thread() {
        let (store, calls) = untidy(100);
        let watched = Arc::downgrade(&store);
        let tidying = Tidying::start(store, &Environment::system()).unwrap();
        calls.recv().unwrap();

        drop(tidying);

        assert!(watched.upgrade().is_none());
    }
}
