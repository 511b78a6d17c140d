//! All subjects do the same, whatever is asked of them.

use ::alluvium::Backend;

use super::encoded::Encoded;
use super::engines::hash_map::HashMaps;
use super::engines::rocksdb::Raw;
use super::{Keyed, Scope as _};
use crate::data::Random;
use crate::subjects::alluvium;

/// Does 20,000 operations drawn at random, and tells everything that was read.
fn told<B: Keyed<u64>>(backend: &mut B) -> Vec<String> {
    let value = backend.value::<u64, i64>("value").unwrap();
    let folded = backend
        .reducing::<u64, i64>("folded", |a, b| a + b)
        .unwrap();
    let list = backend.list::<Vec<u64>, i64>("list").unwrap();
    let map = backend.map::<(i64, u8), u64>("map").unwrap();
    let timers = backend.timers::<i64>("timers").unwrap();
    let mut random = Random::seeded(7);
    let mut told = Vec::new();
    for step in 0..20_000_u64 {
        let within = i64::try_from(random.below(3)).unwrap() - 1;
        let at = (within, u8::try_from(random.below(9)).unwrap());
        let time = i64::try_from(random.below(50)).unwrap();
        let mut scope = backend.key(&random.below(20)).unwrap();
        let mut seen = Vec::new();
        match random.below(16) {
            0 => scope.set(value, &within, &step).unwrap(),
            1 => told.push(format!("{:?}", scope.get(value, &within))),
            2 => told.push(format!("{:?}", scope.take(value, &within))),
            3 => drop(
                scope
                    .update(value, &within, |old: Option<u64>| old.unwrap_or(3) + step)
                    .unwrap(),
            ),
            4 | 5 => scope.add(folded, &within, step).unwrap(),
            6 => told.push(format!("{:?}", scope.take_reduced(folded, &within))),
            7 => scope.merge_reduced(folded, &-1, &[0, 1]).unwrap(),
            8 | 9 => scope.push(list, &within, &vec![step; 3]).unwrap(),
            10 => {
                scope
                    .elements(list, &within, |element| seen.push(element))
                    .unwrap();
                scope.clear_list(list, &within).unwrap();
            }
            11 => scope.merge_lists(list, &-1, &[0, 1]).unwrap(),
            12 => scope.map_put(map, &at, &step).unwrap(),
            13 => scope.map_remove(map, &at).unwrap(),
            14 => scope
                .map_scan(map, (-1, 3), at.max((-1, 3)), |at, value| {
                    seen.push(vec![u64::from(at.1), value]);
                })
                .unwrap(),
            _ if step % 3 == 0 => scope.deregister(timers, &within, time).unwrap(),
            _ => scope.register(timers, &within, time).unwrap(),
        }
        told.push(format!("{seen:?}"));
    }
    let mut due = Vec::new();
    while let Some(timer) = backend.due(timers, 40).unwrap() {
        due.push((timer.time, timer.key, timer.namespace));
    }
    assert!(due.is_sorted_by_key(|(time, ..)| *time));
    due.sort_unstable();
    told.push(format!("{due:?}"));
    told
}

#[test]
fn every_subject_reads_what_the_others_read() {
    let directory = tempfile::tempdir().unwrap();
    let expected = told(&mut Encoded::over(HashMaps::default()));

    let raw = Raw::open(directory.path(), 4 << 20).unwrap();
    assert!(told(&mut Encoded::over(raw)) == expected);
    let mut small: Backend<u64> = alluvium::backend(directory.path(), 4 << 20).unwrap();
    assert!(told(&mut small) == expected);
    let mut memory: Backend<u64> = alluvium::in_memory(directory.path()).unwrap();
    assert!(told(&mut memory) == expected);
}
