//! Value states: one value for each key and namespace.

use std::marker::PhantomData;
use std::sync::Arc;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::StateKind;

use super::entry::Entry;
use super::single::Single;
use super::{Described, Registered, State, Types, choices, copyable, sealed, upgrade};
use crate::bytes::StateDeclaration;
use crate::codec::{Codec, Postcard, UpgradeValue};
use crate::error::Result;

/// Describes a state that keeps one `T`.
pub struct ValueState<T, N = (), C = Postcard> {
    described: Described,
    types: Types<(T, N, C)>,
}

impl<T> ValueState<T> {
    /// A value state of this name, unique in its operator.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            described: Described::new(name),
            types: PhantomData,
        }
    }
}

choices!(ValueState<T; N, C>);

impl<T, N: Key, C: Codec<T>> State for ValueState<T, N, C> {
    type Handle = Value<T, N, C>;

    fn name(&self) -> &'static str {
        self.described.name
    }

    fn declaration(&self) -> StateDeclaration {
        self.described.declaration::<N, T, C>(StateKind::Value)
    }

    fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
        upgrade::<T, C>()
    }

    fn handle(&self, state: Registered) -> Self::Handle {
        Value {
            state,
            types: PhantomData,
        }
    }
}

/// A registered [`ValueState`].
pub struct Value<T, N = (), C = Postcard> {
    pub(crate) state: Registered,
    types: Types<(T, N, C)>,
}

copyable!(Value<T, N, C> shows state);

/// One key's value. From [`KeyScope::value`](crate::KeyScope::value).
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged, or no `T`; `Unavailable` when
/// the store cannot be read, or could not take what was written earlier.
#[derive(Debug)]
pub struct ValueScope<'s, T, C = Postcard>(Single<'s, T, C>);

impl<'s, T, C: Codec<T>> ValueScope<'s, T, C> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self(Single::new(entry))
    }

    /// The value, if one was set and has not expired.
    ///
    /// # Errors
    /// See [`ValueScope`].
    pub fn get(&mut self) -> Result<Option<T>> {
        self.0.get()
    }

    /// Sets the value, without reading it.
    ///
    /// # Errors
    /// See [`ValueScope`]; `Invalid` when the codec has no bytes for `value`.
    pub fn set(&mut self, value: &T) -> Result<()> {
        self.0.set(value)
    }

    /// Sets the value to what `change` makes of it, with one look-up, and returns it. `change` is called once, or not at all after an
    /// error.
    ///
    /// # Errors
    /// As [`ValueScope::set`], of the new value; the old one stays then.
    pub fn update(&mut self, change: impl FnOnce(Option<T>) -> T) -> Result<T> {
        self.0.change(change, |new| Some(new))
    }

    /// As [`ValueScope::update`], but `None` clears. Where nothing was and nothing comes, nothing is written.
    ///
    /// # Errors
    /// As [`ValueScope::update`].
    pub fn update_or_clear(
        &mut self,
        change: impl FnOnce(Option<T>) -> Option<T>,
    ) -> Result<Option<T>> {
        self.0.change(change, Option::as_ref)
    }

    /// Removes the value, without reading it.
    ///
    /// # Errors
    /// See [`ValueScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.0.clear()
    }
}
