//! Formats an event as one line of bounded length without control characters.

/// The longest line with its line break: 4,096 bytes.
pub(super) const MAX_LINE_BYTES: usize = 4_096;

/// The bytes of a line that are reserved for the truncation mark and the line break: 64.
const MARK_BYTES: usize = 64;

/// Returns the text as one line, truncated if it is too long. Control characters and bidirectional controls are
/// escaped, except for the escape sequences of a terminal if `has_colors`.
pub(super) fn one_line(text: &str, has_colors: bool) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut line = String::with_capacity(text.len().min(MAX_LINE_BYTES) + 1);
    for (at, character) in text.char_indices() {
        let before = line.len();
        if is_plain(character) || (has_colors && character == '\x1b') {
            line.push(character);
        } else {
            line.extend(character.escape_default());
        }
        if line.len() > MAX_LINE_BYTES - MARK_BYTES {
            line.truncate(before);
            line.push_str(&format!("… ({} more bytes)", text.len() - at));
            break;
        }
    }
    line.push('\n');
    line
}

/// Returns whether a character neither controls a terminal nor breaks the line nor reorders text.
fn is_plain(character: char) -> bool {
    let reorders = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separates = matches!(character, '\u{2028}' | '\u{2029}');
    !(character.is_control() || reorders || separates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_in_a_value_starts_no_line() {
        assert_eq!(
            one_line("a\nERROR forged\r\u{85}\n", false),
            "a\\nERROR forged\\r\\u{85}\n"
        );
        assert_eq!(one_line("\u{202e}gnol\u{2028}", false), "\\u{202e}gnol\\u{2028}\n");
        assert_eq!(one_line("naïve — 日本\n", false), "naïve — 日本\n");
    }

    #[test]
    fn colors_are_kept_only_on_a_terminal() {
        assert_eq!(one_line("\x1b[2mdim\x1b[0m", true), "\x1b[2mdim\x1b[0m\n");
        assert_eq!(one_line("\x1b[2m", false), "\\u{1b}[2m\n");
    }

    #[test]
    fn a_long_line_is_truncated_between_two_characters_with_a_mark() {
        for character in ['x', 'é', '日', '🦀', '\n'] {
            let text: String = std::iter::repeat_n(character, 10_000).collect();
            let line = one_line(&text, false);
            assert!(
                line.len() <= MAX_LINE_BYTES && line.len() > MAX_LINE_BYTES - MARK_BYTES,
                "{}",
                line.len()
            );
            assert!(line.ends_with(" more bytes)\n"), "{character:?}");
        }
        let longest = "x".repeat(MAX_LINE_BYTES - MARK_BYTES);
        assert_eq!(one_line(&longest, false), format!("{longest}\n"));
    }
}
