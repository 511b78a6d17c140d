//! A faulty storage fails when it was planned to, and is the storage it wraps otherwise.

use alluvium::storage::{Cancel, in_memory};

use super::*;

fn memory() -> (Arc<dyn Storage>, FaultyStorage) {
    let inner = in_memory();
    (Arc::clone(&inner), FaultyStorage::new(inner))
}

#[test]
fn a_fault_before_has_no_effect_and_one_after_has() {
    let (inner, faulty) = memory();
    faulty.fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));
    faulty.fail(Operation::Put, 2, Fault::After(ErrorKind::Unavailable));

    let first = faulty.put("first", b"1").unwrap_err();
    let second = faulty.put("second", b"2").unwrap_err();
    faulty.put("third", b"3").unwrap();

    assert_eq!([first.kind(), second.kind()], [ErrorKind::Unavailable; 2]);
    assert_eq!(inner.get("first").unwrap(), None);
    assert_eq!(inner.get("second").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(inner.get("third").unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(faulty.calls(Operation::Put), 3);
}

#[test]
fn a_winner_can_be_told_that_the_object_existed() {
    let (inner, faulty) = memory();
    faulty.fail(Operation::PutIfAbsent, 1, Fault::AnswerExists);

    let told = faulty.put_if_absent("x", b"mine").unwrap();

    assert_eq!(told, PutOutcome::Exists);
    assert_eq!(inner.get("x").unwrap().as_deref(), Some(&b"mine"[..]));
}

#[test]
fn reads_are_damaged_and_stored_bytes_are_not() {
    let (inner, faulty) = memory();
    inner.put("x", b"abcd").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("x");
    faulty.fail(Operation::Get, 1, Fault::Truncate);
    faulty.fail(Operation::Get, 2, Fault::FlipBit);
    faulty.fail(Operation::Download, 1, Fault::FlipBit);

    let truncated = faulty.get("x").unwrap();
    let flipped = faulty.get("x").unwrap();
    let moved = faulty.download("x", &to, &Cancel::new()).unwrap();

    assert_eq!(truncated.as_deref(), Some(&b"ab"[..]));
    assert_eq!(flipped.as_deref(), Some(&b"abbd"[..]));
    assert_eq!(fs::read(&to).unwrap(), b"abbd");
    assert_eq!(
        moved,
        Transfer {
            bytes: 4,
            crc32c: crc32c::crc32c(b"abbd")
        }
    );
    assert_eq!(faulty.get("x").unwrap().as_deref(), Some(&b"abcd"[..]));
}

#[test]
fn something_else_can_happen_just_before_a_call() {
    let (inner, faulty) = memory();
    faulty.meanwhile(Operation::PutIfAbsent, 2, move || {
        inner.put("x", b"theirs").unwrap();
    });

    let before = faulty.put_if_absent("y", b"mine").unwrap();
    let after = faulty.put_if_absent("x", b"mine").unwrap();

    assert_eq!([before, after], [PutOutcome::Created, PutOutcome::Exists]);
}

#[test]
fn the_same_seed_draws_the_same_failures() {
    let outcomes = |seed| {
        let (_, faulty) = memory();
        faulty.fail_by_seed(seed, 50);
        let put = |n: u32| faulty.put(&n.to_string(), b"").is_ok();
        (0..64).map(put).collect::<Vec<bool>>()
    };

    assert_eq!(outcomes(7), outcomes(7));
    assert_ne!(outcomes(7), outcomes(8));
    assert!(outcomes(7).contains(&true) && outcomes(7).contains(&false));
}

#[test]
fn a_healed_storage_fails_no_more() {
    let (_, faulty) = memory();
    faulty.fail_always(Operation::List, Fault::Before(ErrorKind::Unavailable));
    faulty.list("").unwrap_err();
    faulty.list("").unwrap_err();

    faulty.heal();

    faulty.list("").unwrap();
    assert_eq!(faulty.calls(Operation::List), 3);
}
