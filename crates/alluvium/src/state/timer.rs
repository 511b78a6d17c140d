//! Timers: times at which a key, in a namespace, wants to be called.
//!
//! Event-time and processing-time timers differ only in who advances the time that
//! [`Backend::due`](crate::Backend::due) is asked about: the stream's watermark or a clock. Times are milliseconds, in event time
//! since whatever the stream counts from, and may be negative. Timers are due in the order of their times, those of one time by key group and then in the
//! order of key and namespace. There is one timer for each (time, key, namespace), however often it is registered. Timers are rows like any
//! other: they are in every snapshot and move with their key group.

use std::marker::PhantomData;
use std::sync::Arc;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::StateKind;

use super::entry::{Access, Entry};
use super::{Described, Registered, State, Types, copyable, sealed};
use crate::bytes::StateDeclaration;
use crate::codec::UpgradeValue;
use crate::error::Result;

/// A descriptor of timers: they differ in their kind alone.
macro_rules! timers {
    ($state:ident $kind:ident $summary:literal) => {
        #[doc = $summary]
        pub struct $state<N = ()> {
            described: Described,
            types: Types<N>,
        }

        impl $state {
            /// Timers of this name, unique in its operator.
            #[must_use]
            pub const fn new(name: &'static str) -> Self {
                Self { described: Described::new(name), types: PhantomData }
            }

            /// The same timers, for each namespace within a key: a window, say.
            #[must_use]
            pub const fn namespaced<N: Key>(self) -> $state<N> {
                $state { described: self.described, types: PhantomData }
            }
        }

        impl<N> sealed::Sealed for $state<N> {}

        copyable!($state<N> shows described);

        impl<N: Key> State for $state<N> {
            type Handle = Timers<N>;

            fn name(&self) -> &'static str {
                self.described.name
            }

            fn declaration(&self) -> StateDeclaration {
                self.described.declaration_without_value::<N>(StateKind::$kind)
            }

            fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
                None
            }

            fn handle(&self, state: Registered) -> Self::Handle {
                Timers { state, types: PhantomData }
            }
        }
    };
}

timers!(EventTimers EventTimers "Describes timers that fire as the stream's watermark advances.");
timers!(ProcessingTimers ProcessingTimers "Describes timers that fire as the clock advances.");

/// Registered [`EventTimers`] or [`ProcessingTimers`].
pub struct Timers<N = ()> {
    pub(crate) state: Registered,
    types: Types<N>,
}

copyable!(Timers<N> shows state);

/// One key's timers. From [`KeyScope::timers`](crate::KeyScope::timers).
#[derive(Debug)]
pub struct TimerScope<'s>(Entry<'s>);

impl<'s> TimerScope<'s> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self(entry)
    }

    /// Registers a timer at a time in milliseconds, which may have passed: it is due at once then. Registering it again changes
    /// nothing.
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged; `Unavailable` when the store
    /// cannot be read, or could not take what was written earlier.
    pub fn register(&mut self, time_millis: i64) -> Result<()> {
        let Access { bytes, at, .. } = self.0.access()?;
        bytes.register_timer(&at, time_millis)
    }

    /// Removes the timer at a time in milliseconds, if there is one.
    ///
    /// # Errors
    /// As [`TimerScope::register`].
    pub fn deregister(&mut self, time_millis: i64) -> Result<()> {
        let Access { bytes, at, .. } = self.0.access()?;
        bytes.deregister_timer(&at, time_millis)
    }

    /// Whether there is a timer at a time in milliseconds.
    ///
    /// # Errors
    /// As [`TimerScope::register`].
    pub fn is_registered(&mut self, time_millis: i64) -> Result<bool> {
        let Access { bytes, at, .. } = self.0.access()?;
        bytes.has_timer(&at, time_millis)
    }
}
