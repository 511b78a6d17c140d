//! Handles, keys and namespaces.

use alluvium::codec::{Codec, MsgPackNamed};
use alluvium::protocol::shape::Shape;
use alluvium::{Backend, ErrorKind, MapState, Options, ValueState};
use alluvium::{Error, Result};

use super::{open, open_subtask};

const VISITS: ValueState<u64> = ValueState::new("visits");

#[test]
fn a_backend_may_move_to_another_thread() {
    fn assert_send<T: Send>() {}

    assert_send::<Backend<String>>();
}

#[test]
fn entries_ends_with_the_visitors_error() {
    let mut opened = open::<String>(Options::default());
    let visits = opened.backend.register(VISITS).unwrap();
    opened
        .backend
        .key("a")
        .unwrap()
        .value(visits)
        .set(&1)
        .unwrap();

    let refuse = |_, (), _| Err(Error::invalid("enough"));
    let error = opened.backend.entries(visits, refuse).unwrap_err();

    assert_eq!(error.to_string(), "enough");
}

#[test]
fn a_key_of_another_subtask_is_refused_with_group_range_and_remedy() {
    let mut opened = open_subtask::<u32>(Options::default(), 0, 2);
    let mut owned = |key: &u32| opened.backend.key(key).is_ok();
    let foreign = (0..100).find(|key| !owned(key)).unwrap();

    let error = opened.backend.key(&foreign).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    assert!(
        text.contains("0-63") && text.contains("key group"),
        "{text}"
    );
}

#[test]
fn a_handle_of_another_backend_is_refused_by_name() {
    let mut one = open::<String>(Options::default());
    let mut other = open::<String>(Options::default());
    let visits = one.backend.register(VISITS).unwrap();
    other.backend.register(VISITS).unwrap();

    let error = other
        .backend
        .key("alice")
        .unwrap()
        .value(visits)
        .get()
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("\"visits\""), "{error}");
}

#[test]
fn a_state_is_registered_again_only_with_the_same_types() {
    let mut opened = open::<String>(Options::default());
    let visits = opened.backend.register(VISITS).unwrap();
    opened
        .backend
        .key("alice")
        .unwrap()
        .value(visits)
        .set(&7)
        .unwrap();

    let again = opened.backend.register(VISITS).unwrap();
    let changed = opened
        .backend
        .register(ValueState::<String>::new("visits"))
        .unwrap_err();
    let recoded = opened
        .backend
        .register(VISITS.codec::<MsgPackNamed>())
        .unwrap_err();

    assert_eq!(
        opened
            .backend
            .key("alice")
            .unwrap()
            .value(again)
            .get()
            .unwrap(),
        Some(7)
    );
    for error in [changed, recoded] {
        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert!(error.to_string().contains("visits"), "{error}");
    }
}

/// A codec that writes what it does not read.
#[derive(Debug)]
struct Broken;

impl Codec<u64> for Broken {
    const NAME: &'static str = "broken";

    fn encode(value: &u64, out: &mut Vec<u8>) -> Result<()> {
        if *value == 0 {
            return Err(Error::invalid("no zero"));
        }
        out.push(0);
        Ok(())
    }

    fn decode(_: &[u8]) -> Result<u64> {
        Err(Error::corrupt("not mine"))
    }

    fn shape() -> Shape {
        Shape::Opaque
    }
}

#[test]
fn of_entries_that_are_put_together_none_stays_when_one_has_no_bytes() {
    let mut opened = open::<String>(Options::default());
    let counts = MapState::<u8, u64>::new("counts").codec::<Broken>();
    let counts = opened.backend.register(counts).unwrap();
    let mut alice = opened.backend.key("alice").unwrap();

    let refused = alice
        .map(counts)
        .extend([(&1_u8, &1), (&2, &0)])
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(alice.map(counts).is_empty().unwrap());
}

#[test]
fn errors_of_codecs_name_the_state_and_change_nothing() {
    let mut opened = open::<String>(Options::default());
    let broken = opened.backend.register(VISITS.codec::<Broken>()).unwrap();
    let mut alice = opened.backend.key("alice").unwrap();

    let refused = alice.value(broken).set(&0).unwrap_err();
    assert_eq!(alice.value(broken).get().unwrap(), None);
    alice.value(broken).set(&1).unwrap();
    let unread = alice.value(broken).get().unwrap_err();

    assert_eq!(
        (refused.kind(), unread.kind()),
        (ErrorKind::Invalid, ErrorKind::Corrupt)
    );
    for error in [refused, unread] {
        assert!(error.to_string().contains("\"visits\""), "{error}");
    }
}
