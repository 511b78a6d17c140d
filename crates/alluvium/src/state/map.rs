//! Map states: values by map key, in the order of the map keys, for each key and namespace.

use std::marker::PhantomData;
use std::ops::{Bound, ControlFlow, RangeBounds};

use alluvium_protocol::key::{self, EncodeKey, Key};
use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema::StateKind;

use super::entry::{Access, Entry};
use super::{Described, Registered, State, Types, choices, copyable, sealed};
use crate::bytes::StateDeclaration;
use crate::codec::{Codec, Postcard};
use crate::error::Result;

/// Describes a state that keeps a map from `MK` to `V`.
pub struct MapState<MK, V, N = (), C = Postcard> {
    described: Described,
    types: Types<(MK, V, N, C)>,
}

impl<MK, V> MapState<MK, V> {
    /// A map state of this name, unique in its operator.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            described: Described::new(name),
            types: PhantomData,
        }
    }
}

choices!(MapState<MK, V; N, C>);

impl<MK: Key, V, N: Key, C: Codec<V>> State for MapState<MK, V, N, C> {
    type Handle = Map<MK, V, N, C>;

    fn name(&self) -> &'static str {
        self.described.name
    }

    fn declaration(&self) -> StateDeclaration {
        let declaration = self.described.declaration::<N, V, C>(StateKind::Map);
        StateDeclaration {
            map_key: Some(MK::shape()),
            ..declaration
        }
    }

    fn handle(&self, state: Registered) -> Self::Handle {
        Map {
            state,
            types: PhantomData,
        }
    }
}

/// A registered [`MapState`].
pub struct Map<MK, V, N = (), C = Postcard> {
    pub(crate) state: Registered,
    types: Types<(MK, V, N, C)>,
}

copyable!(Map<MK, V, N, C> shows state);

/// One key's map. From [`KeyScope::map`](crate::KeyScope::map).
///
/// Each entry is read and written alone; the map may be larger than memory. An empty map and none are the
/// same.
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's, `Corrupt` when stored bytes are no `MK` or
/// `V`, and what [`BytesBackend::get`](crate::bytes::BytesBackend::get) says of the store.
#[derive(Debug)]
pub struct MapScope<'s, MK, V, C = Postcard> {
    entry: Entry<'s>,
    types: Types<(MK, V, C)>,
}

impl<'s, MK: Key, V, C: Codec<V>> MapScope<'s, MK, V, C> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self {
            entry,
            types: PhantomData,
        }
    }

    /// The value of a map key.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn get<Q: EncodeKey<Key = MK> + ?Sized>(&mut self, map_key: &Q) -> Result<Option<V>> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        scratch.encode_map_key(map_key);
        let value = bytes.map_get(&at, &scratch.map_key)?;
        value.map(|value| state.decode::<V, C>(value)).transpose()
    }

    /// Sets the value of a map key, without reading the old one.
    ///
    /// # Errors
    /// See [`MapScope`]; `Invalid` when the codec has no bytes for `value`.
    pub fn insert<Q: EncodeKey<Key = MK> + ?Sized>(
        &mut self,
        map_key: &Q,
        value: &V,
    ) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        scratch.encode_map_key(map_key);
        scratch.encode::<V, C>(state, value)?;
        bytes.map_put(&at, &scratch.map_key, &scratch.value)
    }

    /// Sets the values of map keys, without reading old ones: all or, when one has no bytes or too many, none. Of a
    /// map key that comes twice, the last value stays.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use alluvium::{Backend, Builder, MapState, store::memory::MemoryStoreFactory};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Arc::new(MemoryStoreFactory::default());
    /// # let mut backend = Backend::<String>::open(Builder::new("airport", store, directory.path()))?;
    /// const DELAYS: MapState<String, i32> = MapState::new("delays");
    ///
    /// let delays = backend.register(DELAYS)?;
    /// let mut gate = backend.key("A12")?;
    /// gate.map(delays).extend([("LX38", &-4), ("LX40", &15)])?;
    /// assert_eq!(gate.map(delays).keys()?, ["LX38", "LX40"]);
    /// assert_eq!(gate.map(delays).values()?, [-4, 15]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`MapScope::insert`].
    pub fn extend<'e, Q: EncodeKey<Key = MK> + ?Sized + 'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e Q, &'e V)>,
    ) -> Result<()>
    where
        V: 'e,
    {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        let pending = &mut scratch.entries;
        pending.clear();
        for (map_key, value) in entries {
            pending.push_with(
                |out| map_key.encode_key(out),
                |out| state.encode::<V, C>(value, out),
            )?;
        }
        bytes.map_put_all(&at, pending.iter())
    }

    /// Sets the value of a map key to what `change` makes of the old one, and returns it.
    ///
    /// # Errors
    /// As [`MapScope::insert`]; the value stays as it was then.
    pub fn update<Q: EncodeKey<Key = MK> + ?Sized>(
        &mut self,
        map_key: &Q,
        change: impl FnOnce(Option<V>) -> V,
    ) -> Result<V> {
        let value = change(self.get(map_key)?);
        self.insert(map_key, &value)?;
        Ok(value)
    }

    /// Removes a map key, without reading its value.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn remove<Q: EncodeKey<Key = MK> + ?Sized>(&mut self, map_key: &Q) -> Result<()> {
        let Access {
            bytes, scratch, at, ..
        } = self.entry.access()?;
        scratch.encode_map_key(map_key);
        bytes.map_remove(&at, &scratch.map_key)
    }

    /// Removes the map keys in `range`, however many there are, in bounded memory. A range that ends before it starts is
    /// empty.
    ///
    /// # Errors
    /// See [`MapScope`]; when the store fails, some of the entries are removed.
    pub fn remove_range(&mut self, range: impl RangeBounds<MK>) -> Result<()> {
        let Access { bytes, at, .. } = self.entry.access()?;
        let rows = rows_of(&range);
        if rows.is_empty() {
            return Ok(());
        }
        bytes.map_remove_range(&at, &rows)
    }

    /// Whether the map key has a value, which is not decoded.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn contains<Q: EncodeKey<Key = MK> + ?Sized>(&mut self, map_key: &Q) -> Result<bool> {
        let Access {
            bytes, scratch, at, ..
        } = self.entry.access()?;
        scratch.encode_map_key(map_key);
        Ok(bytes.map_get(&at, &scratch.map_key)?.is_some())
    }

    /// All map keys and values, in order.
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
    /// empty.
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

    /// Visits the map keys in `range` and their values, in order, until `visit` breaks or fails.
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

    /// Whether there is no entry.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn is_empty(&mut self) -> Result<bool> {
        let Access { bytes, at, .. } = self.entry.access()?;
        let mut empty = true;
        bytes.map_scan(&at, &RowRange::all(), &mut |_, _| {
            empty = false;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(empty)
    }

    /// Removes all entries.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.entry.clear()
    }
}

fn decode_map_key<MK: Key>(state: Registered, bytes: &[u8]) -> Result<MK> {
    key::decode(bytes).map_err(|error| state.name_in(error))
}

/// The encodings of the map keys in a range.
fn rows_of<MK: Key>(range: &impl RangeBounds<MK>) -> RowRange {
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
