use horizon_core::Slug;

/// The longest slug of a post or page, in bytes.
const MAX_BYTES: usize = 128;

/// Why a text is not the slug of a post or page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PostSlugError {
    #[error("a slug must not be empty")]
    Empty,
    #[error("a slug has at most {MAX_BYTES} characters")]
    TooLong,
    #[error("a slug must not start with a dot")]
    LeadingDot,
    #[error("a slug contains only ASCII letters, digits, '-', '_', '.' and '~', not {0:?}")]
    Character(char),
}

/// Returns the slug of a post or page: a single segment that is the same in a URL, a file name and a feed.
pub(crate) fn post_slug(text: &str) -> Result<Slug, PostSlugError> {
    if text.len() > MAX_BYTES {
        return Err(PostSlugError::TooLong);
    }
    if text.starts_with('.') {
        return Err(PostSlugError::LeadingDot);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(invalid) => Err(PostSlugError::Character(invalid)),
        None => Slug::new(text).map_err(|_| PostSlugError::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_of_a_post_is_one_segment_of_unreserved_characters() {
        for good in ["a", "hello-world", "2026_notes.v2~draft", &"x".repeat(128)] {
            assert_eq!(post_slug(good).unwrap().as_str(), good);
        }
        for (bad, error) in [
            ("", PostSlugError::Empty),
            (&*"x".repeat(129), PostSlugError::TooLong),
            (".hidden", PostSlugError::LeadingDot),
            ("a/b", PostSlugError::Character('/')),
            ("é", PostSlugError::Character('é')),
            ("a b", PostSlugError::Character(' ')),
        ] {
            assert_eq!(post_slug(bad), Err(error), "{bad:?}");
        }
    }
}
