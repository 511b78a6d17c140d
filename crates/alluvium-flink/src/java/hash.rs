//! `hashCode()` of Java's own classes, as far as they are keys in Flink.

/// Of a `String`: of its UTF-16 units.
pub(crate) fn units(units: impl IntoIterator<Item = u16>) -> i32 {
    let step = |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit));
    units.into_iter().fold(0, step)
}

pub(crate) const fn boolean(value: bool) -> i32 {
    if value { 1231 } else { 1237 }
}

pub(crate) fn long(value: i64) -> i32 {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    i32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// All that are no numbers have one code.
pub(crate) fn float(value: f32) -> i32 {
    match value.is_nan() {
        true => 0x7FC0_0000,
        false => value.to_bits().cast_signed(),
    }
}

pub(crate) fn double(value: f64) -> i32 {
    long(match value.is_nan() {
        true => 0x7FF8_0000_0000_0000,
        false => value.to_bits().cast_signed(),
    })
}

/// Of a `BigInteger` in two's complement: of the words of its magnitude, and its sign.
pub(crate) fn big_integer(bytes: &[u8]) -> i32 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude: Vec<u8> = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            *byte = !*byte;
            if carry {
                (*byte, carry) = byte.overflowing_add(1);
            }
        }
    }
    let mut words: Vec<i32> = magnitude
        .rchunks(4)
        .map(|chunk| {
            let word = chunk
                .iter()
                .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
            word.cast_signed()
        })
        .collect();
    words.reverse();
    let hash = words.iter().fold(0_i32, |hash, word| {
        hash.wrapping_mul(31).wrapping_add(*word)
    });
    if negative { hash.wrapping_neg() } else { hash }
}

/// Of a list of these codes, beginning with a number; `None` if one of them is not known.
pub(crate) fn list(first: i32, mut codes: impl Iterator<Item = Option<i32>>) -> Option<i32> {
    codes.try_fold(first, |hash, code| {
        Some(hash.wrapping_mul(31).wrapping_add(code?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_java() {
        assert_eq!(units("hello".encode_utf16()), 99_162_322);
        assert_eq!(long(-1), 0);
        assert_eq!(long(1 << 32), 1);
        assert_eq!(double(1.0), 1_072_693_248);
        assert_eq!(float(1.0), 1_065_353_216);
        assert_eq!(big_integer(&[0xFF]), -1);
        assert_eq!(big_integer(&[1, 0, 0, 0, 0]), 31);
    }
}
