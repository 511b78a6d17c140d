//! What Flink knows an operator by: 16 bytes, of its uid where the job's author gave one.
//!
//! ```text
//! id of a uid = MurmurHash3 x64 128, seed 0, of the uid in UTF-8: the first half little-endian, then the second
//! ```

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What Flink knows an operator by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorId([u8; 16]);

impl OperatorId {
    /// The id of these bytes, as they are in files.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id of the operator with this uid.
    ///
    /// ```
    /// use alluvium_flink::metadata::OperatorId;
    ///
    /// assert_eq!(OperatorId::of_uid("fn").to_string(), "fd119ac90f11f8fe12d0453decccf296");
    /// ```
    #[must_use]
    pub fn of_uid(uid: &str) -> Self {
        Self(murmur3_128(uid.as_bytes()))
    }

    /// The bytes as they are in files.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for OperatorId {
    type Err = Error;

    /// From 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| is_id);
        let number = number.ok_or_else(|| {
            Error::invalid(format!(
                "{text:?} is not the id of an operator, which has 32 hexadecimal digits"
            ))
        })?;
        Ok(Self(number.to_be_bytes()))
    }
}

const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

/// The hash of 128 bits for 64-bit machines, with seed 0.
fn murmur3_128(bytes: &[u8]) -> [u8; 16] {
    let (mut h1, mut h2) = (0_u64, 0_u64);
    let (blocks, rest) = bytes.as_chunks::<16>();
    for block in blocks {
        let (k1, k2) = halves(block);
        h1 ^= mixed_first(k1);
        h1 = h1.rotate_left(27).wrapping_add(h2);
        h1 = h1.wrapping_mul(5).wrapping_add(0x52DC_E729);
        h2 ^= mixed_second(k2);
        h2 = h2.rotate_left(31).wrapping_add(h1);
        h2 = h2.wrapping_mul(5).wrapping_add(0x3849_5AB5);
    }
    let mut last = [0; 16];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    // Zeros change nothing here, so that a rest of any length is a block.
    let (k1, k2) = halves(&last);
    h2 ^= mixed_second(k2);
    h1 ^= mixed_first(k1);
    h1 ^= bytes.len() as u64;
    h2 ^= bytes.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finished(h1);
    h2 = finished(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u128::from(h1) | u128::from(h2) << 64).to_le_bytes()
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*block);
    let half = |number: u128| number & u128::from(u64::MAX);
    let low = u64::try_from(half(number)).unwrap_or_default();
    let high = u64::try_from(number >> 64).unwrap_or_default();
    (low, high)
}

const fn mixed_first(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

const fn mixed_second(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

const fn finished(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ h >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_hash_of_the_uid() {
        // Of a real job, and the hash's own first vectors.
        for (uid, id) in [
            ("fn", "fd119ac90f11f8fe12d0453decccf296"),
            ("keyed-all", "1bb0d0690859a544a9c1566e3b830a44"),
            ("tumbling-list", "5db4795bc3754decf6c4ea0ccee804cc"),
            ("", "00000000000000000000000000000000"),
            (
                "The quick brown fox jumps over the lazy dog",
                "6c1b07bc7bbc4be347939ac4a93c437a",
            ),
        ] {
            assert_eq!(OperatorId::of_uid(uid).to_string(), id, "{uid}");
        }
    }

    #[test]
    fn an_id_is_read_as_it_is_printed() {
        let id = OperatorId::of_uid("x");

        assert_eq!(id.to_string().parse::<OperatorId>().unwrap(), id);
        assert!("keyed-all".parse::<OperatorId>().is_err());
        assert!(
            "+000000000000000000000000000000f"
                .parse::<OperatorId>()
                .is_err()
        );
    }
}
