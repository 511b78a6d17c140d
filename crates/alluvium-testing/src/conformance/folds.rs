//! Reducing and aggregating states, and namespaces that are merged.

use alluvium::{Aggregate, AggregatingState, Backend, ListState, ReducingState};

use super::Setting;

/// Texts joined: not commutative, so that the order shows.
const JOINED: ReducingState<String> =
    ReducingState::new("joined", |there, new| format!("{there}{new}"));

/// The mean of what was added.
#[derive(Debug)]
enum Mean {}

impl Aggregate for Mean {
    type Input = i32;
    type Accumulator = (i64, u32);
    type Output = f64;

    fn create() -> (i64, u32) {
        (0, 0)
    }

    fn add((sum, count): &mut (i64, u32), input: &i32) {
        *sum += i64::from(*input);
        *count += 1;
    }

    fn merge((sum, count): &mut (i64, u32), other: (i64, u32)) {
        *sum += other.0;
        *count += other.1;
    }

    fn result((sum, count): &(i64, u32)) -> f64 {
        let sum = i32::try_from(*sum).unwrap();
        f64::from(sum) / f64::from(*count)
    }
}

const MEAN: AggregatingState<Mean> = AggregatingState::new("mean");

pub fn a_reduced_value_is_absent_then_the_first_then_the_fold(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let joined = backend.register(JOINED).unwrap();
        let mut scope = backend.key(&1_u32).unwrap();

        assert_eq!(scope.reducing(joined).get().unwrap(), None);
        assert_eq!(scope.reducing(joined).add("a".to_owned()).unwrap(), "a");
        assert_eq!(scope.reducing(joined).add("b".to_owned()).unwrap(), "ab");
        assert_eq!(scope.reducing(joined).get().unwrap().as_deref(), Some("ab"));
        scope.reducing(joined).clear().unwrap();

        assert_eq!(scope.reducing(joined).get().unwrap(), None);
    });
}

pub fn an_aggregate_has_no_result_before_its_first_input(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let mean = backend.register(MEAN).unwrap();
        let mut scope = backend.key(&1_u32).unwrap();

        assert_eq!(scope.aggregating(mean).get().unwrap(), None);
        for input in [1, 2, 6] {
            scope.aggregating(mean).add(&input).unwrap();
        }
        assert_eq!(scope.aggregating(mean).get().unwrap(), Some(3.0));
        scope.aggregating(mean).clear().unwrap();

        assert_eq!(scope.aggregating(mean).get().unwrap(), None);
    });
}

pub fn merging_moves_all_into_the_target_in_the_order_given_and_empties_the_sources(
    setting: &Setting<'_>,
) {
    const LIST: ListState<String, u8> = ListState::<String>::new("list").namespaced::<u8>();
    setting.tell(|backend: &mut Backend<u32>| {
        let list = backend.register(LIST).unwrap();
        let joined = backend.register(JOINED.namespaced::<u8>()).unwrap();
        let mean = backend.register(MEAN.namespaced::<u8>()).unwrap();
        let mut scope = backend.key(&1_u32).unwrap();
        for (namespace, text) in [(1_u8, "a"), (2, "b"), (3, "c")] {
            let mut window = scope.within(&namespace);
            window.list(list).push(&text.to_owned()).unwrap();
            window.reducing(joined).add(text.to_owned()).unwrap();
            window.aggregating(mean).add(&i32::from(namespace)).unwrap();
        }

        // 9 has no state, 1 is the target, 3 is named twice.
        scope.merge_namespaces(list, &1, &[3, 9, 1, 2, 3]).unwrap();
        scope
            .merge_namespaces(joined, &1, &[3, 9, 1, 2, 3])
            .unwrap();
        scope.merge_namespaces(mean, &1, &[3, 9, 1, 2, 3]).unwrap();

        let mut target = scope.within(&1_u8);
        assert_eq!(target.list(list).get().unwrap(), ["a", "c", "b"]);
        assert_eq!(
            target.reducing(joined).get().unwrap().as_deref(),
            Some("acb")
        );
        assert_eq!(target.aggregating(mean).get().unwrap(), Some(2.0));
        for gone in [2_u8, 3, 9] {
            let mut source = scope.within(&gone);
            assert!(source.list(list).is_empty().unwrap());
            assert_eq!(source.reducing(joined).get().unwrap(), None);
            assert_eq!(source.aggregating(mean).get().unwrap(), None);
        }
    });
}

pub fn merging_nothing_leaves_nothing(setting: &Setting<'_>) {
    setting.tell(|backend: &mut Backend<u32>| {
        let joined = backend.register(JOINED.namespaced::<u8>()).unwrap();
        let mean = backend.register(MEAN.namespaced::<u8>()).unwrap();
        let mut scope = backend.key(&1_u32).unwrap();

        scope.merge_namespaces(joined, &1, &[2, 3]).unwrap();
        scope.merge_namespaces(mean, &1, &[]).unwrap();

        assert_eq!(scope.within(&1_u8).reducing(joined).get().unwrap(), None);
        assert_eq!(scope.within(&1_u8).aggregating(mean).get().unwrap(), None);
    });
}
