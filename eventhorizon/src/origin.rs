use std::{fmt, str::FromStr};

use http::{HeaderValue, Uri};

/// The origin of another site (RFC 6454 §6.2), such as `https://shop.example.com`, without a default port.
///
/// ```
/// use eventhorizon::Origin;
///
/// let origin: Origin = "https://shop.example.com".parse().unwrap();
/// assert_eq!(origin.to_string(), "https://shop.example.com");
/// assert!("https://shop.example.com/page".parse::<Origin>().is_err());
/// assert!("https://shop.example.com:443".parse::<Origin>().is_err(), "browsers omit the default port");
/// assert!("*".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is `https://` or `http://`, a host, and a port unless it is the default one")]
pub struct ParseOriginError;

impl Origin {
    /// Returns the origin as browsers send it, in lower case.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }

    /// Returns the host, with the port unless it is the default one.
    #[cfg(feature = "context")]
    pub(crate) fn authority(&self) -> &str {
        let text = self.0.to_str().unwrap_or_default();
        text.split_once("://").map_or(text, |(_, authority)| authority)
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let uri: Uri = text.parse().map_err(|_| ParseOriginError)?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let (scheme, authority) = scheme.zip(uri.authority()).ok_or(ParseOriginError)?;
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        // Browsers omit the default port, so an origin with it would never match.
        let default = if scheme == "http" { 80 } else { 443 };
        let is_default = authority.port_u16() == Some(default);
        if !text.eq_ignore_ascii_case(&origin) || authority.as_str().contains('@') || is_default {
            return Err(ParseOriginError);
        }
        HeaderValue::try_from(origin).map(Self).map_err(|_| ParseOriginError)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}
