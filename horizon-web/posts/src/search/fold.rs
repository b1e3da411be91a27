//! Folds words so that they compare without case, accents and compatibility forms.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The marks that distinguish か and が, は and ぱ.
const KANA_VOICE_MARKS: [char; 2] = ['\u{3099}', '\u{309A}'];

/// Returns the word in lower case, without accents, in Unicode form NFKC.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let is_base = |c: &char| !is_combining_mark(*c) || KANA_VOICE_MARKS.contains(c);
    let lower = word.nfkd().filter(is_base).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(word.len());
    for c in lower {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            // Soft hyphen, zero-width joiners, the Arabic tatweel.
            '\u{AD}' | '\u{200C}' | '\u{200D}' | '\u{640}' => {}
            c if is_combining_mark(c) && !KANA_VOICE_MARKS.contains(&c) => {}
            c => folded.push(c),
        }
    }
    folded.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_compatibility_forms_do_not_matter() {
        for (word, folded) in [
            ("Café", "cafe"),
            ("CAFE\u{301}", "cafe"),
            ("Straße", "strasse"),
            ("İstanbul", "istanbul"),
            ("ﬁne", "fine"),
            ("ｶﾞ", "ガ"),
            ("か", "か"),
            ("が", "が"),
            ("한글", "한글"),
            ("أَحْمَد", "احمد"),
            ("co\u{AD}operate", "cooperate"),
        ] {
            assert_eq!(fold(word), folded, "{word}");
        }
    }
}
