//! The forms in which texts are stored and compared: addresses, search, headings and tags.

use std::borrow::Cow;

use caseless::Caseless as _;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc};

/// Returns a text in normalization form C, in which it is stored and shown.
#[must_use]
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Returns the form in which texts are compared: without letter case, accents, vowel points and compatibility forms.
///
/// Two texts that a reader regards as the same, such as `Ångström` and `ANGSTROM`, have the same form. The marks of
/// Indic scripts, Thai and Japanese distinguish words, so they are part of the form.
///
/// ```
/// use horizon_posts::fold;
/// assert_eq!(fold("Straße nach Łódź"), "strasse nach lodz");
/// assert_eq!(fold("ﬁne ＡＢＣ"), "fine abc");
/// assert_eq!(fold("がく"), "がく");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = text.nfkd().filter(|c| !is_dropped(*c)).default_case_fold();
    let mut folded = String::with_capacity(text.len());
    for c in bare.nfkd().filter(|c| !is_dropped(*c)).nfc() {
        match base_letters(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// Returns whether a decomposed character is a mark that readers leave out when they search, or is invisible.
fn is_dropped(c: char) -> bool {
    match c {
        // Soft hyphen, tatweel, zero-width characters, byte order mark.
        '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => true,
        // Accents, Cyrillic titlos, Hebrew points, Arabic signs, and the blocks of combining marks for all scripts.
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}' => is_combining_mark(c),
        _ => false,
    }
}

/// Returns the base letters of a letter that Unicode does not decompose.
fn base_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_texts_are_stored_in_one_form() {
        assert_eq!(nfc("cafe\u{301}"), "café");
        assert!(matches!(nfc("café"), Cow::Borrowed("café")));
        assert_eq!(nfc("\u{1112}\u{1161}\u{11ab}"), "한");
    }

    #[test]
    fn texts_that_differ_in_case_and_accents_are_equal_when_folded() {
        for (text, folded) in [
            ("Rust", "rust"),
            ("ÅNGSTRÖM", "angstrom"),
            ("cafe\u{301}", "cafe"),
            ("İstanbul", "istanbul"),
            ("ISTANBUL", "istanbul"),
            ("Straße", "strasse"),
            ("ΟΔΟΣ", "οδοσ"),
            ("όδος", "οδοσ"),
            ("Ёлка", "елка"),
            ("مُحَمَّد", "محمد"),
            ("أحمد", "احمد"),
            ("שָׁלוֹם", "שלום"),
            ("ﾊﾟﾝ", "パン"),
            ("パン", "パン"),
            ("हिन्दी", "हिन्दी"),
            ("ภาษาไทย", "ภาษาไทย"),
            ("한국어", "한국어"),
            ("Smørrebrød", "smorrebrod"),
            ("Æsir", "aesir"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(&fold(text)), folded, "folding again changes nothing");
        }
    }
}
