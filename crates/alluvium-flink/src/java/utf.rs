//! Text as Java's `DataOutput.writeUTF` writes it; the cursor reads it.
//!
//! Two bytes of length, then each UTF-16 unit on its own: 1 to 7F in one byte, zero and 80 to 7FF in two, the others in three.
//! So a character beyond the basic plane is six bytes, two surrogates of three.

use crate::error::{Error, Result};

/// Appends the length and the bytes.
///
/// # Errors
/// `Invalid` when the text needs more than 65,535 bytes: the format cannot tell such a length.
pub(crate) fn write_utf(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.extend([0, 0]);
    for unit in text.encode_utf16() {
        let [high, low] = unit.to_be_bytes();
        let six = low & 0x3F;
        // The bits 6 to 11, which are the low ones of the second byte of three or of the first of two.
        let middle = high << 2 & 0x3C | low >> 6;
        match unit {
            0x01..=0x7F => out.push(low),
            0 | 0x80..=0x7FF => out.extend([0xC0 | middle, 0x80 | six]),
            _ => out.extend([0xE0 | high >> 4, 0x80 | middle, 0x80 | six]),
        }
    }
    let length = out.len() - start - 2;
    let Ok(length) = u16::try_from(length) else {
        out.truncate(start);
        return Err(Error::invalid(format!(
            "a text of {length} bytes is longer than Java's writeUTF allows (65535)"
        )));
    };
    if let Some(place) = out.get_mut(start..start + 2) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::cursor::Cursor;

    fn written(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write_utf(text, &mut out).unwrap();
        out
    }

    #[test]
    fn zero_and_characters_beyond_the_basic_plane_are_written_as_java_does() {
        assert_eq!(written("abc"), b"\x00\x03abc");
        assert_eq!(written("a\0b"), b"\x00\x04a\xC0\x80b");
        assert_eq!(written("é"), b"\x00\x02\xC3\xA9");
        assert_eq!(written("中"), b"\x00\x03\xE4\xB8\xAD");
        assert_eq!(written("😀"), b"\x00\x06\xED\xA0\xBD\xED\xB8\x80");
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_and_leaves_nothing_behind() {
        let mut out = vec![7];

        assert!(write_utf(&"x".repeat(65_535), &mut Vec::new()).is_ok());
        assert!(write_utf(&"x".repeat(65_536), &mut out).is_err());
        assert_eq!(out, [7]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in any::<String>()) {
            let file: Arc<str> = "f".into();
            let bytes = written(&text);

            prop_assert_eq!(Cursor::new(&bytes, &file, 0).utf("text").unwrap(), text);
        }
    }
}
