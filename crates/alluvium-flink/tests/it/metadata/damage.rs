//! Damaged metadata: an error that names the byte, or a value that is written as the damaged bytes; never a panic, and never memory for a
//! count that the bytes cannot hold (the largest would end the test).

use alluvium_flink::metadata::Metadata;
use alluvium_flink::{Error, ErrorKind};

use crate::snapshots;

/// Cuts and flips of each file.
const DAMAGES: usize = 1000;

/// Reads what may be damaged, and checks what comes of it.
fn read(bytes: &[u8]) -> Result<Metadata, Error> {
    let read = Metadata::read(bytes, "_metadata");
    match &read {
        Ok(metadata) => assert!(metadata.write().map_or(true, |written| written == bytes)),
        Err(error) => {
            assert_eq!(error.file(), Some("_metadata"), "{error}");
            assert!(error.offset().unwrap() <= bytes.len() as u64, "{error}");
            assert!(matches!(
                error.kind(),
                ErrorKind::Corrupt | ErrorKind::Incompatible
            ));
        }
    }
    read
}

/// Files to damage: small ones, and the ends of large ones are like them.
fn files() -> impl Iterator<Item = Vec<u8>> {
    snapshots::folders()
        .into_iter()
        .map(|folder| snapshots::metadata(&folder))
}

/// Numbers below `bound` that are spread over it, the same in each run.
fn spread(bound: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    })
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused() {
    for bytes in files() {
        let whole = Metadata::read(&bytes, "_metadata").unwrap();
        // The properties are the end, and are not looked into.
        let fixed = bytes.len() - whole.properties.unwrap().as_bytes().len() + 4;
        let stride = (fixed / DAMAGES).max(1);
        for length in (0..fixed).step_by(stride) {
            let error = read(&bytes[..length]).unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Corrupt, "{length}: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_or_another_value() {
    let mut refused = 0;
    for mut bytes in files() {
        for bit in spread(bytes.len() * 8).take(DAMAGES) {
            bytes[bit / 8] ^= 1 << (bit % 8);

            refused += usize::from(read(&bytes).is_err());

            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
    // The test would say nothing if it only hit the payload of inline streams.
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_hostile_number_anywhere_is_an_error_or_another_value() {
    for mut bytes in files() {
        for (at, which) in spread(bytes.len() - 4).zip(0..DAMAGES) {
            let hostile: [u8; 4] = [
                [0x7F, 0xFF, 0xFF, 0xFF],
                [0xFF; 4],
                [0, 0xFF, 0xFF, 0xFF],
                [0; 4],
            ][which % 4];
            let place = &mut bytes[at..at + 4];
            let before: [u8; 4] = place.try_into().unwrap();
            place.copy_from_slice(&hostile);

            let _either_will_do = read(&bytes);

            bytes[at..at + 4].copy_from_slice(&before);
        }
    }
}

#[test]
fn handles_in_handles_without_end_are_refused() {
    for code in [3, 8] {
        // A range of no key groups; of a changelog also its bytes and that it holds one handle.
        let mut nested = vec![code, 0, 0, 0, 0, 0, 0, 0, 0];
        if code == 8 {
            nested.extend_from_slice(&[0; 8]);
            nested.extend_from_slice(&[0, 0, 0, 1]);
        }
        let mut bytes = one_subtask();
        if code == 3 {
            // A handle of key groups, whose stream is the first of them.
            bytes.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        bytes.extend(nested.repeat(100_000));

        let error = read(&bytes).unwrap_err();

        assert!(error.to_string().contains("nested more than"), "{error}");
    }
}

/// A file of version 4 up to the managed keyed state of its one subtask.
fn one_subtask() -> Vec<u8> {
    let mut bytes = vec![0x49, 0x60, 0x67, 0x2D];
    let numbers: [&[u8]; 10] = [
        &[0, 0, 0, 4],
        &[0; 8],
        &[0; 4],
        &[0, 0, 0, 1],
        &[7; 16],
        &[0, 0, 0, 1, 0, 0, 0, 128],
        &[0],
        &[0, 0, 0, 1],
        &[0; 4],
        &[0; 8],
    ];
    for number in numbers {
        bytes.extend_from_slice(number);
    }
    bytes
}
