//! Checks the head of a request before the application gets it.

use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header, request::Parts, uri::Authority};

/// Why a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestHeadError {
    /// The host is missing, invalid, or there are two.
    Host,
    /// The message length is ambiguous.
    TransferEncoding,
    /// A transfer coding other than `chunked`.
    UnknownTransferCoding,
}

impl RequestHeadError {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::TransferEncoding => StatusCode::BAD_REQUEST,
            Self::UnknownTransferCoding => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// Returns a sentence for the client.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Host => "The request needs exactly one valid host (RFC 9110, section 7.2).\n",
            Self::TransferEncoding => "Transfer-Encoding must be chunked, once (RFC 9112, section 6.1).\n",
            Self::UnknownTransferCoding => "The only known transfer coding is chunked (RFC 9112, section 6.1).\n",
        }
    }
}

/// Checks the host and the transfer codings, which hyper does not. Afterwards the target has the form of most requests,
/// a path and a query, and `Host` is the host of the target in all versions of HTTP.
pub(super) fn normalize(head: &mut Parts) -> Result<(), RequestHeadError> {
    check_transfer_encoding(&head.headers)?;
    let host = single_host(&head.headers)?;
    if head.uri.authority().is_some_and(|target| !is_valid(target)) {
        return Err(RequestHeadError::Host);
    }
    let target = head.uri.authority().map(Authority::as_str);
    match (head.version, target, host) {
        (Version::HTTP_10, None, None) | (_, None, Some(_)) => {}
        (Version::HTTP_2, Some(target), host) => {
            if host.is_some_and(|host| !host.eq_ignore_ascii_case(target)) {
                return Err(RequestHeadError::Host);
            }
            set_host(&mut head.headers, &head.uri)?;
        }
        // RFC 9112, section 3.2.2: the host of an absolute target replaces `Host`.
        (Version::HTTP_10, Some(_), _) | (_, Some(_), Some(_)) => set_host(&mut head.headers, &head.uri)?,
        (_, _, None) => return Err(RequestHeadError::Host),
    }
    if let (Some(_), Some(path)) = (head.uri.authority(), head.uri.path_and_query()) {
        head.uri = Uri::from(path.clone());
    }
    Ok(())
}

/// Returns the field `Host`. It may be empty: the host of a target that has none.
fn single_host(headers: &HeaderMap) -> Result<Option<&str>, RequestHeadError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, None) = (hosts.next(), hosts.next()) else {
        return Err(RequestHeadError::Host);
    };
    let Some(host) = first else {
        return Ok(None);
    };
    let host = host.to_str().map_err(|_| RequestHeadError::Host)?;
    if host.is_empty() || host.parse().is_ok_and(|host| is_valid(&host)) {
        Ok(Some(host))
    } else {
        Err(RequestHeadError::Host)
    }
}

/// Returns whether this is a host and perhaps a port, without user information.
fn is_valid(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host());
    port.is_some_and(|port| matches!(port, "" | ":") || authority.port_u16().is_some())
}

fn set_host(headers: &mut HeaderMap, target: &Uri) -> Result<(), RequestHeadError> {
    if let Some(authority) = target.authority() {
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| RequestHeadError::Host)?;
        headers.insert(header::HOST, host);
    }
    Ok(())
}

/// Hyper removes the chunks of a body whose last coding is `chunked`, and knows no other coding.
fn check_transfer_encoding(headers: &HeaderMap) -> Result<(), RequestHeadError> {
    let mut is_chunked = false;
    for field in headers.get_all(header::TRANSFER_ENCODING) {
        let field = field.to_str().map_err(|_| RequestHeadError::TransferEncoding)?;
        for coding in field.split(',').map(str::trim).filter(|coding| !coding.is_empty()) {
            if !coding.eq_ignore_ascii_case("chunked") {
                return Err(RequestHeadError::UnknownTransferCoding);
            }
            if is_chunked {
                return Err(RequestHeadError::TransferEncoding);
            }
            is_chunked = true;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn normalized(version: Version, uri: &str, fields: &[(&str, &str)]) -> Result<(String, String), RequestHeadError> {
        let mut request = Request::builder().version(version).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut head = request.body(()).unwrap().into_parts().0;
        normalize(&mut head)?;
        let host = head.headers.get("host").map_or("", |host| host.to_str().unwrap());
        Ok((head.uri.to_string(), host.to_owned()))
    }

    #[test]
    fn a_request_has_exactly_one_valid_host() {
        use Version as V;
        for (version, uri, hosts, host) in [
            (V::HTTP_11, "/a?b", &["h"][..], Some("h")),
            (V::HTTP_11, "/a?b", &["h:8080"], Some("h:8080")),
            (V::HTTP_11, "/a?b", &["[::1]:3000"], Some("[::1]:3000")),
            (V::HTTP_11, "/a?b", &[""], Some("")),
            (V::HTTP_11, "/a?b", &[], None),
            (V::HTTP_11, "/a?b", &["h", "h"], None),
            (V::HTTP_11, "/a?b", &["h", "i"], None),
            (V::HTTP_11, "/a?b", &["h/path"], None),
            (V::HTTP_11, "/a?b", &["user@h"], None),
            (V::HTTP_11, "/a?b", &["h h"], None),
            (V::HTTP_11, "/a?b", &["h:port"], None),
            (V::HTTP_11, "http://target/a?b", &["h"], Some("target")),
            (V::HTTP_11, "http://target/a?b", &[], None),
            (V::HTTP_11, "http://user@target/a?b", &["h"], None),
            (V::HTTP_10, "/a?b", &[], Some("")),
            (V::HTTP_10, "/a?b", &["h", "h"], None),
            (V::HTTP_10, "http://target/a?b", &[], Some("target")),
            (V::HTTP_2, "http://target/a?b", &[], Some("target")),
            (V::HTTP_2, "http://target/a?b", &["TARGET"], Some("target")),
            (V::HTTP_2, "http://target/a?b", &["other"], None),
            (V::HTTP_2, "http://target/a?b", &["target", "target"], None),
            (V::HTTP_2, "/a?b", &["h"], Some("h")),
            (V::HTTP_2, "/a?b", &[], None),
        ] {
            let fields: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            let expected = host.map(|host| ("/a?b".to_owned(), host.to_owned()));
            let expected = expected.ok_or(RequestHeadError::Host);
            assert_eq!(
                normalized(version, uri, &fields),
                expected,
                "{version:?} {uri} {hosts:?}"
            );
        }
    }

    #[test]
    fn the_only_transfer_coding_is_chunked() {
        for (fields, status) in [
            (&["chunked"][..], None),
            (&["Chunked"], None),
            (&["gzip, chunked"], Some(501)),
            (&["gzip", "chunked"], Some(501)),
            (&["identity"], Some(501)),
            (&["xchunked"], Some(501)),
            (&["chunked;a=b"], Some(501)),
            (&["chunked, chunked"], Some(400)),
            (&["chunked", "chunked"], Some(400)),
        ] {
            let mut fields: Vec<_> = fields.iter().map(|value| ("transfer-encoding", *value)).collect();
            fields.push(("host", "h"));
            let result = normalized(Version::HTTP_11, "/", &fields);
            assert_eq!(result.err().map(|error| error.status().as_u16()), status, "{fields:?}");
        }
    }
}
