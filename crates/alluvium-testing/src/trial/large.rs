//! Maps of a trial that outgrow the write buffer: thousands of entries in one key, which come and go in great numbers.

use std::collections::BTreeMap;

use alluvium::state::Map;
use alluvium::{Backend, MapState, Result};
use proptest::prelude::*;

use crate::oracle::Oracle;

const MAPS: MapState<u16, u32> = MapState::new("large maps");

/// The handle of a subtask's large maps.
pub(super) type LargeMaps = Map<u16, u32>;

/// An operation on a large map.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "a trial carries out each")]
pub enum Sweep {
    /// Inserts so many entries, of a first value and those after it, at map keys that are spread over all of them.
    Insert(u32, u16),
    /// Removes so many entries one by one, from a number on, at map keys that are spread over all of them.
    Remove(u16, u16),
    /// Removes all entries between two map keys, the first of them included.
    RemoveRange(u16, u16),
    /// Clears the map.
    Clear,
    /// Reads all entries between two map keys, the first of them included.
    Read(u16, u16),
}

/// The most entries that one operation writes: many times the smallest budget, together.
const ENTRIES_MAX: u16 = 1000;

/// Map keys are below this: maps overlap with what they were before, and grow to several operations' entries.
const MAP_KEYS: u16 = 4_001;

/// The map key of a number: all below [`MAP_KEYS`], in no order.
fn spread(number: u32) -> u16 {
    let key = u64::from(number) * 7_919 % u64::from(MAP_KEYS);
    u16::try_from(key).unwrap_or(0)
}

pub(super) fn sweep() -> impl Strategy<Value = Sweep> {
    let key = || 0..MAP_KEYS;
    prop_oneof![
        4 => (any::<u32>(), 0..ENTRIES_MAX).prop_map(|(first, many)| Sweep::Insert(first, many)),
        1 => (key(), 0..ENTRIES_MAX).prop_map(|(first, many)| Sweep::Remove(first, many)),
        3 => (key(), key()).prop_map(|(from, to)| Sweep::RemoveRange(from, to)),
        1 => Just(Sweep::Clear),
        2 => (key(), key()).prop_map(|(from, to)| Sweep::Read(from, to)),
    ]
}

pub(super) fn register(backend: &mut Backend<u16>) -> Result<LargeMaps> {
    backend.register(MAPS)
}

/// Does `sweep` to both, and compares what it reads.
pub(super) fn operate(
    maps: LargeMaps,
    backend: &mut Backend<u16>,
    oracle: &mut Oracle,
    key: u16,
    sweep: &Sweep,
) -> Result<()> {
    let mut scope = backend.key(&key)?;
    let mut map = scope.map(maps);
    let known = oracle.large_maps.entry(key).or_default();
    match sweep {
        Sweep::Insert(first, many) => {
            for n in 0..u32::from(*many) {
                let value = first.wrapping_add(n);
                map.insert(&spread(value), &value)?;
                known.insert(spread(value), value);
            }
        }
        Sweep::Remove(first, many) => {
            for n in 0..u32::from(*many) {
                let field = spread(u32::from(*first) + n);
                map.remove(&field)?;
                known.remove(&field);
            }
        }
        Sweep::RemoveRange(from, to) => {
            map.remove_range(*from..*to)?;
            known.retain(|field, _| !(*from..*to).contains(field));
        }
        Sweep::Clear => {
            map.clear()?;
            known.clear();
        }
        Sweep::Read(from, to) => {
            let mut found = BTreeMap::new();
            map.for_each(*from..*to, |field, value| {
                found.insert(field, value);
            })?;
            let within = known
                .iter()
                .filter(|(field, _)| (*from..*to).contains(*field));
            let expected: BTreeMap<_, _> = within.map(|(k, v)| (*k, *v)).collect();
            assert_eq!(found, expected, "a range of {key}'s large map");
            let one = map.get(from)?;
            assert_eq!(
                one,
                known.get(from).copied(),
                "an entry of {key}'s large map"
            );
        }
    }
    Ok(())
}

/// Compares the large map of one key.
pub(super) fn compare(
    maps: LargeMaps,
    backend: &mut Backend<u16>,
    oracle: &Oracle,
    key: u16,
) -> Result<()> {
    let mut scope = backend.key(&key)?;
    let mut map = scope.map(maps);
    let expected = oracle.large_maps.get(&key).into_iter().flatten();
    let expected: Vec<_> = expected.map(|(k, v)| (*k, *v)).collect();
    let found = map.entries()?;
    assert_eq!(found, expected, "large map of {key}");
    assert_eq!(
        map.is_empty()?,
        expected.is_empty(),
        "emptiness of {key}'s large map"
    );
    Ok(())
}
