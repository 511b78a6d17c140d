//! Rows of timers: the time stands before the key, so that a key group's rows are its queue.
//!
//! ```text
//! row key = key group u16 BE ‖ state id u16 BE ‖ time i64 BE, sign flipped ‖ key ‖ namespace
//! value   = empty
//! ```
//!
//! There is one row for each (time, key, namespace), so registering twice is registering once.

use crate::error::{Error, Result};

/// Length of an encoded time in bytes.
pub const TIME_BYTES: usize = 8;

/// Bytes of a time in milliseconds that sort as the times do.
#[must_use]
pub const fn encode_time(time: i64) -> [u8; TIME_BYTES] {
    (time ^ i64::MIN).to_be_bytes()
}

/// Splits what follows a timer row's prefix into its time and its key ‖ namespace.
///
/// # Errors
/// `Corrupt` when there are fewer bytes than a time has.
pub fn split_time(rest: &[u8]) -> Result<(i64, &[u8])> {
    let (time, key) = rest
        .split_first_chunk::<TIME_BYTES>()
        .ok_or_else(|| Error::corrupt(format!("a timer row with {} bytes of time", rest.len())))?;
    Ok((i64::from_be_bytes(*time) ^ i64::MIN, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encoded_times_sort_as_times_and_come_back(a: i64, b: i64) {
            prop_assert_eq!(a.cmp(&b), encode_time(a).cmp(&encode_time(b)));
            prop_assert_eq!(split_time(&encode_time(a)).unwrap().0, a);
        }
    }

    #[test]
    fn a_short_row_is_refused() {
        assert!(split_time(&[0; 7]).is_err());
    }
}
