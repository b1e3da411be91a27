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
