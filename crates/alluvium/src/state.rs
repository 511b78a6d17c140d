//! States: what a program declares it keeps for each key.
//!
//! Each kind of state has three types:
//!
//! | | value | list | map | reducing | aggregating | timers |
//! |---|---|---|---|---|---|---|
//! | *descriptor*, a constant | [`ValueState`] | [`ListState`] | [`MapState`] | [`ReducingState`] | [`AggregatingState`] | [`EventTimers`], [`ProcessingTimers`] |
//! | *handle*, from [`Backend::register`](crate::Backend::register) | [`Value`] | [`List`] | [`Map`] | [`Reducing`] | [`Aggregating`] | [`Timers`] |
//! | *scope*: one key's, from [`KeyScope`](crate::KeyScope) | [`ValueScope`] | [`ListScope`] | [`MapScope`] | [`ReducingScope`] | [`AggregatingScope`] | [`TimerScope`] |
//!
//! Descriptors say name, types and what is chosen: the namespace (none by default), the codec ([`Postcard`](crate::codec::Postcard)), the version
//! (the codec's) and how long values live (for ever). Handles are small and `Copy`, and belong to the backend that gave
//! them: another backend refuses them. Scopes read and write.
//!
//! Nothing is stored for what is absent: a value that was never set, an empty list and an empty map have no
//! rows, and reading them gives `None` or nothing. Setting an empty list clears it.
//!
//! What is visited is visited in order: elements as they were appended, map entries in the order of their map keys, timers in the order of their times. A
//! visit borrows the backend, so that nothing can be written meanwhile.
//!
//! With a [`Ttl`] that reads refresh, `get`, `contains`, `update`, `add` and visits are reads of what they come across; `is_empty` may be one
//! and may not.
//!
//! Leaves bytes to [`codec`](crate::codec), and where they are kept to [`bytes`](crate::bytes).

use std::marker::PhantomData;
use std::sync::Arc;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::{StateKind, ValueSchema};
use alluvium_protocol::shape::Shape;
pub use alluvium_protocol::ttl::{Expired, Refresh, TimeDomain, Ttl};

use crate::bytes::{StateDeclaration, StateIndex};
use crate::codec::{Codec, UpgradeValue};

pub use aggregating::{Aggregate, Aggregating, AggregatingScope, AggregatingState};
pub use list::{List, ListScope, ListState};
pub use map::{Map, MapScope, MapState};
pub use reducing::{Reducing, ReducingScope, ReducingState};
pub use timer::{EventTimers, ProcessingTimers, TimerScope, Timers};
pub use value::{Value, ValueScope, ValueState};

mod aggregating;
mod entries;
pub(crate) mod entry;
mod list;
mod map;
mod reducing;
mod single;
mod timer;
mod value;

/// A state descriptor: what [`Backend::register`](crate::Backend::register) takes.
///
/// Sealed: the kinds of state are those of this module.
pub trait State: sealed::Sealed + Copy {
    /// What registering the state gives.
    type Handle: Copy;

    /// The state's name.
    fn name(&self) -> &'static str;

    /// What snapshots record of the state. Finds out the shape of its type each time: for registering, not for every record.
    fn declaration(&self) -> StateDeclaration;

    /// How values of an older form get the newest one, if the codec can tell.
    #[doc(hidden)]
    fn upgrade(&self) -> Option<Arc<UpgradeValue>>;

    /// The handle of the registered state.
    #[doc(hidden)]
    fn handle(&self, registered: Registered) -> Self::Handle;
}

mod sealed {
    #[expect(unnameable_types, reason = "seals State")]
    pub trait Sealed {}
}

/// The part of a handle that all kinds share.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Registered {
    pub(crate) name: &'static str,
    pub(crate) index: StateIndex,
    /// The backend that gave it.
    pub(crate) instance: u32,
    /// Whether its values are stamped.
    pub(crate) stamped: bool,
}

/// Types that a descriptor, handle or scope knows and has no value of.
type Types<T> = PhantomData<fn() -> T>;

/// The part of a descriptor that all kinds share.
#[derive(Debug, Clone, Copy)]
struct Described {
    name: &'static str,
    version: Option<u32>,
    ttl: Option<Ttl>,
}

impl Described {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            version: None,
            ttl: None,
        }
    }

    fn declaration<N: Key, T, C: Codec<T>>(self, kind: StateKind) -> StateDeclaration {
        let value = C::schema();
        let version = self.version.unwrap_or(value.version);
        self.declare::<N>(kind, ValueSchema { version, ..value })
    }

    fn declare<N: Key>(self, kind: StateKind, value: ValueSchema) -> StateDeclaration {
        let name = self.name.to_owned();
        StateDeclaration {
            name,
            kind,
            namespace: N::shape(),
            map_key: None,
            value,
            ttl: self.ttl,
        }
    }

    /// Timers have no values: the row key says it all.
    fn declaration_without_value<N: Key>(self, kind: StateKind) -> StateDeclaration {
        let value = ValueSchema {
            codec: String::new(),
            version: 0,
            type_name: String::new(),
            shape: Shape::Unit,
            type_version: None,
            older: Vec::new(),
        };
        self.declare::<N>(kind, value)
    }
}

/// As a backend takes it.
fn upgrade<T, C: Codec<T>>() -> Option<Arc<UpgradeValue>> {
    C::UPGRADE.map(|upgrade| -> Arc<UpgradeValue> { Arc::new(upgrade) })
}

/// `Copy` and `Debug` for a descriptor or handle, whatever its type parameters are.
macro_rules! copyable {
    ($type:ident<$($parameter:ident),+> shows $field:ident) => {
        impl<$($parameter),+> Clone for $type<$($parameter),+> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($parameter),+> Copy for $type<$($parameter),+> {}

        impl<$($parameter),+> std::fmt::Debug for $type<$($parameter),+> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type)).field("name", &self.$field.name).finish()
            }
        }
    };
}

/// The choices every descriptor of values offers.
macro_rules! choices {
    ($state:ident<$($type:ident),+; N, C> $({ $function:ident })?) => {
        impl<$($type,)+ N, C> $state<$($type,)+ N, C> {
            /// The same state, kept for each namespace within a key: a window, say.
            #[must_use]
            pub const fn namespaced<N2>(self) -> $state<$($type,)+ N2, C> {
                $state { described: self.described, $($function: self.$function,)? types: PhantomData }
            }

            /// The same state with another codec.
            #[must_use]
            pub const fn codec<C2>(self) -> $state<$($type,)+ N, C2> {
                $state { described: self.described, $($function: self.$function,)? types: PhantomData }
            }

            /// The version that snapshots record, instead of the codec's own: for codecs of the program's
            /// that change what they write.
            #[must_use]
            pub const fn version(mut self, version: u32) -> Self {
                self.described.version = Some(version);
                self
            }

            /// The same state, whose values (each list element, each map entry) live no longer than that. See [`Ttl`](crate::Ttl).
            #[must_use]
            pub const fn ttl(mut self, ttl: $crate::state::Ttl) -> Self {
                self.described.ttl = Some(ttl);
                self
            }
        }

        impl<$($type,)+ N, C> sealed::Sealed for $state<$($type,)+ N, C> {}

        copyable!($state<$($type,)+ N, C> shows described);
    };
}

use {choices, copyable};
