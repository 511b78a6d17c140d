//! Values that tell the version of their type.
//!
//! ```text
//! value = type version LEB128 (at most 5 bytes) ‖ what the codec wrote for a value of that version
//! ```
//!
//! Each list element, map value and accumulator tells its own. Versions start at 1. Which shape a version has is in the
//! state's schema.

use crate::error::{Error, Result};
use crate::varint;

/// Appends what a value of this version begins with.
pub fn push_version(out: &mut Vec<u8>, version: u32) {
    varint::push(out, version);
}

/// The version that a value tells, and what the codec wrote.
///
/// ```
/// use alluvium_protocol::versioned::{push_version, split_version};
///
/// let mut value = Vec::new();
/// push_version(&mut value, 2);
/// value.extend_from_slice(b"abc");
///
/// assert_eq!(value, b"\x02abc");
/// assert_eq!(split_version(&value)?, (2, &b"abc"[..]));
/// # Ok::<(), alluvium_protocol::Error>(())
/// ```
///
/// # Errors
/// `Corrupt` when the value ends within its version, or the version is 0 or of more than 32 bits.
pub fn split_version(value: &[u8]) -> Result<(u32, &[u8])> {
    let mut rest = value;
    match varint::take(&mut rest) {
        Some(version @ 1..) => Ok((version, rest)),
        Some(0) => Err(Error::corrupt(
            "a value says that it is of version 0, and versions start at 1",
        )),
        None => Err(Error::corrupt("a value does not begin with its version")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn what_begins_with_no_version_is_corrupt() {
        for value in [&b""[..], b"\0", b"\x80", b"\xff\xff\xff\xff\xff"] {
            let error = split_version(value).unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Corrupt, "{value:x?}");
        }
    }

    proptest! {
        #[test]
        fn a_version_comes_back_and_leaves_the_value(version in 1_u32.., value: Vec<u8>) {
            let mut bytes = Vec::new();
            push_version(&mut bytes, version);
            bytes.extend_from_slice(&value);

            prop_assert_eq!(split_version(&bytes), Ok((version, &*value)));
        }

        #[test]
        fn any_bytes_give_a_version_or_an_error(bytes: Vec<u8>) {
            drop(split_version(&bytes));
        }
    }
}
