//! Map states: values by map key, in the order of the map keys, for each key and namespace.

use std::marker::PhantomData;
use std::ops::{ControlFlow, RangeBounds};
use std::sync::Arc;

use alluvium_protocol::key::{EncodeKey, Key};
use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema::StateKind;

use super::entry::{Access, Entry};
use super::{Described, Registered, State, Types, choices, copyable, sealed, upgrade};
use crate::bytes::StateDeclaration;
use crate::codec::{Codec, Postcard, UpgradeValue};
use crate::error::Result;
use visits::rows_of;

mod visits;

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

    fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
        upgrade::<V, C>()
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
/// same. Visits go in the order of the map keys, which is that of their type: numbers from the least to the largest, text by code point,
/// tuples field by field.
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged, or no `MK` or `V`; `Unavailable` when
/// the store cannot be read, or could not take what was written earlier.
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

    /// The value of a map key, if it has one that has not expired.
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
    /// See [`MapScope`]; `Invalid` when the codec has no bytes for `value`, or key and value have too many for a row.
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

    /// Sets the values of map keys, in order, without reading old ones. Of a map key that comes twice, the last value stays.
    ///
    /// There may be more entries than memory holds: they are encoded and written in steps of an eighth of
    /// [`memory_budget_bytes`](crate::Options::memory_budget_bytes), so that most calls have one. A step is written whole
    /// or not at all.
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
    /// As [`MapScope::insert`], of any entry: entries of earlier steps stay then, and none of this step or later ones is set. When the
    /// store fails, some of the step are. Calling it again with the same entries makes up for either.
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
        let step_bytes_max = bytes.gathered_bytes_max();
        let step = &mut scratch.entries;
        step.clear();
        for (map_key, value) in entries {
            step.push_with(
                |out| map_key.encode_key(out),
                |out| state.encode::<V, C>(value, out),
            )?;
            if step.len_bytes() >= step_bytes_max {
                bytes.map_put_all(&at, step.iter())?;
                step.clear();
            }
        }
        bytes.map_put_all(&at, step.iter())
    }

    /// Sets the value of a map key to what `change` makes of the old one, if it has one, and returns it.
    ///
    /// # Errors
    /// As [`MapScope::insert`], of the new value; the old one stays then.
    pub fn update<Q: EncodeKey<Key = MK> + ?Sized>(
        &mut self,
        map_key: &Q,
        change: impl FnOnce(Option<V>) -> V,
    ) -> Result<V> {
        let value = change(self.get(map_key)?);
        self.insert(map_key, &value)?;
        Ok(value)
    }

    /// Removes a map key, without reading its value. One that is not there changes nothing.
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

    /// Removes all entries, without reading them: what the store has of them goes as the write buffer is flushed.
    ///
    /// # Errors
    /// See [`MapScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.entry.clear()
    }
}
