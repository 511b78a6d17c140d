//! Rows of stamped values and of values in an older form, which begins with `o`; the newest begins with `n`.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::chunk::push_element;
use crate::stamp::{STAMP_BYTES, Stamp};
use crate::ttl::Ttl;

const NOW: Moment = Moment::at(150);

fn stamped(written: i64, value: &[u8]) -> Vec<u8> {
    let ttl = Ttl::new(Duration::from_millis(100));
    let stamp = Stamp::of(&ttl, Moment::at(written)).to_bytes();
    [&stamp[..], value].concat()
}

fn chunk<E: AsRef<[u8]>>(elements: &[E]) -> Vec<u8> {
    let mut chunk = Vec::new();
    for element in elements {
        push_element(&mut chunk, element.as_ref()).unwrap();
    }
    chunk
}

/// The newest form of what begins with `o` is longer; of `o!` there is none, and an attempt leaves bytes behind.
fn newest(old: &[u8], new: &mut Vec<u8>) -> bool {
    let Some(rest) = old.strip_prefix(b"o") else {
        return false;
    };
    new.extend_from_slice(b"n new ");
    new.extend_from_slice(rest);
    !old.starts_with(b"o!")
}

fn judged(kind: StateKind, value: &[u8], at: Option<Moment>) -> (Verdict, Vec<u8>) {
    let mut changed = Vec::new();
    let verdict = verdict(kind, value, at, &mut newest, &mut changed);
    if verdict != Verdict::Change {
        changed.clear();
    }
    (verdict, changed)
}

fn kept() -> (Verdict, Vec<u8>) {
    (Verdict::Keep, Vec::new())
}

#[test]
fn a_value_that_has_expired_goes_and_one_that_lives_stays() {
    let of = |written| judged(StateKind::Value, &stamped(written, b"n"), Some(NOW));

    assert_eq!(of(50), (Verdict::Drop, vec![]));
    assert_eq!(of(51), kept());
    assert_eq!(judged(StateKind::Value, &stamped(50, b"n"), None), kept());
}

#[test]
fn a_value_of_an_older_form_gets_the_newest_and_keeps_its_stamp() {
    assert_eq!(
        judged(StateKind::Map, b"o1", None),
        (Verdict::Change, b"n new 1".to_vec())
    );
    assert_eq!(
        judged(StateKind::Map, &stamped(60, b"o1"), Some(NOW)),
        (Verdict::Change, stamped(60, b"n new 1"))
    );
}

#[test]
fn a_value_that_cannot_be_changed_stays() {
    assert_eq!(judged(StateKind::Value, b"o!", None), kept());
    assert_eq!(judged(StateKind::List, &chunk(&[b"o!"]), None), kept());
}

#[test]
fn of_a_chunk_single_elements_go_and_it_goes_with_the_last() {
    let of = |written: [i64; 3]| {
        let elements = written.map(|written| stamped(written, b"n"));
        judged(StateKind::List, &chunk(&elements), Some(NOW))
    };
    let left = |written: &[i64]| {
        let elements = written.iter().map(|&written| stamped(written, b"n"));
        (Verdict::Change, chunk(&elements.collect::<Vec<_>>()))
    };

    assert_eq!(of([51, 52, 53]), kept());
    assert_eq!(of([0, 52, 53]), left(&[52, 53]));
    assert_eq!(of([51, 0, 53]), left(&[51, 53]));
    assert_eq!(of([51, 52, 0]), left(&[51, 52]));
    assert_eq!(of([0, 1, 2]), (Verdict::Drop, vec![]));
}

#[test]
fn elements_of_a_chunk_go_stay_and_change_at_the_same_time() {
    let long = [b"o".as_slice(), &[7; 200]].concat();
    let before = [
        stamped(60, b"n0"),
        stamped(60, b"o!"),
        stamped(60, &long),
        stamped(10, b"o1"),
        stamped(60, b""),
    ];
    let after = [
        stamped(60, b"n0"),
        stamped(60, b"o!"),
        stamped(60, &[b"n new ".as_slice(), &[7; 200]].concat()),
        stamped(60, b""),
    ];

    assert_eq!(
        judged(StateKind::List, &chunk(&before), Some(NOW)),
        (Verdict::Change, chunk(&after))
    );
}

#[test]
fn what_cannot_be_read_stays() {
    let short = [0; STAMP_BYTES - 1];
    let whole = chunk(&[stamped(0, b"n"), stamped(60, b"o1")]);
    let cut = whole.get(..whole.len() - 1).unwrap();

    assert_eq!(judged(StateKind::Value, &short, Some(NOW)), kept());
    assert_eq!(judged(StateKind::List, &chunk(&[short]), Some(NOW)), kept());
    assert_eq!(judged(StateKind::List, cut, Some(NOW)), kept());
}

proptest! {
    #[test]
    fn a_chunk_is_what_its_elements_become_one_by_one(
        list in prop::collection::vec((0..100_i64, "[on]!?[a-z]{0,3}|[on]x{130}"), 1..8),
        with_stamps: bool,
    ) {
        let at = with_stamps.then_some(NOW);
        let list = list.iter().map(|(written, value)| {
            if with_stamps { stamped(*written, value.as_bytes()) } else { value.as_bytes().to_vec() }
        });
        let list: Vec<Vec<u8>> = list.collect();
        let one_by_one = list.iter().filter_map(|element| {
            match judged(StateKind::Value, element, at) {
                (Verdict::Keep, _) => Some(element.clone()),
                (Verdict::Drop, _) => None,
                (Verdict::Change, changed) => Some(changed),
            }
        });
        let expected = chunk(&one_by_one.collect::<Vec<_>>());

        let (verdict, changed) = judged(StateKind::List, &chunk(&list), at);

        match verdict {
            Verdict::Keep => prop_assert_eq!(chunk(&list), expected),
            Verdict::Drop => prop_assert!(expected.is_empty()),
            Verdict::Change => prop_assert_eq!(changed, expected),
        }
    }

    #[test]
    fn any_bytes_are_judged_and_what_is_gone_stays_so(value: Vec<u8>, now: i64, later: i64) {
        let (now, later) = (Moment::at(now), Moment::at(now).advanced(later));
        for kind in [StateKind::Value, StateKind::List, StateKind::Map] {
            let gone = |at| judged(kind, &value, Some(at)).0 == Verdict::Drop;

            prop_assert!(!gone(now) || gone(later));
        }
    }
}
