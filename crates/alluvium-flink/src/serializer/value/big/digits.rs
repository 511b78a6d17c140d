//! Decimal digits of numbers in two's complement, and back; the text of a `BigDecimal`.

/// Nine digits: as many as fit 32 bits.
const BILLION: u64 = 1_000_000_000;

/// The digits of a number in two's complement, with a minus sign before them if it is negative.
pub(super) fn text(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    // In base a billion, the lowest first. The magnitude of a negative number is that of its complement, and one.
    let mut limbs: Vec<u64> = vec![0];
    for byte in bytes {
        let byte = if negative { !byte } else { *byte };
        push(&mut limbs, 256, u64::from(byte), BILLION);
    }
    if negative {
        push(&mut limbs, 1, 1, BILLION);
    }
    let mut text = String::from(if negative { "-" } else { "" });
    let mut limbs = limbs.iter().rev().skip_while(|limb| **limb == 0);
    match limbs.next() {
        Some(highest) => text.push_str(&highest.to_string()),
        None => text.push('0'),
    }
    for limb in limbs {
        let digits = limb.to_string();
        text.extend(std::iter::repeat_n('0', 9 - digits.len().min(9)));
        text.push_str(&digits);
    }
    text
}

/// Multiplies and adds in a base.
fn push(limbs: &mut Vec<u64>, factor: u64, mut carry: u64, base: u64) {
    for limb in limbs.iter_mut() {
        let sum = *limb * factor + carry;
        *limb = sum % base;
        carry = sum / base;
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// The shortest two's complement of an integer's digits; `None` when they are no digits, or it has more than `most` bytes.
pub(super) fn integer_bytes(text: &str, most: usize) -> Option<Vec<u8>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    // Three digits are more than a byte.
    if digits.is_empty() || digits.len() > most.saturating_mul(3) {
        return None;
    }
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.chars() {
        push(&mut limbs, 10, u64::from(digit.to_digit(10)?), 256);
    }
    if negative {
        // The complement of one less.
        let lowest = limbs.iter().position(|limb| *limb != 0);
        for limb in limbs.iter_mut().take(lowest.unwrap_or(0)) {
            *limb = 255;
        }
        if let Some(limb) = lowest.and_then(|lowest| limbs.get_mut(lowest)) {
            *limb -= 1;
        }
    }
    let negative = negative && digits.chars().any(|digit| digit != '0');
    let mut bytes = vec![0];
    for limb in limbs.iter().rev() {
        bytes.push(u8::try_from(*limb).ok()?);
    }
    // Of leading zeros only one stays, and only if the sign needs it.
    let spare = bytes
        .windows(2)
        .take_while(|pair| matches!(pair, [0, next] if next & 0x80 == 0))
        .count();
    bytes.drain(..spare);
    if negative {
        for byte in &mut bytes {
            *byte = !*byte;
        }
    }
    (bytes.len() <= most).then_some(bytes)
}

/// The text of a decimal number of these digits, as Java's `BigDecimal` writes it: no two numbers that differ in digits or
/// scale have the same.
pub(super) fn decimal(unscaled: &str, scale: i32) -> String {
    let (sign, digits) = match unscaled.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", unscaled),
    };
    if scale == 0 {
        return unscaled.to_owned();
    }
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let exponent = count - 1 - i64::from(scale);
    let Ok(after) = usize::try_from(scale) else {
        return scientific(sign, digits, exponent);
    };
    if exponent < -6 {
        return scientific(sign, digits, exponent);
    }
    match digits.len().checked_sub(after) {
        Some(before) if before > 0 => {
            let (whole, fraction) = digits.split_at(before);
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}0.{digits:0>after$}"),
    }
}

fn scientific(sign: &str, digits: &str, exponent: i64) -> String {
    let (first, rest) = digits.split_at(1.min(digits.len()));
    let point = if rest.is_empty() { "" } else { "." };
    match exponent {
        0 => format!("{sign}{first}{point}{rest}"),
        _ => format!("{sign}{first}{point}{rest}E{exponent:+}"),
    }
}

/// The digits and the scale of a decimal number's text.
pub(super) fn parse_decimal(text: &str) -> Option<(String, i32)> {
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if fraction.starts_with('-') {
        return None;
    }
    Some((format!("{whole}{fraction}"), i32::try_from(scale).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_integer(number in any::<i128>()) {
            prop_assert_eq!(text(&number.to_be_bytes()), number.to_string());

            let bytes = integer_bytes(&number.to_string(), 16).unwrap();
            let skipped = 16 - bytes.len();
            prop_assert_eq!(&number.to_be_bytes()[skipped..], bytes.as_slice());
            prop_assert_eq!(text(&bytes), number.to_string());
        }

        #[test]
        fn a_decimal_is_read_from_its_text(number in any::<i128>(), scale in any::<i32>()) {
            let text = decimal(&number.to_string(), scale);
            let (digits, found) = parse_decimal(&text).unwrap();

            prop_assert_eq!(found, scale);
            prop_assert_eq!(integer_bytes(&digits, 16), integer_bytes(&number.to_string(), 16));
        }
    }

    #[test]
    fn bytes_are_as_few_as_java_writes() {
        for (text, bytes) in [
            ("0", vec![0]),
            ("-0", vec![0]),
            ("-1", vec![0xFF]),
            ("127", vec![0x7F]),
            ("128", vec![0, 0x80]),
            ("-128", vec![0x80]),
            ("-129", vec![0xFF, 0x7F]),
            ("256", vec![1, 0]),
            ("-256", vec![0xFF, 0]),
            ("00012", vec![12]),
        ] {
            assert_eq!(integer_bytes(text, 8), Some(bytes), "{text}");
        }
    }

    #[test]
    fn decimals_are_written_as_java_writes_them() {
        for (digits, scale, text) in [
            ("123", 0, "123"),
            ("-123", 0, "-123"),
            ("123", -1, "1.23E+3"),
            ("123", -3, "1.23E+5"),
            ("123", 1, "12.3"),
            ("123", 3, "0.123"),
            ("123", 5, "0.00123"),
            ("123", 10, "1.23E-8"),
            ("-123", 12, "-1.23E-10"),
            ("1", -2, "1E+2"),
            ("0", 2, "0.00"),
        ] {
            assert_eq!(decimal(digits, scale), text);
        }
    }
}
