//! Lengths and versions: unsigned LEB128 of 32 bits, low groups first.

/// The longest encoding.
pub(crate) const BYTES_MAX: usize = 5;

/// Appends a length.
pub(crate) fn push(out: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes a length off the front. `None` if the input ends within it or it exceeds 32 bits.
pub(crate) fn take(input: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let group = u32::from(byte & 0x7f);
        if shift == 28 && group > 0x0f {
            return None;
        }
        value |= group << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes that many bytes off the front. `None` if there are fewer.
pub(crate) fn take_bytes<'a>(input: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?;
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}

/// Takes a big-endian integer off the front. `None` if there are fewer than 4 bytes.
pub(crate) fn take_u32(input: &mut &[u8]) -> Option<u32> {
    let (bytes, rest) = input.split_first_chunk::<4>()?;
    *input = rest;
    Some(u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_have_these_bytes_for_ever() {
        let mut out = Vec::new();
        for value in [0, 0x7f, 0x80, 300, u32::MAX] {
            push(&mut out, value);
        }

        assert_eq!(
            out,
            [0, 0x7f, 0x80, 1, 0xac, 2, 0xff, 0xff, 0xff, 0xff, 0x0f]
        );
    }

    #[test]
    fn a_length_of_more_than_32_bits_is_refused() {
        assert_eq!(take(&mut &[0xff, 0xff, 0xff, 0xff, 0x1f][..]), None);
        assert_eq!(take(&mut &[0x80, 0x80, 0x80, 0x80, 0x80, 0][..]), None);
        assert_eq!(take(&mut &[0x80][..]), None);
    }

    proptest! {
        #[test]
        fn a_length_comes_back_and_leaves_the_rest(value: u32, rest: Vec<u8>) {
            let mut bytes = Vec::new();
            push(&mut bytes, value);
            prop_assert!(bytes.len() <= BYTES_MAX);
            bytes.extend_from_slice(&rest);

            let mut input = bytes.as_slice();

            prop_assert_eq!(take(&mut input), Some(value));
            prop_assert_eq!(input, rest.as_slice());
        }
    }
}
