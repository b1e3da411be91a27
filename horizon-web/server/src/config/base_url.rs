use std::{fmt, str::FromStr};

use axum::http::{Uri, uri::InvalidUri};
use eventhorizon::Origin;

/// The public URL of the blog: an `http` or `https` URL without a path. It is in lower case, without a default port and
/// a trailing slash, so it equals the `Origin` of requests from the blog's pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Origin);

/// The reason why a text is not a [`BaseUrl`].
#[derive(Debug, thiserror::Error)]
pub enum ParseBaseUrlError {
    /// It is not a URL.
    #[error("not a URL: {0}")]
    Syntax(InvalidUri),
    /// It has another scheme, no host, or more than a host and a port.
    #[error("expected `https://` or `http://` and a host")]
    Parts,
    /// It has a path.
    #[error(
        "expected a URL without a path: all links, cookies and files of the blog start at `/`; give it a host name \
         of its own, such as `https://blog.example.org`"
    )]
    Path,
}

impl BaseUrl {
    /// Returns the `Origin` of requests from the blog's pages.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.0
    }

    /// Returns whether the blog is served over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.as_header().as_bytes().starts_with(b"https:")
    }
}

impl FromStr for BaseUrl {
    type Err = ParseBaseUrlError;

    fn from_str(text: &str) -> Result<Self, ParseBaseUrlError> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(ParseBaseUrlError::Syntax)?;
        let scheme = uri.scheme_str().ok_or(ParseBaseUrlError::Parts)?;
        let authority = uri.authority().ok_or(ParseBaseUrlError::Parts)?;
        if uri.path() != "/" {
            return Err(ParseBaseUrlError::Path);
        }
        let default_port = if scheme == "http" { 80 } else { 443 };
        let without_port = format!("{scheme}://{}", authority.host());
        let is_default = authority.port_u16() == Some(default_port) && !authority.as_str().contains('@');
        let origin = if is_default { &without_port } else { text };
        origin.parse().map(Self).map_err(|_| ParseBaseUrlError::Parts)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
