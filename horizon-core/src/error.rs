use std::{any::Any, error::Error as StdError, fmt, iter::successors};

/// What a port answers.
///
/// ```
/// use horizon_core::{Error, Result};
///
/// fn likes(row: Option<u64>) -> Result<u64> {
///     row.ok_or_else(|| Error::permanent("the row is missing"))
/// }
/// assert_eq!(likes(Some(3)).unwrap(), 3);
/// assert!(likes(None).is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a port could not do what it was asked, and whether asking again may help.
///
/// Adapters map the errors of their drivers to this one at their edge and keep the driver's as
/// [`source`](StdError::source).
///
/// ```
/// use horizon_core::Error;
///
/// fn map(error: std::io::Error) -> Error {
///     match error.kind() {
///         std::io::ErrorKind::TimedOut => Error::unavailable("the disk is slow").with_source(error),
///         _ => Error::permanent("the disk does not work").with_source(error),
///     }
/// }
/// assert!(map(std::io::ErrorKind::TimedOut.into()).is_retryable());
/// ```
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    retry: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// The backend cannot take it now: down, full or slow. The same call may succeed later.
    ///
    /// ```
    /// use horizon_core::Error;
    ///
    /// let error = Error::unavailable("the queue is full");
    /// assert!(error.is_retryable());
    /// assert_eq!(error.to_string(), "the queue is full");
    /// ```
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: true,
            source: None,
        }
    }

    /// The same call will fail again, until somebody repairs something: corrupt data, wrong version, misuse.
    ///
    /// The accumulator drops nothing for it: it waits 30 seconds and tries the same batch again.
    ///
    /// ```
    /// use horizon_core::Error;
    /// assert!(!Error::permanent("the file was written by a newer version").is_retryable());
    /// ```
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: false,
            source: None,
        }
    }

    /// Keeps what caused it.
    ///
    /// ```
    /// use std::error::Error as _;
    /// use horizon_core::Error;
    ///
    /// let error = Error::permanent("the row is no comment").with_source("body is NULL");
    /// assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("body is NULL"));
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the same call may succeed later.
    ///
    /// ```
    /// use horizon_core::Error;
    ///
    /// let status = |error: &Error| if error.is_retryable() { 503 } else { 500 };
    /// assert_eq!(status(&Error::unavailable("the store is away")), 503);
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retry
    }
}

impl fmt::Debug for Error {
    /// The sentence, and what is behind it: a `main` that answers the error shows it to a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in successors(self.source(), |&cause| cause.source()) {
            write!(f, "; because: {cause}")?;
        }
        Ok(())
    }
}

/// Returns the message of a panic that was caught.
///
/// ```
/// use horizon_core::panic_message;
///
/// let caught = std::panic::catch_unwind(|| panic!("{} is too many", 18)).unwrap_err();
/// assert_eq!(panic_message(&*caught), "18 is too many");
/// ```
#[must_use]
pub fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    let constant = || payload.downcast_ref::<&str>().copied();
    formatted.or_else(constant).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_main_shows_of_an_error_is_a_sentence_and_its_causes() {
        let disk = Error::permanent("the disk does not work").with_source("it is on fire");
        let error = Error::unavailable("the store is away").with_source(disk);
        assert_eq!(
            format!("{error:?}"),
            "the store is away; because: the disk does not work; because: it is on fire"
        );
    }
}
