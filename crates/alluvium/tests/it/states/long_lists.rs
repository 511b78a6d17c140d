//! Lists that are far larger than what is gathered before it is written: an error on the way leaves them as they were, whatever
//! failed, and where that is impossible nothing of it gets into a snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alluvium::codec::Codec;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::protocol::shape::Shape;
use alluvium::state::{List, Map};
use alluvium::{Backend, Builder, Error, ErrorKind, ListState, MapState, Options, Result};
use tempfile::TempDir;

use crate::watched::{Scans, WatchedStores};

const BUDGET_BYTES: usize = 64 << 10;

/// So many elements of nine bytes are written in many pieces.
const MANY: u64 = 50_000;

const LISTS: ListState<u64, u8, Refusing> = ListState::<u64>::new("lists")
    .namespaced::<u8>()
    .codec::<Refusing>();
const MAPS: MapState<u64, u64, (), Refusing> =
    MapState::<u64, u64>::new("maps").codec::<Refusing>();

/// Eight bytes, but none for one number.
#[derive(Debug)]
struct Refusing;

const REFUSED: u64 = u64::MAX;

impl Codec<u64> for Refusing {
    const NAME: &'static str = "refusing";

    fn encode(value: &u64, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&value.to_be_bytes());
        if *value == REFUSED {
            return Err(Error::invalid("not this one"));
        }
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<u64> {
        let bytes = bytes.try_into();
        bytes
            .map(u64::from_be_bytes)
            .map_err(|error| Error::corrupt("a number").with_source(error))
    }

    fn shape() -> Shape {
        Shape::Opaque
    }
}

struct Opened {
    backend: Backend<u8>,
    list: List<u64, u8, Refusing>,
    stores: WatchedStores,
    snapshots: u64,
    _directory: TempDir,
}

impl Opened {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let stores = WatchedStores::new();
        let builder = Builder::new(
            "lists",
            Arc::new(stores.clone()),
            directory.path().join("work"),
        )
        .options(Options::default().memory_budget_bytes(BUDGET_BYTES));
        let mut backend = Backend::open(builder).unwrap();
        let list = backend.register(LISTS).unwrap();
        Self {
            backend,
            list,
            stores,
            snapshots: 0,
            _directory: directory,
        }
    }

    fn read(&mut self, namespace: u8) -> Result<Vec<u64>> {
        let list = self.list;
        self.backend.key(&1_u8)?.within(&namespace).list(list).get()
    }

    fn extend(&mut self, namespace: u8, elements: impl IntoIterator<Item = u64>) -> Result<()> {
        let list = self.list;
        let mut key = self.backend.key(&1_u8)?;
        key.within(&namespace).list(list).extend(elements)
    }

    fn set(&mut self, namespace: u8, elements: impl IntoIterator<Item = u64>) -> Result<()> {
        let list = self.list;
        let mut key = self.backend.key(&1_u8)?;
        key.within(&namespace).list(list).set(elements)
    }

    fn merge(&mut self, into: u8, from: &[u8]) -> Result<()> {
        let list = self.list;
        self.backend.key(&1_u8)?.merge_namespaces(list, &into, from)
    }

    fn snapshot(&mut self) -> Result<()> {
        self.snapshots += 1;
        let id = CheckpointId::new(self.snapshots);
        let prepared = self.backend.snapshot(id, SnapshotKind::Incremental);
        prepared.map(drop)
    }
}

/// Many elements, the last of which has no bytes.
fn refused() -> impl Iterator<Item = u64> {
    (0..MANY).chain([REFUSED])
}

#[test]
fn a_list_is_as_it_was_after_an_element_far_behind_has_no_bytes() {
    for before in [0, 1, MANY] {
        for stored in [true, false] {
            let mut opened = Opened::new();
            opened.extend(1, 0..before).unwrap();
            opened.extend(2, [7]).unwrap();
            if stored {
                // What is there is in the store, and known to the buffer.
                opened.snapshot().unwrap();
                opened.read(1).unwrap();
            }
            let expected: Vec<_> = (0..before).collect();

            for _ in 0..2 {
                let extended = opened.extend(1, refused()).unwrap_err();
                assert_eq!(extended.kind(), ErrorKind::Invalid);
                assert_eq!(opened.read(1).unwrap(), expected);
                let set = opened.set(1, refused()).unwrap_err();
                assert_eq!(set.kind(), ErrorKind::Invalid);
                assert_eq!(opened.read(1).unwrap(), expected);
            }

            opened.extend(1, [8]).unwrap();
            opened.snapshot().unwrap();
            assert_eq!(opened.read(1).unwrap(), [expected, vec![8]].concat());
            assert_eq!(opened.read(2).unwrap(), [7]);
        }
    }
}

#[test]
fn an_iterator_is_written_while_it_goes_on() {
    let mut opened = Opened::new();
    let stores = opened.stores.clone();
    let seen = |number: u64| {
        if number + 1 == MANY {
            assert!(
                stores.written() > 1,
                "{} runs were written",
                stores.written()
            );
        }
        number
    };

    opened.extend(1, (0..MANY).map(seen)).unwrap();
    opened.set(1, (0..MANY).map(seen)).unwrap();

    assert!(opened.read(1).unwrap().into_iter().eq(0..MANY));
}

#[test]
fn a_merge_that_cannot_read_a_source_changes_nothing_and_can_be_repeated() {
    // The first row that is read tells that there is much.
    for rows in [0, 1, 5, 20] {
        let mut opened = Opened::new();
        opened.extend(1, [7, 8]).unwrap();
        opened.extend(2, 0..MANY).unwrap();
        opened.extend(3, MANY..2 * MANY).unwrap();
        opened.snapshot().unwrap();

        opened.stores.scans(Scans::FailOnce(rows));
        let failed = opened.merge(1, &[2, 3]).unwrap_err();

        assert_eq!(failed.kind(), ErrorKind::Unavailable);
        assert_eq!(opened.read(1).unwrap(), [7, 8]);
        assert!(opened.read(2).unwrap().into_iter().eq(0..MANY));
        assert!(opened.read(3).unwrap().into_iter().eq(MANY..2 * MANY));
        opened.merge(1, &[2, 3]).unwrap();
        opened.snapshot().unwrap();
        let merged = opened.read(1).unwrap().into_iter();
        assert!(merged.eq([7, 8].into_iter().chain(0..2 * MANY)));
        assert!(opened.read(2).unwrap().is_empty());
        assert!(opened.read(3).unwrap().is_empty());
    }
}

#[test]
fn what_cannot_be_taken_back_gets_into_no_snapshot() {
    let mut opened = Opened::new();
    opened.extend(1, [7, 8]).unwrap();
    opened.extend(2, 0..MANY).unwrap();
    opened.snapshot().unwrap();

    opened.stores.scans(Scans::Fail(10));
    opened.merge(1, &[2]).unwrap_err();
    opened.stores.scans(Scans::Succeed);

    let refused = opened.snapshot().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("\"lists\""), "{refused}");
}

#[test]
fn an_iterator_that_panics_between_two_pieces_ends_snapshots() {
    let mut opened = Opened::new();
    let panicking = (0..MANY).inspect(|number| assert!(*number < MANY - 1, "as planned"));
    let extend = AssertUnwindSafe(|| opened.extend(1, panicking));

    catch_unwind(extend).unwrap_err();

    let refused = opened.snapshot().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("\"lists\""), "{refused}");
}

#[test]
fn a_list_whose_read_fails_while_it_is_thinned_out_is_thinned_out_by_the_next_call() {
    for rows in [0, 1, 8] {
        let mut opened = Opened::new();
        opened.extend(1, 0..MANY).unwrap();
        opened.snapshot().unwrap();
        let list = opened.list;
        let retain = |opened: &mut Opened| {
            let mut key = opened.backend.key(&1_u8).unwrap();
            let mut within = key.within(&1_u8);
            within
                .list(list)
                .retain(|element| element.is_multiple_of(2))
        };

        opened.stores.scans(Scans::FailOnce(rows));
        retain(&mut opened).unwrap_err();

        let even = |element: &u64| element.is_multiple_of(2);
        let left = opened.read(1).unwrap();
        assert!(left.iter().copied().filter(even).eq((0..MANY).filter(even)));
        assert!(left.is_sorted());
        retain(&mut opened).unwrap();
        assert!(
            opened
                .read(1)
                .unwrap()
                .into_iter()
                .eq((0..MANY).filter(even))
        );
        opened.snapshot().unwrap();
    }
}

#[test]
fn of_map_entries_that_are_put_together_a_step_is_set_or_not() {
    let mut opened = Opened::new();
    let map: Map<u64, u64, (), Refusing> = opened.backend.register(MAPS).unwrap();
    let mut entries: Vec<_> = (0..MANY).map(|number| (number, number)).collect();
    entries.push((MANY, REFUSED));
    let mut key = opened.backend.key(&1_u8).unwrap();
    let pairs = || entries.iter().map(|(map_key, value)| (map_key, value));

    let refused = key.map(map).extend(pairs()).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    let set = key.map(map).entries().unwrap();
    assert!(
        set.len() > 1_000 && set.len() < entries.len() - 1,
        "{}",
        set.len()
    );
    assert_eq!(set, entries[..set.len()]);
    entries.pop();
    let pairs = || entries.iter().map(|(map_key, value)| (map_key, value));
    key.map(map).extend(pairs()).unwrap();
    assert_eq!(key.map(map).entries().unwrap(), entries);
}
