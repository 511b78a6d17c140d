//! Streams are read to their end, whatever is in them.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<usize> {
    let file: Arc<str> = "stream".into();
    let mut cursor = Cursor::new(bytes, &file, 0);
    Stream::read(&mut cursor).map(|_| cursor.left().len())
}

/// A class of this name, with these flags and nothing more.
fn class(name: &str, flags: u8) -> Vec<u8> {
    let mut out = vec![0x72];
    crate::java::utf::write_utf(name, &mut out).unwrap();
    out.extend([0; 8]);
    out.extend([flags, 0, 0, 0x78, 0x70]);
    out
}

fn stream(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0xAC, 0xED, 0, 5];
    out.extend_from_slice(content);
    out
}

#[test]
fn objects_end_where_they_end() {
    let object = [vec![0x73], class("a.B", 2)].concat();
    let written = [vec![0x73], class("a.B", 3), vec![0x77, 2, 1, 2, 0x70, 0x78]].concat();
    let array = [
        vec![0x75],
        class("[I", 2),
        vec![0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2],
    ]
    .concat();
    let constant = [vec![0x7E], class("a.E", 0x12), b"\x74\x00\x01X".to_vec()].concat();
    for content in [vec![0x70], object, written, array, constant] {
        let bytes = [stream(&content), b"rest".to_vec()].concat();

        assert_eq!(read(&bytes).unwrap(), 4, "{content:02x?}");
        for end in 0..bytes.len() - 4 {
            assert!(read(&bytes[..end]).unwrap_err().is_short(), "{end}");
        }
    }
}

#[test]
fn objects_nested_without_end_are_refused() {
    let deep = [vec![0x75], class("[L", 2), vec![0, 0, 0, 1]].concat();
    let mut bytes = stream(&deep);
    for _ in 0..100_000 {
        bytes.extend([0x75, 0x71, 0, 0x7E, 0, 0, 0, 0, 0, 1]);
    }

    assert!(read(&bytes).unwrap_err().to_string().contains("levels"));
}

#[test]
fn a_reference_to_nothing_and_an_object_that_hides_its_end_are_refused() {
    let hidden = [vec![0x73], class("a.B", 4)].concat();

    assert!(read(&stream(&[0x71, 0, 0x7E, 0, 0])).is_err());
    assert!(read(&stream(&[0x71, 0, 0, 0, 0])).is_err());
    assert!(
        read(&stream(&hidden))
            .unwrap_err()
            .to_string()
            .contains("a.B")
    );
    assert!(read(b"text").is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(prop_oneof![0x70..0x7F_u8, 0..4_u8, any::<u8>()], 0..200)) {
        if let Err(error) = read(&stream(&bytes)) {
            prop_assert!(error.offset().is_some());
        }
    }
}
