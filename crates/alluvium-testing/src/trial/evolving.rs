//! State of a trial whose type changes while its job lives: each start of the job may come with a newer version of it.
//!
//! The oracle holds values as the [newest version](super::versions) reads them, whichever wrote them. A program never
//! goes back to an older version; the checkpoint that it restores may be of any.

use std::collections::BTreeMap;

use alluvium::codec::Evolving;
use alluvium::state::{List, Map, Reducing, Value};
use alluvium::{Backend, ListState, MapState, ReducingState, Result, ValueState};
use proptest::prelude::*;

use super::operations::TTL;
use super::versions::{Bare, Latest, NEWEST, Signed, Stepped, Version};
use crate::oracle::{Counted, Oracle};

/// What a program does with values of older versions when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trial carries out each")]
pub enum Migration {
    /// They are upgraded when they are read.
    Lazy,
    /// All are migrated, from each version to the next.
    Eager,
    /// All are rewritten in the program's version.
    Rewrite,
}

/// An operation on state that evolves.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_enums,
    missing_docs,
    reason = "named after what it does"
)]
pub enum Change {
    Set(u16),
    Update(u16),
    Clear,
    Push(u16),
    PushMany(u16, u16),
    ClearList,
    Insert(i8, u16),
    UpdateEntry(i8, u16),
    Remove(i8),
    Add(u16),
    /// All values of the key's subtask are rewritten in the program's version, between other operations.
    Rewrite,
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let entry = || -4..5_i8;
    prop_oneof![
        2 => any::<u16>().prop_map(Change::Set),
        2 => any::<u16>().prop_map(Change::Update),
        1 => Just(Change::Clear),
        4 => any::<u16>().prop_map(Change::Push),
        // Many times the smallest budget, together.
        1 => (any::<u16>(), 0..1000_u16).prop_map(|(first, many)| Change::PushMany(first, many)),
        1 => Just(Change::ClearList),
        4 => (entry(), any::<u16>()).prop_map(|(k, v)| Change::Insert(k, v)),
        2 => (entry(), any::<u16>()).prop_map(|(k, v)| Change::UpdateEntry(k, v)),
        1 => entry().prop_map(Change::Remove),
        3 => any::<u16>().prop_map(Change::Add),
        1 => Just(Change::Rewrite),
    ]
}

pub(super) fn migration() -> impl Strategy<Value = Migration> {
    prop_oneof![
        3 => Just(Migration::Lazy),
        1 => Just(Migration::Eager),
        1 => Just(Migration::Rewrite),
    ]
}

/// The states of one program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Evolved {
    Bare(Handles<Bare>),
    Stepped(Handles<Stepped>),
    Signed(Handles<Signed>),
    Latest(Handles<Latest>),
}

macro_rules! of_its_version {
    ($evolved:expr, $handles:ident => $does:expr) => {
        match $evolved {
            Evolved::Bare($handles) => $does,
            Evolved::Stepped($handles) => $does,
            Evolved::Signed($handles) => $does,
            Evolved::Latest($handles) => $does,
        }
    };
}

impl Evolved {
    /// The states of a program of the newest version.
    pub(crate) fn newest(backend: &mut Backend<u16>) -> Result<Self> {
        Self::register(backend, NEWEST, NEWEST, Migration::Lazy)
    }

    /// The states of a program of a version, over what a program of version `stored` has left.
    pub(super) fn register(
        backend: &mut Backend<u16>,
        stored: u32,
        program: u32,
        migration: Migration,
    ) -> Result<Self> {
        if migration == Migration::Eager {
            for version in stored + 1..=program {
                match version {
                    Stepped::VERSION => migrate::<Stepped>(backend)?,
                    Signed::VERSION => migrate::<Signed>(backend)?,
                    Latest::VERSION => migrate::<Latest>(backend)?,
                    _ => {}
                }
            }
        }
        let evolved = match program {
            Bare::VERSION => Self::Bare(Handles::register(backend)?),
            Stepped::VERSION => Self::Stepped(Handles::register(backend)?),
            Signed::VERSION => Self::Signed(Handles::register(backend)?),
            _ => Self::Latest(Handles::register(backend)?),
        };
        if migration == Migration::Rewrite {
            of_its_version!(evolved, handles => handles.rewrite(backend)?);
        }
        Ok(evolved)
    }

    pub(super) fn operate(
        &self,
        backend: &mut Backend<u16>,
        oracle: &mut Oracle,
        key: u16,
        change: &Change,
    ) -> Result<()> {
        of_its_version!(self, handles => handles.operate(backend, oracle, key, change))
    }

    pub(super) fn compare(
        &self,
        backend: &mut Backend<u16>,
        oracle: &Oracle,
        key: u16,
    ) -> Result<()> {
        of_its_version!(self, handles => handles.compare(backend, oracle, key))
    }
}

const fn value<T: Version>() -> ValueState<T, (), T::Positional> {
    ValueState::new("evolving").codec()
}

const fn list<T: Version>() -> ListState<T, (), T::Positional> {
    ListState::new("evolving lists").codec()
}

/// Its values expire, too: their stamps come before their versions.
const fn map<T: Version>() -> MapState<i8, T, (), T::Named> {
    MapState::new("evolving maps").ttl(TTL).codec()
}

const fn sum<T: Version>() -> ReducingState<T, (), T::Positional> {
    ReducingState::new("evolving sums", total).codec()
}

fn total<T: Version>(one: &T, other: &T) -> T {
    one.plus(other.newest().count)
}

/// Migrates all values from the version before.
fn migrate<T: Version<Before: Version>>(backend: &mut Backend<u16>) -> Result<()> {
    backend.migrate(value::<T::Before>(), value::<T>(), T::upgrade)?;
    backend.migrate(list::<T::Before>(), list::<T>(), T::upgrade)?;
    backend.migrate(map::<T::Before>(), map::<T>(), T::upgrade)?;
    backend.migrate(sum::<T::Before>(), sum::<T>(), T::upgrade)?;
    Ok(())
}

/// The handles of one subtask's states, in one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<T: Version> {
    value: Value<T, (), T::Positional>,
    list: List<T, (), T::Positional>,
    map: Map<i8, T, (), T::Named>,
    sum: Reducing<T, (), T::Positional>,
}

impl<T: Version> Handles<T> {
    fn register(backend: &mut Backend<u16>) -> Result<Self> {
        Ok(Self {
            value: backend.register(value())?,
            list: backend.register(list())?,
            map: backend.register(map())?,
            sum: backend.register(sum())?,
        })
    }

    fn rewrite(&self, backend: &mut Backend<u16>) -> Result<()> {
        backend.rewrite(self.value)?;
        backend.rewrite(self.list)?;
        backend.rewrite(self.map)?;
        backend.rewrite(self.sum)
    }

    fn operate(
        &self,
        backend: &mut Backend<u16>,
        oracle: &mut Oracle,
        key: u16,
        change: &Change,
    ) -> Result<()> {
        let mut scope = backend.key(&key)?;
        let updated = |old: Option<T>, by: u16| match old {
            Some(old) => old.plus(by.into()),
            None => T::written(by),
        };
        let expected = |old: Option<Counted>, by: u16| match old {
            Some(old) => old.plus(by.into()),
            None => T::written(by).newest(),
        };
        match change {
            Change::Set(count) => {
                scope.value(self.value).set(&T::written(*count))?;
                oracle.evolving.insert(key, T::written(*count).newest());
            }
            Change::Update(by) => {
                let found = scope.value(self.value).update(|old| updated(old, *by))?;
                let now = expected(oracle.evolving.get(&key).copied(), *by);
                assert_eq!(found.newest(), now, "an update sees the old value upgraded");
                oracle.evolving.insert(key, now);
            }
            Change::Clear => {
                scope.value(self.value).clear()?;
                oracle.evolving.remove(&key);
            }
            Change::Push(count) => {
                scope.list(self.list).push(&T::written(*count))?;
                let list = oracle.evolving_lists.entry(key).or_default();
                list.push(T::written(*count).newest());
            }
            Change::PushMany(first, many) => {
                let elements = (0..*many).map(|n| T::written(first.wrapping_add(n)));
                scope.list(self.list).extend(elements.clone())?;
                let list = oracle.evolving_lists.entry(key).or_default();
                list.extend(elements.map(T::newest));
            }
            Change::ClearList => {
                scope.list(self.list).clear()?;
                oracle.evolving_lists.remove(&key);
            }
            Change::Insert(field, count) => {
                scope.map(self.map).insert(field, &T::written(*count))?;
                let written = oracle.written(T::written(*count).newest());
                let map = oracle.evolving_maps.entry(key).or_default();
                map.insert(*field, written);
            }
            Change::UpdateEntry(field, by) => {
                let mut map = scope.map(self.map);
                let found = map.update(field, |old| updated(old, *by))?;
                let old = oracle.evolving_maps.get(&key).and_then(|m| m.get(field));
                let now = expected(old.and_then(|old| oracle.alive(*old)), *by);
                assert_eq!(found.newest(), now, "an update sees the old entry upgraded");
                let written = oracle.written(now);
                let map = oracle.evolving_maps.entry(key).or_default();
                map.insert(*field, written);
            }
            Change::Remove(field) => {
                scope.map(self.map).remove(field)?;
                oracle.evolving_maps.entry(key).or_default().remove(field);
            }
            Change::Add(count) => {
                let sum = scope.reducing(self.sum).add(T::written(*count))?;
                let now = expected(oracle.evolving_sums.get(&key).copied(), *count);
                assert_eq!(sum.newest(), now, "an accumulator is upgraded and grows");
                oracle.evolving_sums.insert(key, now);
            }
            Change::Rewrite => self.rewrite(backend)?,
        }
        Ok(())
    }

    fn compare(&self, backend: &mut Backend<u16>, oracle: &Oracle, key: u16) -> Result<()> {
        let mut scope = backend.key(&key)?;
        let value = scope.value(self.value).get()?.map(T::newest);
        let expected = oracle.evolving.get(&key).copied();
        assert_eq!(value, expected, "evolving value of {key}");
        let sum = scope.reducing(self.sum).get()?.map(T::newest);
        let expected = oracle.evolving_sums.get(&key).copied();
        assert_eq!(sum, expected, "evolving sum of {key}");
        let list = scope.list(self.list).get()?.into_iter().map(T::newest);
        let expected = oracle.evolving_lists.get(&key).cloned().unwrap_or_default();
        assert_eq!(list.collect::<Vec<_>>(), expected, "evolving list of {key}");
        let map = scope.map(self.map).entries()?.into_iter();
        let map: BTreeMap<_, _> = map.map(|(field, value)| (field, value.newest())).collect();
        let expected = oracle.evolving_maps.get(&key).into_iter().flatten();
        let expected = expected.filter_map(|(k, v)| Some((*k, oracle.alive(*v)?)));
        assert_eq!(map, expected.collect(), "evolving map of {key}");
        Ok(())
    }
}
