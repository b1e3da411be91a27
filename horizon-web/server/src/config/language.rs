use std::{fmt, str::FromStr};

use horizon_app::Texts;

/// The language of a blog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlogLanguage(String);

/// The text is not a [`BlogLanguage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is a BCP 47 tag, such as en, pt-BR or zh-Hant")]
pub struct ParseLanguageError;

impl BlogLanguage {
    /// Returns the interface texts in this language, or else in English.
    #[must_use]
    pub fn texts(&self) -> Texts {
        Texts::for_language(&self.0).unwrap_or_default()
    }
}

impl FromStr for BlogLanguage {
    type Err = ParseLanguageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        horizon_app::language_tag(text).map(Self).ok_or(ParseLanguageError)
    }
}

impl fmt::Display for BlogLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_and_without_texts_of_its_own_the_interface_is_english() {
        for (text, tag, interface) in [("de_at", "de-AT", "de-AT"), ("AR", "ar", "ar"), ("pl", "pl", "en")] {
            let language: BlogLanguage = text.parse().unwrap();
            assert_eq!(
                (language.to_string().as_str(), language.texts().tag()),
                (tag, interface)
            );
        }
        for bad in ["", "und", "german language"] {
            assert_eq!(bad.parse::<BlogLanguage>(), Err(ParseLanguageError), "{bad:?}");
        }
    }
}
