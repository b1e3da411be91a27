//! Language tags (BCP 47).

use icu_locale::{Locale, LocaleDirectionality, LocaleExpander};

/// Returns whether the text of a language runs from right to left.
#[must_use]
pub fn is_right_to_left(tag: &str) -> bool {
    parse(tag).is_some_and(|locale| LocaleDirectionality::new_extended().is_right_to_left(&locale.id))
}

/// Returns the language with a territory, as the Open Graph protocol writes it: `de_DE` for `de`.
#[must_use]
pub fn open_graph_locale(tag: &str) -> Option<String> {
    let mut id = parse(tag)?.id;
    LocaleExpander::new_common().maximize(&mut id);
    Some(format!("{}_{}", id.language, id.region?))
}

/// Parses a tag whose subtags may be separated by `_`, as in the names of many other systems.
pub(crate) fn parse(tag: &str) -> Option<Locale> {
    tag.trim().replace('_', "-").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_decides_the_direction() {
        for tag in ["ar", "he", "fa-IR", "ur", "yi", "ckb", "az-Arab"] {
            assert!(is_right_to_left(tag), "{tag}");
        }
        for tag in ["en", "ja", "az", "ar-Latn", "no tag"] {
            assert!(!is_right_to_left(tag), "{tag}");
        }
    }

    #[test]
    fn open_graph_gets_the_most_likely_territory() {
        for (tag, locale) in [
            ("de", "de_DE"),
            ("de-AT", "de_AT"),
            ("en", "en_US"),
            ("ja", "ja_JP"),
            ("ar", "ar_EG"),
        ] {
            assert_eq!(open_graph_locale(tag).as_deref(), Some(locale));
        }
        assert_eq!(open_graph_locale("no tag"), None);
    }
}
