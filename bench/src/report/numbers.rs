//! Numbers for people: three significant digits, with a unit where the column has none.

/// A number in its unit: `3.86M/s`, `12.3 ms`, `415 files`.
pub(super) fn shown(value: f64, unit: &str) -> String {
    match unit {
        "1/s" => scaled(value),
        "files" | "rows" => grouped(value),
        "us" if value >= 1_000.0 => format!("{} ms", three(value / 1_000.0)),
        "ms" if value >= 10_000.0 => format!("{} s", three(value / 1_000.0)),
        _ => format!("{} {unit}", three(value)),
    }
}

/// A round number at an axis.
pub(super) fn tick(value: f64, unit: &str) -> String {
    let plain = |value: f64| format!("{}", (value * 1e6).round() / 1e6);
    match unit {
        "1/s" | "files" | "rows" if value >= 1e6 => format!("{}M", plain(value / 1e6)),
        "1/s" | "files" | "rows" if value >= 1e3 => format!("{}k", plain(value / 1e3)),
        "1/s" => plain(value),
        "us" if value >= 1e3 => format!("{} ms", plain(value / 1e3)),
        "ms" if value >= 1e3 => format!("{} s", plain(value / 1e3)),
        _ => format!("{} {unit}", plain(value)),
    }
}

/// With `k` or `M` behind it.
fn scaled(value: f64) -> String {
    match value {
        _ if value >= 999_500.0 => format!("{}M", three(value / 1e6)),
        _ if value >= 999.5 => format!("{}k", three(value / 1e3)),
        _ => three(value),
    }
}

/// Three significant digits; more zeros before them where a number is small.
fn three(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.0995 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_have_three_digits_and_the_unit_that_fits() {
        let found = [
            shown(3_861_234.0, "1/s"),
            shown(258_400.0, "1/s"),
            shown(999_700.0, "1/s"),
            shown(12.0, "1/s"),
            shown(0.0045, "ms"),
            shown(15_300.0, "ms"),
            shown(1_234.0, "us"),
            shown(1_234_567.0, "rows"),
            shown(0.0, "rows"),
        ];

        let expected = [
            "3.86M",
            "258k",
            "1.00M",
            "12.0",
            "0.0045 ms",
            "15.3 s",
            "1.23 ms",
            "1,234,567",
            "0",
        ];
        assert_eq!(found, expected);
    }
}
