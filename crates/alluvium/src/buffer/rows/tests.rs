use super::*;

fn hashing() -> Hashing {
    Hashing::seeded(1)
}

fn insert(rows: &mut Rows, nth: u32, dirty: bool) {
    let row = nth.to_be_bytes();
    let value = Some(&[0; 100][..]);
    let record = Record {
        row: &row,
        value,
        dirty,
    };
    rows.insert(hashing().of(&row), record);
}

fn find(rows: &mut Rows, nth: u32) -> Option<At> {
    let row = nth.to_be_bytes();
    rows.find(hashing().of(&row), &row)
}

#[test]
fn of_the_oldest_rows_those_stay_that_were_asked_for_again() {
    let mut rows = Rows::new(0);
    for nth in 0..10_000 {
        insert(&mut rows, nth, false);
    }
    for nth in (0..10_000).step_by(10) {
        assert!(find(&mut rows, nth).is_some());
    }
    let all = rows.log.bytes();

    while rows.log.bytes() > all / 2 {
        rows.drop_oldest(&hashing());
    }

    for nth in 0..10_000 {
        let stays = nth % 10 == 0 || nth > 8_000;
        let goes = nth % 10 != 0 && nth < 3_000;
        let there = find(&mut rows, nth).is_some();
        assert!(there || !stays, "row {nth} was asked for");
        assert!(!there || !goes, "row {nth} was not");
    }
}

#[test]
fn rows_that_are_all_in_use_give_way_as_well() {
    let mut rows = Rows::new(0);
    for nth in 0..10_000 {
        insert(&mut rows, nth, false);
        assert!(find(&mut rows, nth).is_some());
    }
    let all = rows.log.bytes();
    let mut drops = 0;

    while rows.log.bytes() > all / 2 {
        rows.drop_oldest(&hashing());
        drops += 1;
    }

    assert!(drops < 200, "{drops} blocks were dropped");
}

#[test]
fn the_last_block_goes_with_all_its_rows() {
    let mut rows = Rows::new(0);
    insert(&mut rows, 1, false);
    assert!(find(&mut rows, 1).is_some());

    rows.drop_oldest(&hashing());

    assert_eq!(rows.log.bytes(), 0);
    assert_eq!(find(&mut rows, 1), None);
    insert(&mut rows, 1, true);
    assert!(find(&mut rows, 1).is_some());
}

#[test]
fn a_frozen_generation_has_each_row_that_was_written_once() {
    let mut rows = Rows::new(0);
    for nth in 0..1_000_u32 {
        insert(&mut rows, nth, nth % 2 == 0);
    }
    for nth in 0..100_u32 {
        // In place, and with another record.
        for value in [&[1; 50][..], &[2; 500]] {
            let at = find(&mut rows, nth).unwrap();
            let row = nth.to_be_bytes();
            if !rows.replace(at, Some(value)) {
                rows.rewrite(hashing().of(&row), at, &row, Some(value));
            }
        }
    }

    let frozen = rows.freeze();

    let mut written: Vec<_> = frozen
        .iter()
        .filter(|(_, record)| record.dirty)
        .map(|(at, record)| {
            assert_eq!(frozen.record(at).row, record.row);
            (record.row.to_vec(), record.value.map_or(0, <[u8]>::len))
        })
        .collect();
    written.sort();
    let row = |nth: u32| nth.to_be_bytes().to_vec();
    let expected = (0..1_000).filter(|nth| nth % 2 == 0 || *nth < 100);
    let expected: Vec<_> = expected
        .map(|nth| (row(nth), if nth < 100 { 500 } else { 100 }))
        .collect();
    assert_eq!(written, expected);
    assert_eq!(rows.dirty_span_bytes(), 0);
    assert!(rows.freeze().is_empty());
}
