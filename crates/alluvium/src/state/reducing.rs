//! Reducing states: one value for each key and namespace, into which additions are folded.

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

/// Describes a state that keeps one `T` and folds additions into it.
pub struct ReducingState<T, N = (), C = Postcard> {
    described: Described,
    reduce: fn(&T, &T) -> T,
    types: Types<(T, N, C)>,
}

impl<T> ReducingState<T> {
    /// A reducing state of this name, unique in its operator. `reduce` is told what is there and what comes, in that order;
    /// it should be associative, for values of merged namespaces are folded too.
    #[must_use]
    pub const fn new(name: &'static str, reduce: fn(&T, &T) -> T) -> Self {
        Self {
            described: Described::new(name),
            reduce,
            types: PhantomData,
        }
    }
}

choices!(ReducingState<T; N, C> { reduce });

impl<T, N: Key, C: Codec<T>> State for ReducingState<T, N, C> {
    type Handle = Reducing<T, N, C>;

    fn name(&self) -> &'static str {
        self.described.name
    }

    fn declaration(&self) -> StateDeclaration {
        self.described.declaration::<N, T, C>(StateKind::Reducing)
    }

    fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
        upgrade::<T, C>()
    }

    fn handle(&self, state: Registered) -> Self::Handle {
        Reducing {
            state,
            reduce: self.reduce,
            types: PhantomData,
        }
    }
}

/// A registered [`ReducingState`].
pub struct Reducing<T, N = (), C = Postcard> {
    pub(crate) state: Registered,
    pub(crate) reduce: fn(&T, &T) -> T,
    types: Types<(T, N, C)>,
}

copyable!(Reducing<T, N, C> shows state);

/// One key's reduced value. From [`KeyScope::reducing`](crate::KeyScope::reducing).
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged, or no `T`; `Unavailable` when
/// the store cannot be read, or could not take what was written earlier.
#[derive(Debug)]
pub struct ReducingScope<'s, T, C = Postcard> {
    single: Single<'s, T, C>,
    reduce: fn(&T, &T) -> T,
}

impl<'s, T, C: Codec<T>> ReducingScope<'s, T, C> {
    pub(crate) fn new(entry: Entry<'s>, reduce: fn(&T, &T) -> T) -> Self {
        Self {
            single: Single::new(entry),
            reduce,
        }
    }

    /// Folds a value in, with one look-up, and returns the outcome. The first value is kept as it is.
    ///
    /// # Errors
    /// See [`ReducingScope`]; `Invalid` when the codec has no bytes for the outcome. The value stays as it was then.
    pub fn add(&mut self, value: T) -> Result<T> {
        let reduce = self.reduce;
        let fold = |old: Option<T>| match old {
            Some(old) => reduce(&old, &value),
            None => value,
        };
        self.single.change(fold, |new| Some(new))
    }

    /// The value, if any was added and has not expired.
    ///
    /// # Errors
    /// See [`ReducingScope`].
    pub fn get(&mut self) -> Result<Option<T>> {
        self.single.get()
    }

    /// Removes the value, without reading it.
    ///
    /// # Errors
    /// See [`ReducingScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.single.clear()
    }
}
