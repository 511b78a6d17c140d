//! What a migration asks of the forms that are stored.

use super::*;

#[test]
fn a_migration_back_to_an_older_form_is_refused_unless_it_shows() {
    let (wide, narrow) = (named(&[Shape::I64]), named(&[Shape::I32]));
    // What one subtask has migrated already, another one's values may be as they were: nobody can tell.
    let merged = merge(&[
        &keyed(named(&[Shape::I32, Shape::I64])),
        &keyed(narrow.clone()),
    ])
    .unwrap();
    let [stored] = &merged.states[..] else {
        panic!("{merged:?}")
    };

    let Migration::Invalid(why) = plan_migration(Some(stored), &wide, &narrow) else {
        panic!("it would run twice over values that were migrated")
    };
    for part in ["migrate state `latest`", "`.version(2)`"] {
        assert!(why.contains(part), "{part} is not in: {why}");
    }
    let mut marked = narrow;
    marked.value.version = 2;
    assert_eq!(
        plan_migration(Some(stored), &wide, &marked),
        Migration::Rewrite
    );
}

#[test]
fn a_migration_into_a_type_that_does_not_come_back_is_refused() {
    let nested = Shape::option(Shape::option(Shape::U8));
    let old = state(POSTCARD, &[(None, nested.clone())]);
    let new = named(&[nested]);

    for stored in [None, Some(&old)] {
        let Migration::Invalid(why) = plan_migration(stored, &old, &new) else {
            panic!("no value could be read any more")
        };
        for part in ["migrate state `latest`", "`Some(None)`"] {
            assert!(why.contains(part), "{part} is not in: {why}");
        }
    }
}

#[test]
fn a_migration_is_done_once() {
    let old = state(POSTCARD, &[(None, Shape::U8)]);
    let new = versions(&[(1, Shape::U8)]);

    assert_eq!(plan_migration(None, &old, &new), Migration::Done);
    assert_eq!(plan_migration(Some(&old), &old, &new), Migration::Rewrite);
    assert_eq!(plan_migration(Some(&new), &old, &new), Migration::Done);
}

#[test]
fn a_migration_from_what_is_not_stored_is_refused() {
    let stored = state(POSTCARD, &[(None, Shape::Str)]);
    let (old, new) = (
        state(POSTCARD, &[(None, Shape::U8)]),
        versions(&[(1, Shape::U8)]),
    );

    let Migration::Incompatible(why) = plan_migration(Some(&stored), &old, &new) else {
        panic!()
    };
    assert!(why.contains("str was stored, u8 is declared"), "{why}");
}

#[test]
fn a_migration_that_would_leave_no_trace_is_refused() {
    let fahrenheit = state(POSTCARD, &[(None, Shape::F64)]);
    let mut marked = fahrenheit.clone();
    marked.value.version = 2;
    let bytes = state(BYTES, &[(None, Shape::Opaque)]);

    for (old, new) in [(&fahrenheit, &fahrenheit), (&bytes, &bytes)] {
        let Migration::Invalid(why) = plan_migration(Some(old), old, new) else {
            panic!()
        };
        assert!(why.contains("`.version(2)`"), "{why}");
    }
    assert_eq!(
        plan_migration(Some(&fahrenheit), &fahrenheit, &marked),
        Migration::Rewrite
    );
}

#[test]
fn a_migration_changes_neither_name_nor_kind_nor_rows() {
    let old = state(POSTCARD, &[(None, Shape::U8)]);
    let renamed = StateSchema {
        name: "newest".to_owned(),
        ..old.clone()
    };
    let list = StateSchema {
        kind: StateKind::List,
        ..old.clone()
    };
    let windowed = StateSchema {
        namespace: Shape::I64,
        ..old.clone()
    };
    let timers = StateSchema {
        kind: StateKind::EventTimers,
        ..old.clone()
    };

    for (old, new) in [
        (&old, &renamed),
        (&old, &list),
        (&old, &windowed),
        (&timers, &timers),
    ] {
        assert!(matches!(
            plan_migration(Some(old), old, new),
            Migration::Invalid(_)
        ));
    }
}
