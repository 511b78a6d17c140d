//! What a log keeps, gives back and drops, record by record.

use super::*;

/// Sets a value as the buffer does.
fn set(log: &mut Log, at: At, value: Option<&[u8]>) -> At {
    if log.replace(at, value) != Replaced::No {
        return at;
    }
    log.rewrite(at, b"row", value)
}

fn drop_oldest(log: &mut Log) {
    let (number, block) = log.take_oldest().unwrap();
    log.release(number, block);
}

fn push(log: &mut Log, row: &[u8], value: &[u8], dirty: bool) -> At {
    let value = Some(value);
    log.push(Record { row, value, dirty })
}

#[test]
fn records_of_all_sizes_keep_their_bytes() {
    let mut log = Log::new(0);
    let max = BLOCK_BYTES_MAX;
    let sizes = [0, 1, 7, 8, 9, 100, 5_000, max, max + 1, 3 * max, 3];

    let ats: Vec<At> = (0_u8..)
        .zip(sizes)
        .map(|(nth, size)| push(&mut log, &[nth; 13], &vec![nth; size], nth % 2 == 0))
        .collect();

    for ((nth, size), at) in (0_u8..).zip(sizes).zip(ats) {
        let record = log.record(at);
        assert_eq!(record.row, [nth; 13]);
        assert_eq!(record.value, Some(&*vec![nth; size]));
        assert_eq!(record.dirty, nth % 2 == 0);
    }
}

#[test]
fn a_value_is_replaced_in_place_while_it_fits_and_elsewhere_when_it_does_not() {
    let mut log = Log::new(0);
    let at = push(&mut log, b"row", b"12345", false);

    let same = set(&mut log, at, Some(b"1"));
    assert_eq!((same, log.record(same).value), (at, Some(&b"1"[..])));
    assert!(log.record(same).dirty);
    assert_eq!(set(&mut log, same, None), at);
    assert_eq!(log.record(at).value, None);
    let moved = set(&mut log, at, Some(&[7; 100]));

    assert_ne!(moved, at);
    assert_eq!(log.record(moved).row, b"row");
    assert_eq!(log.record(moved).value, Some(&[7; 100][..]));
    assert!(log.record(moved).dirty);
    assert!(!log.record(at).dirty, "it would be flushed twice");
}

#[test]
fn what_was_frozen_does_not_change_and_only_what_was_written_is_to_be_flushed() {
    let mut log = Log::new(7);
    let at = push(&mut log, b"row", b"old", true);
    let frozen = log.freeze();

    let now = set(&mut log, at, Some(b"new"));
    push(&mut log, b"read", b"only", false);

    assert_ne!(now, at);
    assert_eq!(log.record(now).value, Some(&b"new"[..]));
    let records = |blocks: &[Arc<Records>]| -> Vec<(Vec<u8>, Vec<u8>)> {
        let records = blocks.iter().flat_map(|records| records.iter());
        records
            .filter(|(_, record)| record.dirty)
            .map(|(_, record)| (record.row.to_vec(), record.value.unwrap().to_vec()))
            .collect()
    };
    assert_eq!(log.oldest().map(|oldest| oldest.generation), Some(7));
    assert_eq!(records(&frozen), [(b"row".to_vec(), b"old".to_vec())]);
    let frozen = log.freeze();
    assert_eq!(records(&frozen), [(b"row".to_vec(), b"new".to_vec())]);
    push(&mut log, b"read", b"only", false);
    assert!(log.freeze().is_empty());
}

#[test]
fn dropped_blocks_give_their_bytes_and_their_numbers_back() {
    let mut log = Log::new(0);
    for round in 0..1_000_u32 {
        for nth in 0..100 {
            push(&mut log, &u32::to_be_bytes(nth), &[0; 500], true);
        }
        drop(log.freeze());
        while log.bytes() > 200_000 {
            assert_eq!(
                log.oldest()
                    .map(|block| block.generation <= u64::from(round)),
                Some(true)
            );
            drop_oldest(&mut log);
        }
    }

    assert!(log.blocks.len() < 100, "{} blocks", log.blocks.len());
    while log.oldest().is_some() {
        drop_oldest(&mut log);
    }
    assert_eq!(log.bytes(), 0);
}

#[test]
fn a_block_counts_as_dirty_once_something_was_written_in_it() {
    let mut log = Log::new(0);
    let at = push(&mut log, b"read", b"only", false);
    assert_eq!(log.dirty_bytes(), 0);

    assert_eq!(log.replace(at, Some(b"now!")), Replaced::InCleanBlock);
    assert_eq!(log.dirty_bytes(), log.bytes());
    assert_eq!(log.replace(at, Some(b"more")), Replaced::InPlace);
    push(&mut log, b"written", b"too", true);
    assert_eq!(log.dirty_bytes(), log.bytes());

    assert_eq!(log.freeze().len(), 1);
    assert_eq!(log.dirty_bytes(), 0);
    assert_eq!(log.replace(at, Some(b"late")), Replaced::No);
}

#[test]
fn a_log_is_little_larger_than_its_records() {
    let mut log = Log::new(0);
    for nth in 0_u32..100_000 {
        push(&mut log, &nth.to_be_bytes(), &[0; 8], false);
    }

    let records = 100_000 * 24;
    assert!(log.bytes() >= records && log.bytes() < records + records / 50 + BLOCK_BYTES_MAX);
}
