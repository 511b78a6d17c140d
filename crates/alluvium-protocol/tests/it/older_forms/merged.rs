//! The forms that subtasks have, merged at a restore.

use alluvium_protocol::ErrorKind;
use alluvium_protocol::schema::merge;
use alluvium_protocol::shape::Shape;

use crate::flights::structure;

use super::{keyed, named, versions};

#[test]
fn subtasks_of_which_one_has_migrated_and_one_has_not_are_merged() {
    let before = versions(&[(1, Shape::U8)]);
    let fresh = versions(&[(2, Shape::Str)]);
    let after = versions(&[(1, Shape::U8), (2, Shape::Str)]);

    for [one, other] in [[&before, &after], [&after, &before], [&after, &fresh]] {
        let merged = merge(&[&keyed(one.clone()), &keyed(other.clone())]).unwrap();
        assert_eq!(merged, keyed(after.clone()));
    }
    assert_eq!(
        merge(&[&keyed(fresh), &keyed(before)]).unwrap(),
        keyed(after)
    );
    let wide = named(&[Shape::U8, Shape::U16]);
    assert_eq!(
        merge(&[&keyed(named(&[Shape::U8])), &keyed(wide.clone())]).unwrap(),
        keyed(wide)
    );
}

#[test]
fn subtasks_that_mean_different_things_by_a_version_are_not_merged() {
    let one = keyed(versions(&[(1, Shape::U8)]));
    let other = keyed(versions(&[(1, Shape::I8)]));

    let error = merge(&[&one, &other]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible);
    assert!(error.to_string().contains("u8 was stored, i8"), "{error}");
}

#[test]
fn a_field_that_comes_back_for_one_subtask_is_refused_for_the_values_of_another() {
    let with = structure(&[("a", Shape::U8), ("y", Shape::U8)]);
    let without = structure(&[("a", Shape::U8)]);
    // One never had the field before; the other has values from when it meant something else.
    let ahead = keyed(named(&[without.clone(), with.clone()]));
    let behind = keyed(named(&[with, without]));

    for [one, other] in [[&ahead, &behind], [&behind, &ahead]] {
        let error = merge(&[one, other]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incompatible);
        for part in ["state `latest`", "field `y` was dropped"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn merged_forms_are_in_the_order_in_which_they_were_written() {
    let [first, second, third] = [Shape::U8, Shape::U16, Shape::U32];
    let ahead = keyed(named(&[second.clone(), third.clone()]));
    let behind = keyed(named(&[first.clone(), second.clone()]));
    let all = keyed(named(&[first, second, third]));

    assert_eq!(merge(&[&ahead, &behind]).unwrap(), all);
    assert_eq!(merge(&[&behind, &ahead]).unwrap(), all);
}
