//! Much state in one key: a list, a map and merged lists that outgrow the write buffer's budget many times.
//!
//! Each check has a form that takes the number of elements, for a test of full size.

use std::ops::ControlFlow;

use alluvium::{Backend, ListState, MapState};

use super::Setting;
use super::job::owner;

const LIST: ListState<u64> = ListState::new("list");
const WINDOWED: ListState<u64, u8> = ListState::<u64>::new("windowed").namespaced::<u8>();
const MAP: MapState<u64, u64> = MapState::new("map");

/// The key that has it all.
const KEY: u32 = 7;

/// The largest budget that these checks take: what fits into it shows nothing.
const BUDGET_BYTES_MAX: usize = 1 << 20;

/// What the buffer may have beside its budget: a map or list that was read whole, a block of rows.
const SLACK_BYTES: usize = 64 << 10;

/// Elements appended, or entries written, between two looks at the buffer.
const BATCH: u64 = 1_000;

impl Setting<'_> {
    fn small(&self) -> Self {
        let memory_budget_bytes = self.memory_budget_bytes.min(BUDGET_BYTES_MAX);
        Self {
            memory_budget_bytes,
            ..*self
        }
    }

    /// A number of elements that takes many times the budget: 300,000 for a mebibyte.
    fn many(&self) -> u64 {
        u64::try_from(self.memory_budget_bytes * 300_000 / BUDGET_BYTES_MAX).unwrap()
    }

    #[track_caller]
    fn is_within_budget(&self, backend: &Backend<u32>) {
        let bytes = backend.metrics().buffer_bytes;
        let most = self.memory_budget_bytes + SLACK_BYTES;
        assert!(bytes <= most, "{bytes} bytes are buffered, of {most}");
    }
}

pub fn a_list_far_larger_than_the_budget_is_appended_to_read_restored_and_removed(
    setting: &Setting<'_>,
) {
    let setting = setting.small();
    a_large_list(&setting, setting.many());
}

/// The same, of so many elements.
pub fn a_large_list(setting: &Setting<'_>, number: u64) {
    let job = setting.job(10).with_storage_on_disk();
    let mut backends = job.open_all::<u32>(1);
    let list = backends[0].register(LIST).unwrap();
    let mut next = 0;
    while next < number {
        let end = number.min(next + BATCH);
        let mut scope = backends[0].key(&KEY).unwrap();
        scope.list(list).extend(next..end).unwrap();
        setting.is_within_budget(&backends[0]);
        next = end;
    }
    is_counted_to(setting, &mut backends[0], number);

    let checkpoint = job.checkpoint(&mut backends, 1);
    drop(backends);
    let mut backends = job.restore_all::<u32>(&checkpoint, 3);
    let backend = owner(&mut backends, &KEY);
    let list = backend.register(LIST).unwrap();
    is_counted_to(setting, backend, number);
    backend.key(&KEY).unwrap().list(list).push(&number).unwrap();
    is_counted_to(setting, backend, number + 1);
    assert_eq!(backend.counts(list).unwrap().entries, 1);

    backend.key(&KEY).unwrap().list(list).clear().unwrap();
    setting.is_within_budget(backend);
    assert!(backend.key(&KEY).unwrap().list(list).is_empty().unwrap());
    assert_eq!(backend.counts(list).unwrap().entries, 0);
    let checkpoint = job.checkpoint(&mut backends, 2);
    let mut backends = job.restore_all::<u32>(&checkpoint, 1);
    let list = backends[0].register(LIST).unwrap();
    assert!(
        backends[0]
            .key(&KEY)
            .unwrap()
            .list(list)
            .is_empty()
            .unwrap()
    );
}

pub fn a_list_far_larger_than_the_budget_is_written_from_one_iterator_and_thinned_out(
    setting: &Setting<'_>,
) {
    let setting = setting.small();
    a_large_list_at_once(&setting, setting.many());
}

/// The same, of so many elements.
pub fn a_large_list_at_once(setting: &Setting<'_>, number: u64) {
    let job = setting.job(10).with_storage_on_disk();
    let mut backends = job.open_all::<u32>(1);
    let backend = &mut backends[0];
    let list = backend.register(LIST).unwrap();
    let mut scope = backend.key(&KEY).unwrap();
    scope.list(list).extend(0..number / 2).unwrap();
    scope.list(list).extend(number / 2..number).unwrap();
    is_counted_to(setting, backend, number);
    let mut scope = backend.key(&KEY).unwrap();
    scope.list(list).set(0..2 * number).unwrap();
    is_counted_to(setting, backend, 2 * number);

    let mut next = 0;
    let keep = |element: &u64| {
        assert_eq!(*element, next);
        next += 1;
        *element < number
    };
    backend.key(&KEY).unwrap().list(list).retain(keep).unwrap();
    assert_eq!(next, 2 * number);
    is_counted_to(setting, backend, number);
    assert_eq!(backend.counts(list).unwrap().entries, 1);

    let checkpoint = job.checkpoint(&mut backends, 1);
    drop(backends);
    let mut backends = job.restore_all::<u32>(&checkpoint, 1);
    let backend = &mut backends[0];
    let list = backend.register(LIST).unwrap();
    is_counted_to(setting, backend, number);
    let keep = |element: &u64| element.is_multiple_of(2);
    backend.key(&KEY).unwrap().list(list).retain(keep).unwrap();
    let mut scope = backend.key(&KEY).unwrap();
    scope.list(list).push(&number).unwrap();
    let mut expected = (0..number).step_by(2).chain([number]);
    let visit = |element| assert_eq!(Some(element), expected.next());
    scope.list(list).for_each(visit).unwrap();
    assert_eq!(expected.next(), None);
    setting.is_within_budget(backend);

    backend
        .key(&KEY)
        .unwrap()
        .list(list)
        .retain(|_| false)
        .unwrap();
    assert!(backend.key(&KEY).unwrap().list(list).is_empty().unwrap());
    assert_eq!(backend.counts(list).unwrap().entries, 0);
}

/// The list has the numbers below `number`, in order.
#[track_caller]
fn is_counted_to(setting: &Setting<'_>, backend: &mut Backend<u32>, number: u64) {
    let list = backend.register(LIST).unwrap();
    let mut expected = 0..number;
    let visit = |element| assert_eq!(Some(element), expected.next());
    backend
        .key(&KEY)
        .unwrap()
        .list(list)
        .for_each(visit)
        .unwrap();
    assert_eq!(expected.next(), None);
    setting.is_within_budget(backend);
}

pub fn a_map_far_larger_than_the_budget_is_written_read_restored_and_removed(
    setting: &Setting<'_>,
) {
    let setting = setting.small();
    a_large_map(&setting, setting.many());
}

/// The same, of so many entries.
pub fn a_large_map(setting: &Setting<'_>, number: u64) {
    let job = setting.job(10).with_storage_on_disk();
    let mut backends = job.open_all::<u32>(1);
    let backend = &mut backends[0];
    let map = backend.register(MAP).unwrap();
    // Every map key once, in no order.
    let step = (1..)
        .find(|step| step * 7 > number && is_coprime(*step, number))
        .unwrap();
    let mut map_key = 0;
    for n in 0..number {
        map_key = (map_key + step) % number;
        backend
            .key(&KEY)
            .unwrap()
            .map(map)
            .insert(&map_key, &(map_key * 2))
            .unwrap();
        if n % BATCH == 0 {
            setting.is_within_budget(backend);
        }
    }
    has_where(setting, backend, number, |_| true);

    // Single entries go, then a range.
    let (from, to) = (number / 4, number / 2);
    for map_key in (0..number).step_by(100) {
        backend
            .key(&KEY)
            .unwrap()
            .map(map)
            .remove(&map_key)
            .unwrap();
    }
    setting.is_within_budget(backend);
    backend
        .key(&KEY)
        .unwrap()
        .map(map)
        .remove_range(from..to)
        .unwrap();
    setting.is_within_budget(backend);
    let stays = |map_key: u64| !map_key.is_multiple_of(100) && !(from..to).contains(&map_key);
    has_where(setting, backend, number, stays);

    let checkpoint = job.checkpoint(&mut backends, 1);
    drop(backends);
    let mut backends = job.restore_all::<u32>(&checkpoint, 3);
    let backend = owner(&mut backends, &KEY);
    let map = backend.register(MAP).unwrap();
    has_where(setting, backend, number, stays);
    assert_eq!(backend.counts(map).unwrap().entries, 1);

    backend.key(&KEY).unwrap().map(map).clear().unwrap();
    assert!(backend.key(&KEY).unwrap().map(map).is_empty().unwrap());
    setting.is_within_budget(backend);
    assert_eq!(backend.counts(map).unwrap().entries, 0);
    let checkpoint = job.checkpoint(&mut backends, 2);
    let mut backends = job.restore_all::<u32>(&checkpoint, 1);
    let map = backends[0].register(MAP).unwrap();
    assert!(backends[0].key(&KEY).unwrap().map(map).is_empty().unwrap());
}

pub fn a_map_far_larger_than_the_budget_is_written_from_one_iterator(setting: &Setting<'_>) {
    let setting = setting.small();
    let number = setting.many();
    setting.tell(|backend: &mut Backend<u32>| {
        let map = backend.register(MAP).unwrap();
        let entries: Vec<_> = (0..number).map(|map_key| (map_key, map_key * 2)).collect();
        let entries = entries
            .iter()
            .rev()
            .map(|(map_key, value)| (map_key, value));

        let mut scope = backend.key(&KEY).unwrap();
        scope.map(map).extend(entries).unwrap();

        setting.is_within_budget(backend);
        has_where(&setting, backend, number, |_| true);
    });
}

fn is_coprime(a: u64, b: u64) -> bool {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// The map has those of the numbers below `number` that `is_there` says, in order.
#[track_caller]
fn has_where(
    setting: &Setting<'_>,
    backend: &mut Backend<u32>,
    number: u64,
    is_there: impl Fn(u64) -> bool,
) {
    let map = backend.register(MAP).unwrap();
    let mut expected = (0..number).filter(|map_key| is_there(*map_key));
    let visit = |map_key, value| {
        assert_eq!(Some(map_key), expected.next());
        assert_eq!(value, map_key * 2);
        Ok(ControlFlow::Continue(()))
    };
    backend
        .key(&KEY)
        .unwrap()
        .map(map)
        .try_for_each(.., visit)
        .unwrap();
    assert_eq!(expected.next(), None);
    let some = number / 3 * 2 + 1;
    let found = backend.key(&KEY).unwrap().map(map).get(&some).unwrap();
    assert_eq!(found, (some < number && is_there(some)).then_some(some * 2));
    setting.is_within_budget(backend);
}

pub fn lists_far_larger_than_the_budget_are_merged(setting: &Setting<'_>) {
    let setting = setting.small();
    large_lists_are_merged(&setting, setting.many() / 2);
}

/// The same, of so many elements in each.
pub fn large_lists_are_merged(setting: &Setting<'_>, number: u64) {
    setting.tell(|backend: &mut Backend<u32>| {
        let list = backend.register(WINDOWED).unwrap();
        for (window, first) in [(1_u8, 0), (2, number), (3, 2 * number)] {
            let mut next = first;
            while next < first + number {
                let end = (first + number).min(next + BATCH);
                let mut scope = backend.key(&KEY).unwrap();
                scope.within(&window).list(list).extend(next..end).unwrap();
                next = end;
            }
        }

        let mut scope = backend.key(&KEY).unwrap();
        scope.merge_namespaces(list, &1, &[2, 3]).unwrap();

        let mut expected = 0..3 * number;
        let visit = |element| assert_eq!(Some(element), expected.next());
        scope.within(&1_u8).list(list).for_each(visit).unwrap();
        assert_eq!(expected.next(), None);
        for source in [2_u8, 3] {
            assert!(scope.within(&source).list(list).is_empty().unwrap());
        }
        setting.is_within_budget(backend);
    });
}
