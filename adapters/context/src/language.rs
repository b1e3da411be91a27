//! The language of a request.

use horizon_core::ContextValue;

use crate::value::cut;

/// How much of the header is read, in bytes.
const MAX_HEADER_BYTES: usize = 64;

/// Returns the primary subtag (BCP 47) of the first entry of `Accept-Language`: two or three letters.
pub(crate) fn language(header: &str) -> Option<ContextValue> {
    let subtag = cut(header.trim_start(), MAX_HEADER_BYTES)
        .split([',', ';', '-', '_', ' '])
        .next()?;
    let is_language = matches!(subtag.len(), 2 | 3) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_language.then(|| ContextValue::new(&subtag.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_primary_subtag_of_the_first_entry() {
        for (header, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some("de")),
            ("EN", Some("en")),
            (" zh-Hant-TW;q=1", Some("zh")),
            ("gsw", Some("gsw")),
            ("pt_BR", Some("pt")),
            ("*", None),
            ("", None),
            ("x-klingon", None),
            ("english", None),
            ("d€", None),
            (",de", None),
        ] {
            assert_eq!(
                language(header).as_ref().map(ContextValue::as_str),
                expected,
                "{header}"
            );
        }
        assert_eq!(language(&"a".repeat(1 << 20)), None);
    }
}
