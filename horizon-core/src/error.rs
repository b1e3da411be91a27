use std::error::Error as StdError;

/// What a port answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a port could not do what it was asked, and whether asking again may help.
///
/// Adapters map the errors of their drivers to this one at their edge and keep the driver's as
/// [`source`](StdError::source).
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    retry: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// The backend cannot take it now: down, full or slow. The same call may succeed later.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: true,
            source: None,
        }
    }

    /// The same call will fail again: corrupt data, wrong version, misuse.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: false,
            source: None,
        }
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retry
    }
}
