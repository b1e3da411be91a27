use http::{HeaderMap, Uri, header};

/// Returns whether a request comes from a page of this host, or from no page.
///
/// Browsers send `Sec-Fetch-Site` (W3C Fetch Metadata), which must be `same-origin` or `none`. Old browsers send only
/// `Origin` (RFC 6454 §7), which must match `Host`. A request with neither comes from a program such as `curl`, which
/// has no cookies of a reader.
///
/// Call it before [`Horizon::like`](crate::Horizon::like) and [`Horizon::comment`](crate::Horizon::comment), which do
/// not check this.
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
    if let Some(site) = headers.get("sec-fetch-site") {
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

    #[test]
    fn a_client_that_is_not_a_browser_may_write() {
        assert!(allowed(&[]));
        assert!(allowed(&[("host", "example.com")]));
        assert!(!allowed(&[("origin", "https://example.com")]));
    }
}
