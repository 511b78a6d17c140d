//! Reading many entries of a map, and ranges of them: in the order of their map keys.
//!
//! Memory holds one row at a time, except in what collects: `entries`, `keys` and `values`.

use std::ops::{Bound, ControlFlow, RangeBounds};

use alluvium_protocol::key::{self, Key};
use alluvium_protocol::row::RowRange;

use super::MapScope;
use crate::codec::Codec;
use crate::error::Result;
use crate::state::Registered;
use crate::state::entry::Access;

impl<MK: Key, V, C: Codec<V>> MapScope<'_, MK, V, C> {
    /// All map keys and values, in order. Holds them in memory: see [`MapScope::for_each`].
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn entries(&mut self) -> Result<Vec<(MK, V)>> {
        let mut entries = Vec::new();
        self.for_each(.., |map_key, value| entries.push((map_key, value)))?;
        Ok(entries)
    }

    /// All map keys, in order. Values are not decoded.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn keys(&mut self) -> Result<Vec<MK>> {
        let mut keys = Vec::new();
        self.for_each_key(.., |map_key| keys.push(map_key))?;
        Ok(keys)
    }

    /// All values, in the order of their map keys, which are not decoded.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn values(&mut self) -> Result<Vec<V>> {
        let mut values = Vec::new();
        self.for_each_value(.., |value| values.push(value))?;
        Ok(values)
    }

    /// Visits the map keys in `range`, in order. Values are not decoded.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn for_each_key(
        &mut self,
        range: impl RangeBounds<MK>,
        mut visit: impl FnMut(MK),
    ) -> Result<()> {
        self.scan(range, |state, map_key, _| {
            visit(decode_map_key(state, map_key)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Visits the values of the map keys in `range`, in the order of their map keys, which are not decoded.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn for_each_value(
        &mut self,
        range: impl RangeBounds<MK>,
        mut visit: impl FnMut(V),
    ) -> Result<()> {
        self.scan(range, |state, _, value| {
            visit(state.decode::<V, C>(value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Visits the map keys in `range` and their values, in order. A range that ends before it starts is
    /// empty. The map may be larger than memory.
    ///
    /// Nothing of the backend can be read or written meanwhile, so that no visit sees half of a change:
    ///
    /// ```compile_fail,E0499
    /// # use alluvium::{KeyScope, Result, state::Map};
    /// # fn settle(mut gate: KeyScope<'_, String>, delays: Map<u32, i32>) -> Result<()> {
    /// gate.map(delays).for_each(.., |flight, delay| {
    ///     if delay == 0 {
    ///         gate.map(delays).remove(&flight); // the map is being visited
    ///     }
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What is to change is collected first:
    ///
    /// ```
    /// # use alluvium::{KeyScope, Result, state::Map};
    /// # fn settle(mut gate: KeyScope<'_, String>, delays: Map<u32, i32>) -> Result<()> {
    /// let mut settled = Vec::new();
    /// gate.map(delays).for_each(.., |flight, delay| {
    ///     if delay == 0 {
    ///         settled.push(flight);
    ///     }
    /// })?;
    /// for flight in settled {
    ///     gate.map(delays).remove(&flight)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn for_each(
        &mut self,
        range: impl RangeBounds<MK>,
        mut visit: impl FnMut(MK, V),
    ) -> Result<()> {
        self.try_for_each(range, |map_key, value| {
            visit(map_key, value);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// As [`MapScope::for_each`], until `visit` breaks or fails.
    ///
    /// # Errors
    /// See [`MapScope`], and what `visit` returns.
    pub fn try_for_each(
        &mut self,
        range: impl RangeBounds<MK>,
        mut visit: impl FnMut(MK, V) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.scan(range, |state, map_key, value| {
            let map_key = decode_map_key(state, map_key)?;
            visit(map_key, state.decode::<V, C>(value)?)
        })
    }

    /// Visits the encoded map keys in `range` and their values.
    fn scan(
        &mut self,
        range: impl RangeBounds<MK>,
        mut visit: impl FnMut(Registered, &[u8], &[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let Access {
            bytes, at, state, ..
        } = self.entry.access()?;
        let rows = rows_of(&range);
        if rows.is_empty() {
            return Ok(());
        }
        bytes.map_scan(&at, &rows, &mut |map_key, value| {
            visit(state, map_key, value)
        })
    }
}

fn decode_map_key<MK: Key>(state: Registered, bytes: &[u8]) -> Result<MK> {
    key::decode(bytes).map_err(|error| state.name_in(error))
}

/// The encodings of the map keys in a range.
pub(super) fn rows_of<MK: Key>(range: &impl RangeBounds<MK>) -> RowRange {
    // No encoding is the beginning of another, so nothing lies between one and itself with a zero behind.
    let after = |map_key| {
        let mut bytes = key::encode::<MK>(map_key);
        bytes.push(0);
        bytes
    };
    let from = match range.start_bound() {
        Bound::Included(first) => key::encode(first),
        Bound::Excluded(before) => after(before),
        Bound::Unbounded => Vec::new(),
    };
    let to = match range.end_bound() {
        Bound::Included(last) => Some(after(last)),
        Bound::Excluded(end) => Some(key::encode(end)),
        Bound::Unbounded => None,
    };
    RowRange::new(from, to)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_of_map_keys_is_the_range_of_their_encodings(
            map_key: (i8, String),
            from: Bound<(i8, String)>,
            to: Bound<(i8, String)>,
        ) {
            let range = (from, to);

            let found = rows_of(&range).contains(&key::encode(&map_key));

            prop_assert_eq!(found, range.contains(&map_key));
        }
    }
}
