//! Damaged objects give errors: never a panic, never another object.
//!
//! A checksum makes most of this easy, so payloads are damaged inside an intact envelope too: that is
//! what a writer with a bug, or an attacker, would produce.

use alluvium_protocol::catalog::{Record, Savepoint};
use alluvium_protocol::envelope::{self, RecordKind};
use alluvium_protocol::local_copy::LocalRecord;
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::{Error, ErrorKind, Result};
use proptest::prelude::*;

use crate::samples;

type Decode = fn(&[u8]) -> Result<()>;

fn objects() -> [(RecordKind, Vec<u8>, Decode); 6] {
    let manifest: Decode = |bytes| Manifest::decode(bytes, "object").map(drop);
    let record: Decode = |bytes| Record::decode(bytes, "object").map(drop);
    let savepoint: Decode = |bytes| Savepoint::decode(bytes, "object").map(drop);
    let local: Decode = |bytes| LocalRecord::decode(bytes, "object").map(drop);
    [
        (RecordKind::Manifest, samples::manifest().encode(), manifest),
        (
            RecordKind::Commit,
            Record::Commit(samples::commit()).encode(),
            record,
        ),
        (
            RecordKind::Fence,
            Record::Fence(samples::fence()).encode(),
            record,
        ),
        (
            RecordKind::Cut,
            Record::Cut(samples::cut()).encode(),
            record,
        ),
        (
            RecordKind::Savepoint,
            samples::savepoint().encode(),
            savepoint,
        ),
        (
            RecordKind::LocalCopy,
            samples::local_record().encode(),
            local,
        ),
    ]
}

fn assert_names_the_object(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().starts_with("object"), "{error}");
}

#[test]
fn every_change_of_a_byte_is_found() {
    for (kind, object, decode) in objects() {
        decode(&object).unwrap();
        for at in 0..object.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut damaged = object.clone();
                damaged[at] ^= change;
                let error = decode(&damaged).expect_err(&format!("{kind:?} byte {at}"));
                assert_names_the_object(&error);
            }
        }
    }
}

#[test]
fn every_truncation_is_found() {
    for (_, object, decode) in objects() {
        for length in 0..object.len() {
            assert_names_the_object(&decode(&object[..length]).unwrap_err());
        }
    }
}

#[test]
fn payloads_that_lost_their_end_give_an_error_or_a_smaller_object() {
    for (kind, object, decode) in objects() {
        let payload = envelope::open(kind, &object, "object").unwrap();
        for length in 0..payload.len() {
            if let Err(error) = decode(&envelope::seal(kind, &payload[..length])) {
                assert_names_the_object(&error);
            }
        }
    }
}

#[test]
fn a_payload_without_any_field_is_refused() {
    for (kind, _, decode) in objects() {
        assert_names_the_object(&decode(&envelope::seal(kind, b"")).unwrap_err());
    }
}

#[test]
fn one_record_is_not_another() {
    let manifest = samples::manifest().encode();
    let fence = Record::Fence(samples::fence()).encode();

    let text = Record::decode(&manifest, "commits/x")
        .unwrap_err()
        .to_string();
    assert_eq!(text, "commits/x is a manifest, not a record of the log");
    let text = Manifest::decode(&fence, "m").unwrap_err().to_string();
    assert_eq!(text, "m is a fence record, not a manifest");
}

#[test]
fn a_record_under_the_name_of_another_is_refused() {
    let bytes = Record::Fence(samples::fence()).encode();

    Record::decode(&bytes, "commits/00000000000000000009").unwrap();
    let text = Record::decode(&bytes, "commits/00000000000000000010")
        .unwrap_err()
        .to_string();
    assert!(text.contains("holds record 9"), "{text}");
}

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes: Vec<u8>) {
        for (_, _, decode) in objects() {
            prop_assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn random_payloads_do_not_panic(payload: Vec<u8>) {
        for (kind, _, decode) in objects() {
            if let Err(error) = decode(&envelope::seal(kind, &payload)) {
                assert_names_the_object(&error);
            }
        }
    }

    #[test]
    fn payloads_with_changed_bytes_do_not_panic(at: prop::sample::Index, byte: u8) {
        for (kind, object, decode) in objects() {
            let mut payload = envelope::open(kind, &object, "object").unwrap().to_vec();
            let at = at.index(payload.len());
            payload[at] = byte;
            if let Err(error) = decode(&envelope::seal(kind, &payload)) {
                assert_names_the_object(&error);
            }
        }
    }
}
