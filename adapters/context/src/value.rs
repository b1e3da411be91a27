//! Texts of a request as values.

use horizon_core::{ContextValue, reports::OTHER_VALUE};

/// How much of a text becomes a value, in bytes. More than [`ContextValue::MAX_CHARS`] characters, because characters
/// have up to four bytes and some are removed.
const MAX_BYTES: usize = 1_024;

/// Returns the text in lower case as a value, or `None` if nothing visible remains.
pub(crate) fn value(text: &str) -> Option<ContextValue> {
    let words: Vec<&str> = cut(text, MAX_BYTES).split_whitespace().collect();
    let value = ContextValue::new(&words.join(" ").to_lowercase());
    (!value.as_str().is_empty()).then_some(value)
}

/// Returns the text of a parameter as a value. `None` with `@`: mail programs put the address of the reader into links.
/// `None` for [`OTHER_VALUE`], which says in reports that there are too many values.
pub(crate) fn parameter_value(text: &str) -> Option<ContextValue> {
    value(text).filter(|value| !text.contains('@') && value.as_str() != OTHER_VALUE)
}

/// Returns the start of the text, at most this many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_lower_case_on_one_line_and_bounded() {
        let text = |text: &str| value(text).map(|value| value.as_str().to_owned());
        assert_eq!(
            text(" Spring\u{2028}\n Sale\u{202e}\u{0}").as_deref(),
            Some("spring sale")
        );
        for empty in ["", " \t", "\u{200b}", "\u{0}\u{7f}"] {
            assert_eq!(text(empty), None);
        }
        for long in ["ä".repeat(1 << 20), "İ".repeat(1 << 20), "\u{1f600}".repeat(1 << 20)] {
            let chars = text(&long).unwrap().chars().count();
            assert_eq!(chars, ContextValue::MAX_CHARS);
        }
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn a_parameter_is_neither_an_address_nor_the_name_of_further_values() {
        for ignored in ["ada@example.org", "(other)", " (Other)\u{200b} "] {
            assert_eq!(parameter_value(ignored), None, "{ignored}");
        }
        assert!(parameter_value("other").is_some());
    }
}
