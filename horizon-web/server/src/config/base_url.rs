use std::str::FromStr;

use axum::http::{Uri, uri::InvalidUri};

/// An absolute `http` or `https` URL without a path and a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(pub String);

/// The reason why a text is not a [`BaseUrl`].
#[derive(Debug, thiserror::Error)]
pub enum ParseBaseUrlError {
    /// It is not a URL.
    #[error("not a URL: {0}")]
    Syntax(InvalidUri),
    /// It has another scheme, no host, a path or a query.
    #[error("expected `https://` and a host, without a path")]
    Parts,
}

impl FromStr for BaseUrl {
    type Err = ParseBaseUrlError;
    fn from_str(text: &str) -> Result<Self, ParseBaseUrlError> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(ParseBaseUrlError::Syntax)?;
        let http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !http || uri.authority().is_none() || uri.query().is_some() || uri.path() != "/" {
            return Err(ParseBaseUrlError::Parts);
        }
        Ok(Self(text.into()))
    }
}
