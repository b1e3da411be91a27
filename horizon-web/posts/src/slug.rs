use horizon_core::Slug;
use unicode_normalization::char::is_combining_mark;

use crate::unicode::nfc;

/// The longest slug of a post or page, in characters: at most [`Slug::MAX_BYTES`] in UTF-8.
const MAX_CHARS: usize = 128;

/// Why a text is not the slug of a post or page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PostSlugError {
    #[error("a slug must not be empty")]
    Empty,
    #[error("a slug has at most {MAX_CHARS} characters")]
    TooLong,
    #[error("a slug must not start with a dot")]
    LeadingDot,
    #[error("a slug contains only letters, digits, '-', '_', '.' and '~', not {0:?}")]
    Character(char),
}

/// Returns the slug of a post or page: a single segment of letters and digits of any script.
pub(crate) fn post_slug(text: &str) -> Result<Slug, PostSlugError> {
    let text = nfc(text);
    if text.chars().count() > MAX_CHARS {
        return Err(PostSlugError::TooLong);
    }
    if text.starts_with('.') {
        return Err(PostSlugError::LeadingDot);
    }
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(invalid) => Err(PostSlugError::Character(invalid)),
        None => Slug::new(&text).map_err(|_| PostSlugError::Empty),
    }
}

/// Returns the slug for the name of a file. Other characters than those of a slug become `-`.
pub(crate) fn slug_of_name(name: &str) -> Result<Slug, PostSlugError> {
    let name = nfc(name);
    if name.chars().all(is_allowed) {
        return post_slug(&name);
    }
    let is_separator = |c: char| c == '-' || !is_allowed(c);
    let parts: Vec<&str> = name.split(is_separator).filter(|part| !part.is_empty()).collect();
    post_slug(&parts.join("-"))
}

fn is_allowed(c: char) -> bool {
    // Vowel signs of Indic scripts and Thai are marks, not letters.
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '_' | '.' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_of_a_post_is_one_segment_of_letters_and_digits() {
        for good in [
            "a",
            "hello-world",
            "2026_notes.v2~draft",
            &"x".repeat(128),
            "größe",
            "日本語",
            "हिन्दी",
            "ภาษาไทย",
        ] {
            assert_eq!(post_slug(good).unwrap().as_str(), good);
        }
        assert_eq!(post_slug("cafe\u{301}").unwrap().as_str(), "café");
        for (bad, error) in [
            ("", PostSlugError::Empty),
            (&*"x".repeat(129), PostSlugError::TooLong),
            (".hidden", PostSlugError::LeadingDot),
            ("a/b", PostSlugError::Character('/')),
            ("a b", PostSlugError::Character(' ')),
            ("a\u{202e}b", PostSlugError::Character('\u{202e}')),
        ] {
            assert_eq!(post_slug(bad), Err(error), "{bad:?}");
        }
    }

    #[test]
    fn other_characters_of_a_file_name_become_hyphens() {
        for (name, slug) in [
            ("my post", "my-post"),
            ("What's new? (part 2)", "What-s-new-part-2"),
            ("C# & F#", "C-F"),
            ("a--b", "a--b"),
            ("a -- b", "a-b"),
            ("Größe 日本", "Größe-日本"),
        ] {
            assert_eq!(slug_of_name(name).unwrap().as_str(), slug, "{name}");
        }
        assert_eq!(slug_of_name("???"), Err(PostSlugError::Empty));
    }
}
