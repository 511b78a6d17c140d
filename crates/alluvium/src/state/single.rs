//! What states with one value for each entry share: value, reducing and aggregating.

use std::marker::PhantomData;

use super::Types;
use super::entry::{Access, Entry};
use crate::bytes::Update;
use crate::codec::Codec;
use crate::error::Result;

/// The entry of a state that keeps one `T`.
#[derive(Debug)]
pub(crate) struct Single<'s, T, C> {
    entry: Entry<'s>,
    types: Types<(T, C)>,
}

impl<'s, T, C: Codec<T>> Single<'s, T, C> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self {
            entry,
            types: PhantomData,
        }
    }

    pub(crate) fn get(&mut self) -> Result<Option<T>> {
        let Access {
            bytes, at, state, ..
        } = self.entry.access()?;
        bytes
            .get(&at)?
            .map(|stored| state.decode::<T, C>(stored))
            .transpose()
    }

    pub(crate) fn set(&mut self, value: &T) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        scratch.encode::<T, C>(state, value)?;
        bytes.put(&at, &scratch.value)
    }

    /// Calls `change` with the value and stores what `stored` finds in the outcome, or clears; one look-up.
    pub(crate) fn change<R>(
        &mut self,
        change: impl FnOnce(Option<T>) -> R,
        stored: impl FnOnce(&R) -> Option<&T>,
    ) -> Result<R> {
        let Access {
            bytes, at, state, ..
        } = self.entry.access()?;
        bytes.update(&at, |bytes, out| {
            let old = bytes.map(|bytes| state.decode::<T, C>(bytes)).transpose()?;
            let existed = old.is_some();
            let outcome = change(old);
            let update = match stored(&outcome) {
                Some(value) => {
                    state.encode::<T, C>(value, out)?;
                    Update::Put
                }
                None if existed => Update::Delete,
                None => Update::Keep,
            };
            Ok((update, outcome))
        })
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        self.entry.clear()
    }
}
