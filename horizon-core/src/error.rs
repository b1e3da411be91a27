use std::{any::Any, error::Error as StdError, fmt, iter::successors};

/// The result of a port's method.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a port's method failed, and whether a retry may succeed.
///
/// Adapters convert the errors of their drivers and keep them as [`source`](StdError::source).
///
/// ```
/// use horizon_core::Error;
///
/// fn convert(error: std::io::Error) -> Error {
///     match error.kind() {
///         std::io::ErrorKind::TimedOut => Error::unavailable("the disk is slow").with_source(error),
///         _ => Error::permanent("the disk does not work").with_source(error),
///     }
/// }
/// assert!(convert(std::io::ErrorKind::TimedOut.into()).is_retryable());
/// ```
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Returns an error of a backend that is down, full or slow. The same call may succeed later.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: true,
            source: None,
        }
    }

    /// Returns an error that persists until an operator repairs its cause: corrupt data, a wrong version, misuse.
    ///
    /// The accumulator drops no events because of it: it retries the same batch after 30 seconds.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: false,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl fmt::Debug for Error {
    /// Writes the message and its causes: a `main` that returns the error prints it in this form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in successors(self.source(), |&cause| cause.source()) {
            write!(f, "; because: {cause}")?;
        }
        Ok(())
    }
}

/// Returns the sources of an error, joined by `: `, or an empty string for an error without a source.
///
/// ```
/// use horizon_core::{Error, error_chain};
///
/// assert_eq!(error_chain(&Error::unavailable("the store is unavailable").with_source("a lock")), "a lock");
/// ```
pub fn error_chain(error: &dyn StdError) -> String {
    let sources = successors(error.source(), |&source| source.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Returns the message of a caught panic.
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
    fn the_debug_form_is_the_message_and_its_causes() {
        let disk = Error::permanent("the disk does not work").with_source("it is on fire");
        let error = Error::unavailable("the store is away").with_source(disk);
        assert_eq!(
            format!("{error:?}"),
            "the store is away; because: the disk does not work; because: it is on fire"
        );
    }
}
