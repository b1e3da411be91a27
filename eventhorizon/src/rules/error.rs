use std::{error::Error as StdError, fmt};

use horizon_core::Error;

/// Why a rule of the application has no answer, such as an unavailable database.
///
/// `?` creates it from any error. The request fails with 503 and `Retry-After`, and the error is logged with its
/// sources. (It does not implement [`std::error::Error`] itself, because the conversion from any error would then
/// conflict with the conversion from itself.)
///
/// ```
/// use eventhorizon::RuleError;
///
/// fn number(text: &str) -> Result<u64, RuleError> {
///     if text.is_empty() {
///         return Err(RuleError::new("the number is missing"));
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(number("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub struct RuleError(Box<dyn StdError + Send + Sync>);

impl RuleError {
    /// Creates it from a sentence, or from an error that `?` does not convert, such as a boxed one.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Returns an error that says which rule failed.
    pub(super) fn into_error(self, question: impl fmt::Display) -> Error {
        Error::unavailable(format!("the application's rule {question} failed")).with_source(self.0)
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for RuleError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
