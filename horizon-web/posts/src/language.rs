use std::{fmt, str::FromStr};

use horizon_texts::Texts;
use icu_locale_core::{LanguageIdentifier, langid};

/// The language of a text: a BCP 47 tag such as `de`, `pt-BR` or `zh-Hant`, in its usual letter case.
///
/// ```
/// use horizon_posts::Language;
/// let language: Language = "pt_br".parse()?;
/// assert_eq!(language.to_string(), "pt-BR");
/// assert_eq!(language.identifier().language.as_str(), "pt");
/// # Ok::<(), horizon_posts::LanguageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Language(LanguageIdentifier);

/// The text is not a [`Language`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is a BCP 47 tag, such as en, pt-BR or zh-Hant")]
pub struct LanguageError;

impl Language {
    /// Returns the tag for ICU4X.
    #[must_use]
    pub fn identifier(&self) -> &LanguageIdentifier {
        &self.0
    }

    /// Returns the interface texts in this language, or `None` if there are no texts in it.
    #[must_use]
    pub fn texts(&self) -> Option<Texts> {
        Texts::for_language(&self.to_string())
    }
}

/// English.
impl Default for Language {
    fn default() -> Self {
        Self(langid!("en"))
    }
}

/// Accepts any letter case, and `_` for `-` as in the names of POSIX.
impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let name = text.trim().split('.').next().unwrap_or_default();
        let identifier = LanguageIdentifier::try_from_str(&name.replace('_', "-")).map_err(|_| LanguageError)?;
        if identifier.language.is_unknown() {
            return Err(LanguageError);
        }
        Ok(Self(identifier))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_language_in_its_usual_letter_case() {
        for (text, tag) in [
            ("de", "de"),
            ("DE-at", "de-AT"),
            ("pt_BR", "pt-BR"),
            ("de_DE.UTF-8", "de-DE"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("ja", "ja"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(
                text.parse::<Language>().map(|language| language.to_string()),
                Ok(tag.to_owned())
            );
        }
        for bad in ["", "german language", "d", "und", "12", "de-", "<de>"] {
            assert_eq!(bad.parse::<Language>(), Err(LanguageError), "{bad:?}");
        }
    }
}
