//! Formats numbers.

/// Formats an integer with thousands separators.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number with three significant digits, or with all digits before the point.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => grouped_float(number),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

fn grouped_float(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let sign = if number < 0.0 { "-" } else { "" };
    // Infinity and NaN have no digits to shorten.
    let text = digits.parse().map_or(digits, grouped);
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        let texts = [0.0, 0.1234, 1.234, 12.34, 123.4, 20_123.4, -1_500.0].map(short);
        assert_eq!(texts, ["0.000", "0.123", "1.23", "12.3", "123", "20,123", "-1,500"]);
    }
}
