//! Invisible characters in texts that readers write.

use std::borrow::Cow;

/// Returns the text without characters that reorder or hide text: controls of the writing direction (U+202A–202E,
/// U+2066–2069) and characters without a width.
///
/// The joiners U+200C and U+200D, which some scripts and emoji need, remain between two visible characters.
///
/// ```
/// use horizon_core::clean_text;
///
/// assert_eq!(clean_text("Ada\u{202e} \u{200b}Lovelace"), "Ada Lovelace");
/// assert_eq!(clean_text("می\u{200c}خواهم \u{200c}"), "می\u{200c}خواهم ");
/// ```
#[must_use]
pub fn clean_text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_removed(c) || is_joiner(c)) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text.chars().filter(|&c| !is_removed(c)).peekable();
    // The last character before a joiner, without those that only change its look.
    let mut last = ' ';
    while let Some(c) = rest.next() {
        let is_kept = !is_joiner(c) || (is_visible(last) && rest.peek().is_some_and(|&next| is_visible(next)));
        if is_kept {
            cleaned.push(c);
            if !is_modifier(c) {
                last = c;
            }
        }
    }
    Cow::Owned(cleaned)
}

/// Returns whether a reader sees anything of the text.
///
/// ```
/// use horizon_core::has_visible_text;
///
/// assert!(has_visible_text(" é"));
/// assert!(!has_visible_text(" \u{2060}\u{3164}\n"));
/// ```
#[must_use]
pub fn has_visible_text(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Returns whether a character is visible: it is neither white space nor a control, and Unicode does not hide it
/// (`Default_Ignorable_Code_Point`). The blank pattern of Braille is invisible, too.
fn is_visible(c: char) -> bool {
    let is_hidden = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    !(is_hidden || c.is_whitespace() || c.is_control())
}

/// Returns whether a character is removed everywhere: a control of the writing direction, or one without a width.
fn is_removed(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Returns whether a character changes the look of the one before it: a variation selector, or a tag in a flag.
fn is_modifier(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns all texts of up to five characters from this alphabet.
    fn all_texts() -> Vec<String> {
        const ALPHABET: [char; 8] = [
            'a', ' ', '\u{202e}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{fe0f}', '\u{3164}',
        ];
        let mut texts = vec![String::new()];
        let mut start = 0;
        for _ in 0..5 {
            let end = texts.len();
            for index in start..end {
                texts.extend(ALPHABET.map(|c| format!("{}{c}", texts[index])));
            }
            start = end;
        }
        texts
    }

    #[test]
    fn cleaning_keeps_what_is_visible_and_is_idempotent() {
        for text in all_texts() {
            let cleaned = clean_text(&text);
            assert!(!cleaned.contains(is_removed), "{text:?}");
            assert_eq!(clean_text(&cleaned), cleaned, "{text:?}");
            let others = |text: &str| text.replace(|c| is_removed(c) || is_joiner(c), "");
            assert_eq!(others(&cleaned), others(&text), "{text:?}");
            assert_eq!(has_visible_text(&cleaned), text.contains('a'), "{text:?}");
        }
    }

    #[test]
    fn a_joiner_is_kept_only_between_visible_characters() {
        for text in all_texts() {
            let cleaned: Vec<char> = clean_text(&text).chars().collect();
            for at in (0..cleaned.len()).filter(|&at| is_joiner(cleaned[at])) {
                let before = cleaned[..at].iter().rev().find(|c| !is_modifier(**c));
                assert!(before.is_some_and(|c| is_visible(*c)), "{text:?}");
                assert!(cleaned.get(at + 1).is_some_and(|c| is_visible(*c)), "{text:?}");
            }
        }
        for kept in [
            "a\u{200d}b",
            "a\u{fe0f}\u{200d}b",
            "👩\u{200d}🚀",
            "❤\u{fe0f}\u{200d}🔥",
            "क्\u{200d}ष",
        ] {
            assert_eq!(clean_text(kept), kept);
        }
    }

    #[test]
    fn texts_of_all_scripts_are_unchanged() {
        for text in [
            "Ada",
            "naïve — 日本",
            "שלום\u{200f}!",
            "العربية",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "a\tb\nc",
            "e\u{301}",
        ] {
            assert!(
                matches!(clean_text(text), Cow::Borrowed(same) if same == text),
                "{text:?}"
            );
            assert!(has_visible_text(text), "{text:?}");
        }
    }
}
