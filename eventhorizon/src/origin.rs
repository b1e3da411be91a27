use std::{fmt, str::FromStr};

use http::{HeaderValue, Uri};

/// Where pages of another site come from: `https://shop.example.com`, with a port if it is not the usual one (RFC 6454
/// §6.2).
///
/// It is compared with what browsers send, letter by letter, and they leave out `:443` of `https` and `:80` of `http`.
///
/// ```
/// use eventhorizon::Origin;
///
/// let origin: Origin = "https://shop.example.com".parse().unwrap();
/// assert_eq!(origin.to_string(), "https://shop.example.com");
/// assert!("https://shop.example.com/page".parse::<Origin>().is_err());
/// assert!("https://shop.example.com:443".parse::<Origin>().is_err(), "browsers leave the usual port out");
/// assert!("*".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no [`Origin`].
///
/// ```
/// use eventhorizon::{Origin, ParseOriginError};
///
/// assert_eq!("shop.example.com".parse::<Origin>(), Err(ParseOriginError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is `https://` or `http://`, a host, and a port if it is not the usual one, and nothing behind")]
pub struct ParseOriginError;

impl Origin {
    /// As browsers send it, in lower case.
    ///
    /// ```
    /// # use eventhorizon::Origin;
    /// let origin: Origin = "https://Shop.example.com:8443".parse()?;
    /// assert_eq!(origin.as_header(), "https://shop.example.com:8443");
    /// # Ok::<(), eventhorizon::ParseOriginError>(())
    /// ```
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let uri: Uri = text.parse().map_err(|_| ParseOriginError)?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let (scheme, authority) = scheme.zip(uri.authority()).ok_or(ParseOriginError)?;
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        // Browsers leave the usual port out, so with it an origin would match nothing.
        let usual = if scheme == "http" { 80 } else { 443 };
        let is_usual = authority.port_u16() == Some(usual);
        if !text.eq_ignore_ascii_case(&origin) || authority.as_str().contains('@') || is_usual {
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
