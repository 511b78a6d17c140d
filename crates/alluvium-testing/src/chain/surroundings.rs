//! Clock and randomness of a chain: drawn from its seed, and from its steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alluvium::environment::{Clock, Environment, Random};

use super::objects::Objects;

/// The system's threads, the objects' clock, and bits that `names` decides.
pub(super) fn environment(objects: &Arc<Objects>, names: u64) -> Environment {
    Environment {
        clock: Arc::new(ObjectsClock {
            objects: Arc::clone(objects),
            looks: AtomicU64::new(0),
        }),
        random: Arc::new(Drawn(Mutex::new(names))),
        ..Environment::system()
    }
}

#[derive(Debug)]
struct ObjectsClock {
    objects: Arc<Objects>,
    looks: AtomicU64,
}

impl Clock for ObjectsClock {
    fn unix_millis(&self) -> i64 {
        self.objects.now_unix_millis()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.looks.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.looks.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// The splitmix sequence.
#[derive(Debug)]
struct Drawn(Mutex<u64>);

impl Random for Drawn {
    fn bits(&self) -> u128 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut half = || {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = *state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u128::from(bits ^ (bits >> 31))
        };
        (half() << 64) | half()
    }
}
