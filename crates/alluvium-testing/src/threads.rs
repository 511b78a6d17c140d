//! Threads whose end can be waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use alluvium::Result;
use alluvium::environment::{Spawn, SystemThreads};

/// The system's threads, counted by name.
#[derive(Debug, Clone, Default)]
pub struct CountedThreads(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    running: Mutex<BTreeMap<String, usize>>,
    ended: Condvar,
}

impl CountedThreads {
    /// Waits until no thread of that name is running.
    pub fn wait_for(&self, name: &str) {
        let mut running = self.0.running();
        while running.get(name).is_some_and(|threads| *threads > 0) {
            let woken = self.0.ended.wait(running);
            running = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Counts {
    fn running(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, name: &str) {
        if let Some(threads) = self.running().get_mut(name) {
            *threads -= 1;
        }
        self.ended.notify_all();
    }
}

/// Counts a thread down when it ends, panics included.
struct Ending(Arc<Counts>, String);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(&self.1);
    }
}

impl Spawn for CountedThreads {
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> Result<()> {
        *self.0.running().entry(name.to_owned()).or_default() += 1;
        let ending = Ending(Arc::clone(&self.0), name.to_owned());
        SystemThreads.spawn(
            name,
            Box::new(move || {
                let _ending = ending;
                task();
            }),
        )
    }
}
