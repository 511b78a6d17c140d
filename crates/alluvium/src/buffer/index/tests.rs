//! The index against a map from hashes to places, with hashes that collide.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Few hashes, so that many rows share one, at both ends of the table.
fn hash() -> impl Strategy<Value = u64> {
    (0..4_u64, any::<bool>()).prop_map(|(low, high)| {
        let upper = if high {
            u64::from(u32::MAX) - low * 2
        } else {
            low * 2
        };
        upper << 32
    })
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Remove(usize),
    Relocate(usize),
    Touch(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => hash().prop_map(Step::Insert),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => any::<usize>().prop_map(Step::Relocate),
        1 => any::<usize>().prop_map(Step::Touch),
    ]
}

proptest! {
    #[test]
    fn an_index_has_the_rows_that_were_put_there_and_not_removed(steps in prop::collection::vec(step(), 0..200)) {
        let mut index = Index::default();
        // By the number of the record: its hash, and whether it was touched.
        let mut model: BTreeMap<usize, (u64, bool)> = BTreeMap::new();
        let at = |number| At::new(number, 0);
        let nth = |model: &BTreeMap<usize, (u64, bool)>, n: usize| {
            let n = n.checked_rem(model.len())?;
            model.iter().nth(n).map(|(&number, &row)| (number, row))
        };
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Insert(hash) => {
                    index.insert(hash, at(number));
                    model.insert(number, (hash, false));
                }
                Step::Remove(n) => if let Some((number, (hash, _))) = nth(&model, n) {
                    index.remove(hash, at(number));
                    model.remove(&number);
                }
                Step::Relocate(n) => if let Some((old, row)) = nth(&model, n) {
                    index.relocate(row.0, at(old), at(number));
                    model.remove(&old);
                    model.insert(number, row);
                }
                Step::Touch(n) => if let Some((number, (hash, _))) = nth(&model, n) {
                    let found = index.touch(hash, |there| there == at(number));
                    prop_assert_eq!(found, Some(at(number)));
                    model.insert(number, (hash, true));
                }
            }
        }
        prop_assert_eq!(index.len, model.len());
        prop_assert!(index.len <= index.homes / 4 * 3);
        prop_assert_eq!(index.bytes(), 8 * index.slots.len());
        let taken = index.slots.iter().filter(|slot| slot.at != At::NOWHERE);
        prop_assert!(taken.is_sorted_by_key(|slot| slot.half()));
        for (number, (hash, touched)) in model {
            prop_assert_eq!(index.spare(hash, at(number)), Some(touched));
            prop_assert_eq!(index.spare(hash, at(number)), Some(false));
            index.remove(hash, at(number));
            prop_assert_eq!(index.spare(hash, at(number)), None);
        }
        prop_assert_eq!(index.len, 0);
    }
}
