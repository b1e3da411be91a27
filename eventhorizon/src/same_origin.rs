use http::{HeaderMap, Uri, header};

use crate::Horizon;

/// The header of W3C Fetch Metadata that compares the origins of the page and the request.
const FETCH_SITE: &str = "sec-fetch-site";

/// Returns whether a request comes from a page of this host, or from no page.
///
/// Browsers send `Sec-Fetch-Site` (W3C Fetch Metadata), which must be `same-origin` or `none`. Old browsers send only
/// `Origin` (RFC 6454 §7), which must match `Host`. A request with neither comes from a program such as `curl`, which
/// has no cookies of a reader.
///
/// Prefer [`Horizon::is_same_origin`], which also knows the site's own origin.
///
/// ```
/// use eventhorizon::same_origin;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("host", "shop.example.com".parse().unwrap());
/// headers.insert("origin", "https://shop.example.com".parse().unwrap());
/// assert!(same_origin(&headers));
/// headers.insert("origin", "https://evil.example".parse().unwrap());
/// assert!(!same_origin(&headers));
/// ```
#[must_use]
pub fn same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .to_str()
            .ok()
            .zip(headers.get(header::HOST).and_then(|host| host.to_str().ok()))
            .is_some_and(|(origin, host)| is_origin_of(origin, host)),
    }
}

impl Horizon {
    /// Returns whether a request comes from a page of this site, or from no page: if [`same_origin`] does, or if its
    /// `Origin` is the site's [`own_origin`](crate::Config::own_origin), whatever `Host` a proxy passed on.
    ///
    /// Call it before [`like`](Self::like) and [`comment`](Self::comment), which do not check this.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let shop = "http://shop.example.com:8080".parse()?;
    /// let builder = Horizon::in_memory().configure(|config| config.own_origin = Some(shop));
    /// let horizon = builder.start(|_: &Slug| true).await?;
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("origin", "http://shop.example.com:8080".parse()?);
    /// headers.insert("host", "shop.example.com".parse()?); // the proxy dropped the port
    /// assert!(horizon.is_same_origin(&headers));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let own_origin = self.config().own_origin.as_ref();
        // Browsers that send `Sec-Fetch-Site` have compared the origins themselves.
        let is_own = !headers.contains_key(FETCH_SITE)
            && own_origin.is_some_and(|own| headers.get(header::ORIGIN) == Some(own.as_header()));
        is_own || same_origin(headers)
    }
}

/// Returns whether the origin `scheme://host[:port]` is that of `host[:port]`.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else {
        return false;
    };
    let Ok(host) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let default = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    origin.authority().is_some_and(|ours| {
        ours.host().eq_ignore_ascii_case(host.host())
            && ours.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(fields: &[(&'static str, &str)]) -> bool {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        same_origin(&fields.collect())
    }

    #[test]
    fn a_cross_site_request_of_a_browser_is_rejected() {
        for (site, verdict) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("", false),
        ] {
            assert_eq!(allowed(&[("sec-fetch-site", site)]), verdict, "{site}");
        }
    }

    #[test]
    fn without_fetch_metadata_the_origin_must_be_the_host() {
        for (origin, host, verdict) in [
            ("https://example.com", "example.com", true),
            ("https://EXAMPLE.com", "example.com:443", true),
            ("http://localhost:3000", "localhost:3000", true),
            ("http://[::1]:3000", "[::1]:3000", true),
            ("http://localhost:3001", "localhost:3000", false),
            ("https://evil.example", "example.com", false),
            ("https://example.com.evil.example", "example.com", false),
            ("null", "example.com", false),
            ("file://", "example.com", false),
            ("\u{ff}", "example.com", false),
        ] {
            assert_eq!(
                allowed(&[("origin", origin), ("host", host)]),
                verdict,
                "{origin} → {host}"
            );
        }
    }

    #[tokio::test]
    async fn the_own_origin_is_accepted_for_any_host() {
        let own = "http://localhost:8080".parse().unwrap();
        let builder = Horizon::in_memory().configure(|config| config.own_origin = Some(own));
        let horizon = builder.start(|_: &crate::Slug| true).await.unwrap();
        for (fields, verdict) in [
            (&[("origin", "http://localhost:8080")][..], true),
            (&[("origin", "http://localhost:8080"), ("host", "localhost")], true),
            (&[("origin", "http://localhost:8081"), ("host", "localhost")], false),
            (&[("origin", "https://localhost:8080"), ("host", "localhost")], false),
            (&[("origin", "http://localhost"), ("host", "localhost")], true),
            (&[("origin", "null"), ("host", "localhost")], false),
            (
                &[("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")],
                false,
            ),
        ] {
            let headers = fields
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            assert_eq!(horizon.is_same_origin(&headers.collect()), verdict, "{fields:?}");
        }
    }

    #[test]
    fn a_client_that_is_not_a_browser_may_write() {
        assert!(allowed(&[]));
        assert!(allowed(&[("host", "example.com")]));
        assert!(!allowed(&[("origin", "https://example.com")]));
    }
}
