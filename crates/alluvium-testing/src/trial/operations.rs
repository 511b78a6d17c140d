//! Operations of a trial: on the backend and on the oracle.

use std::collections::BTreeMap;
use std::time::Duration;

use alluvium::state::{Aggregate, Aggregating, List, Map, Reducing, TimeDomain, Timers, Value};
use alluvium::{
    AggregatingState, Backend, EventTimers, ListState, MapState, ReducingState, Result, Ttl,
    ValueState,
};

use super::Operation;
use super::evolving::Evolved;
use super::large::{self, LargeMaps};
use crate::oracle::{Oracle, TTL_MILLIS, Window};

/// Count and total; the mean is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean;

impl Aggregate for Mean {
    type Input = i64;
    type Accumulator = (i64, i64);
    type Output = i64;

    fn create() -> (i64, i64) {
        (0, 0)
    }

    fn add(accumulator: &mut (i64, i64), input: &i64) {
        accumulator.0 += 1;
        accumulator.1 += input;
    }

    fn merge(accumulator: &mut (i64, i64), other: (i64, i64)) {
        accumulator.0 += other.0;
        accumulator.1 += other.1;
    }

    fn result(accumulator: &(i64, i64)) -> i64 {
        accumulator.1.checked_div(accumulator.0).unwrap_or(0)
    }
}

const VALUES: ValueState<u32> = ValueState::new("values");
const WINDOWED: ValueState<u32, Window> = ValueState::new("windowed").namespaced();
const LISTS: ListState<u32> = ListState::new("lists");
const WINDOWED_LISTS: ListState<u32, Window> = ListState::new("windowed lists").namespaced();
const MAPS: MapState<i8, u32> = MapState::new("maps");
const SUMS: ReducingState<i64> = ReducingState::new("sums", |a, b| a + b);
const MEANS: AggregatingState<Mean> = AggregatingState::new("means");
pub(super) const TTL: Ttl =
    Ttl::new(Duration::from_millis(TTL_MILLIS.unsigned_abs())).time(TimeDomain::Event);
const LIVING: ValueState<u32> = ValueState::new("living").ttl(TTL);
const LIVING_LISTS: ListState<u32> = ListState::new("living lists").ttl(TTL);
const LIVING_MAPS: MapState<i8, u32> = MapState::new("living maps").ttl(TTL);
const TIMERS: EventTimers = EventTimers::new("timers");

/// The handles of a subtask's states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct States {
    values: Value<u32>,
    windowed: Value<u32, Window>,
    lists: List<u32>,
    windowed_lists: List<u32, Window>,
    maps: Map<i8, u32>,
    sums: Reducing<i64>,
    means: Aggregating<Mean>,
    living: Value<u32>,
    living_lists: List<u32>,
    living_maps: Map<i8, u32>,
    large_maps: LargeMaps,
    evolved: Evolved,
    pub(crate) timers: Timers,
}

impl States {
    pub(crate) fn register(backend: &mut Backend<u16>, evolved: Evolved) -> Result<Self> {
        Ok(Self {
            values: backend.register(VALUES)?,
            windowed: backend.register(WINDOWED)?,
            lists: backend.register(LISTS)?,
            windowed_lists: backend.register(WINDOWED_LISTS)?,
            maps: backend.register(MAPS)?,
            sums: backend.register(SUMS)?,
            means: backend.register(MEANS)?,
            living: backend.register(LIVING)?,
            living_lists: backend.register(LIVING_LISTS)?,
            living_maps: backend.register(LIVING_MAPS)?,
            large_maps: large::register(backend)?,
            evolved,
            timers: backend.register(TIMERS)?,
        })
    }

    /// Does `operation` to both, and compares what it returns.
    pub(crate) fn operate(
        &self,
        backend: &mut Backend<u16>,
        oracle: &mut Oracle,
        key: u16,
        operation: &Operation,
    ) -> Result<()> {
        let mut scope = backend.key(&key)?;
        match operation {
            Operation::SetValue(value) => {
                scope.value(self.values).set(value)?;
                oracle.values.insert(key, *value);
            }
            Operation::UpdateValue(by) => {
                let next = |old: Option<u32>| old.unwrap_or(7).wrapping_add(*by);
                let updated = scope.value(self.values).update(next)?;
                let expected = next(oracle.values.get(&key).copied());
                assert_eq!(updated, expected, "an update sees the old value");
                oracle.values.insert(key, expected);
            }
            Operation::ClearValue => {
                scope.value(self.values).clear()?;
                oracle.values.remove(&key);
            }
            Operation::SetWindowed(window, value) => {
                scope.within(window).value(self.windowed).set(value)?;
                oracle.windowed.insert((key, *window), *value);
            }
            Operation::ClearWindowed(window) => {
                scope.within(window).value(self.windowed).clear()?;
                oracle.windowed.remove(&(key, *window));
            }
            Operation::Push(element) => {
                scope.list(self.lists).push(element)?;
                oracle.lists.entry(key).or_default().push(*element);
            }
            Operation::PushMany(first, many) => {
                let elements = (0..u32::from(*many)).map(|n| first.wrapping_add(n));
                scope.list(self.lists).extend(elements.clone())?;
                oracle.lists.entry(key).or_default().extend(elements);
            }
            Operation::SetList(elements) => {
                scope.list(self.lists).set(elements)?;
                oracle.lists.insert(key, elements.clone());
            }
            Operation::ClearList => {
                scope.list(self.lists).clear()?;
                oracle.lists.remove(&key);
            }
            Operation::PushWindowed(window, element) => {
                scope
                    .within(window)
                    .list(self.windowed_lists)
                    .push(element)?;
                let list = oracle.windowed_lists.entry((key, *window)).or_default();
                list.push(*element);
            }
            Operation::MergeWindows(target, sources) => {
                scope.merge_namespaces(self.windowed_lists, target, sources)?;
                for source in sources.iter().filter(|source| *source != target) {
                    let moved = oracle.windowed_lists.remove(&(key, *source));
                    let merged = oracle.windowed_lists.entry((key, *target)).or_default();
                    merged.extend(moved.unwrap_or_default());
                }
            }
            Operation::Insert(field, value) => {
                scope.map(self.maps).insert(field, value)?;
                oracle.maps.entry(key).or_default().insert(*field, *value);
            }
            Operation::Remove(field) => {
                scope.map(self.maps).remove(field)?;
                oracle.maps.entry(key).or_default().remove(field);
            }
            Operation::ClearMap => {
                scope.map(self.maps).clear()?;
                oracle.maps.remove(&key);
            }
            Operation::Add(input) => {
                let sum = scope.reducing(self.sums).add(*input)?;
                let expected = oracle.sums.get(&key).map_or(*input, |old| old + input);
                assert_eq!(sum, expected, "adding returns what was reduced");
                oracle.sums.insert(key, expected);
            }
            Operation::ClearSum => {
                scope.reducing(self.sums).clear()?;
                oracle.sums.remove(&key);
            }
            Operation::Average(input) => {
                scope.aggregating(self.means).add(input)?;
                Mean::add(oracle.means.entry(key).or_default(), input);
            }
            Operation::SetLiving(value) => {
                scope.value(self.living).set(value)?;
                oracle.living.insert(key, oracle.written(*value));
            }
            Operation::UpdateLiving(by) => {
                let next = |old: Option<u32>| old.unwrap_or(7).wrapping_add(*by);
                let updated = scope.value(self.living).update(next)?;
                let old = oracle.living.get(&key).copied();
                let expected = next(old.and_then(|old| oracle.alive(old)));
                assert_eq!(updated, expected, "an update sees what is alive");
                oracle.living.insert(key, oracle.written(expected));
            }
            Operation::PushLiving(element) => {
                scope.list(self.living_lists).push(element)?;
                let written = oracle.written(*element);
                oracle.living_lists.entry(key).or_default().push(written);
            }
            Operation::InsertLiving(field, value) => {
                scope.map(self.living_maps).insert(field, value)?;
                let written = oracle.written(*value);
                let map = oracle.living_maps.entry(key).or_default();
                map.insert(*field, written);
            }
            Operation::Register(after) => {
                let time = oracle.watermark + after;
                scope.timers(self.timers).register(time)?;
                oracle.timers.insert((time, key));
            }
            Operation::Deregister(after) => {
                let time = oracle.watermark + after;
                scope.timers(self.timers).deregister(time)?;
                oracle.timers.remove(&(time, key));
            }
            Operation::Large(sweep) => {
                large::operate(self.large_maps, backend, oracle, key, sweep)?;
            }
            Operation::Evolving(change) => self.evolved.operate(backend, oracle, key, change)?,
            Operation::Read => self.compare(backend, oracle, key)?,
        }
        Ok(())
    }

    /// Visits the value of every key that the backend has, whichever it is.
    pub(crate) fn values(
        &self,
        backend: &mut Backend<u16>,
        visit: &mut dyn FnMut(u16, u32),
    ) -> Result<()> {
        backend.entries(self.values, |key, (), value| {
            visit(key, value);
            Ok(())
        })
    }

    /// Compares all state of one key, except timers.
    pub(crate) fn compare(
        &self,
        backend: &mut Backend<u16>,
        oracle: &Oracle,
        key: u16,
    ) -> Result<()> {
        let mut scope = backend.key(&key)?;
        let value = scope.value(self.values).get()?;
        assert_eq!(value, oracle.values.get(&key).copied(), "value of {key}");
        let list = scope.list(self.lists).get()?;
        let expected = oracle.lists.get(&key).cloned().unwrap_or_default();
        assert_eq!(list, expected, "list of {key}");
        let empty = scope.list(self.lists).is_empty()?;
        assert_eq!(empty, expected.is_empty(), "emptiness of the list of {key}");
        let map: BTreeMap<_, _> = scope.map(self.maps).entries()?.into_iter().collect();
        let expected = oracle.maps.get(&key).cloned().unwrap_or_default();
        assert_eq!(map, expected, "map of {key}");
        let zero = scope.map(self.maps).get(&0_i8)?;
        assert_eq!(zero, expected.get(&0).copied(), "an entry of {key}'s map");
        let mut range = BTreeMap::new();
        let mut keep = |field, value| {
            range.insert(field, value);
        };
        scope.map(self.maps).for_each(-2..=2, &mut keep)?;
        let expected = expected.range(-2..=2).map(|(k, v)| (*k, *v)).collect();
        assert_eq!(range, expected, "a range of {key}'s map");
        let sum = scope.reducing(self.sums).get()?;
        assert_eq!(sum, oracle.sums.get(&key).copied(), "sum of {key}");
        let mean = scope.aggregating(self.means).get()?;
        let expected = oracle.means.get(&key).map(Mean::result);
        assert_eq!(mean, expected, "mean of {key}");
        self.compare_living(backend, oracle, key)?;
        large::compare(self.large_maps, backend, oracle, key)?;
        self.evolved.compare(backend, oracle, key)?;
        let mut scope = backend.key(&key)?;
        for start in -2..3_i64 {
            let window = (start * 10, start * 10 + 10);
            let mut scope = scope.within(&window);
            let value = scope.value(self.windowed).get()?;
            let expected = oracle.windowed.get(&(key, window)).copied();
            assert_eq!(value, expected, "value of {key} in {window:?}");
            let list = scope.list(self.windowed_lists).get()?;
            let expected = oracle.windowed_lists.get(&(key, window));
            let expected = expected.cloned().unwrap_or_default();
            assert_eq!(list, expected, "list of {key} in {window:?}");
        }
        Ok(())
    }
    /// Compares what expires of one key.
    fn compare_living(&self, backend: &mut Backend<u16>, oracle: &Oracle, key: u16) -> Result<()> {
        let mut scope = backend.key(&key)?;
        let value = scope.value(self.living).get()?;
        let expected = oracle.living.get(&key).and_then(|v| oracle.alive(*v));
        assert_eq!(value, expected, "living value of {key}");
        let list = scope.list(self.living_lists).get()?;
        let expected = oracle.living_lists.get(&key).into_iter().flatten();
        let expected: Vec<_> = expected.filter_map(|v| oracle.alive(*v)).collect();
        assert_eq!(list, expected, "living list of {key}");
        let empty = scope.list(self.living_lists).is_empty()?;
        assert_eq!(empty, expected.is_empty(), "emptiness of {key}'s list");
        let zero = scope.map(self.living_maps).get(&0_i8)?;
        let expected: BTreeMap<_, _> = oracle
            .living_maps
            .get(&key)
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((*k, oracle.alive(*v)?)))
            .collect();
        assert_eq!(zero, expected.get(&0).copied(), "a living entry of {key}");
        let map: BTreeMap<_, _> = scope.map(self.living_maps).entries()?.into_iter().collect();
        assert_eq!(map, expected, "living map of {key}");
        let empty = scope.map(self.living_maps).is_empty()?;
        assert_eq!(empty, expected.is_empty(), "emptiness of {key}'s map");
        Ok(())
    }
}
