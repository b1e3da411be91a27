use std::error::Error;

/// Returns the sources of an error, joined by `: `. Empty if there are none.
///
/// ```
/// use horizon_backend::error_chain;
/// use horizon_core::Error;
///
/// assert_eq!(error_chain(&Error::unavailable("the store is unavailable").with_source("a lock")), "a lock");
/// ```
pub fn error_chain(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |&source| source.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
