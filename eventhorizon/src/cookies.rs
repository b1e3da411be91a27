//! Reads the `Cookie` header, and names cookies.

use std::borrow::Cow;

use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

/// The start of a cookie's name with which a browser accepts the cookie only from this host, over HTTPS, and for all
/// paths (RFC 6265bis §4.1.3.2).
pub const HOST_COOKIE_PREFIX: &str = "__Host-";

/// The largest number of cookies of a request that are read. Browsers send at most 180 to a host.
const MAX_COOKIES: usize = 256;

/// The largest cookie that is read: 4 KiB, what browsers store at least (RFC 6265 §6.1).
const MAX_COOKIE_BYTES: usize = 4096;

/// Returns the values of all cookies with this name, percent-decoded, in the order of the request.
///
/// A browser sends several cookies of one name if they have different paths (RFC 6265 §5.4): use the first valid one.
/// Other cookies of the host may contain any bytes (§5.2); what cannot be read is skipped. At most 256 cookies of at
/// most 4 KiB are read.
///
/// ```
/// use eventhorizon::cookie_values;
/// use http::{HeaderMap, HeaderValue, header::COOKIE};
///
/// let line = HeaderValue::from_bytes(b"city=Z\xfcrich; flag; session=a%2Fb; session=c").unwrap();
/// let headers = HeaderMap::from_iter([(COOKIE, line)]);
/// assert!(cookie_values(&headers, "session").eq(["a/b", "c"]));
/// ```
pub fn cookie_values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    cookies(headers).filter_map(move |(known, value)| (known == name).then_some(value))
}

/// Returns the names and percent-decoded values of the cookies that can be read.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b';'));
    pairs.take(MAX_COOKIES).filter_map(parse)
}

fn parse(pair: &[u8]) -> Option<(&str, Cow<'_, str>)> {
    if pair.len() > MAX_COOKIE_BYTES {
        return None;
    }
    let (name, value) = str::from_utf8(pair).ok()?.split_once('=')?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    Some((name.trim(), value))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn values(lines: &[&[u8]]) -> Vec<String> {
        let lines = lines.iter().map(|line| HeaderValue::from_bytes(line).unwrap());
        let headers = lines.map(|line| (header::COOKIE, line)).collect();
        cookie_values(&headers, "a").map(Cow::into_owned).collect()
    }

    #[test]
    fn a_cookie_that_cannot_be_read_does_not_hide_the_others() {
        for odd in [
            "city=Zürich".as_bytes(),
            b"city=Z\xfcrich",
            b"a=\xff",
            b"a=%ff",
            b"flag",
            b"=",
            b"",
            b" ; ;",
            b"b=\"; c",
            b"na\tme=x",
        ] {
            let before = [odd, b"; a=1"].concat();
            let after = [b"a=1;", odd].concat();
            for lines in [&[before.as_slice()][..], &[&after], &[odd, b"a=1"], &[b"a=1", odd]] {
                assert_eq!(values(lines), ["1"], "{odd:?}");
            }
        }
    }

    #[test]
    fn all_cookies_of_a_name_are_returned_in_their_order() {
        assert_eq!(values(&[b"a=1; b=2;a=3 ", b" a = x=y%3D"]), ["1", "3", "x=y="]);
        assert!(values(&[b"A=1; xa=2"]).is_empty(), "names are case-sensitive");
    }

    #[test]
    fn the_number_and_the_size_of_cookies_are_bounded() {
        let many = "b=1;".repeat(MAX_COOKIES - 1);
        assert_eq!(values(&[format!("{many}a=1;a=2").as_bytes()]), ["1"]);
        let large = "x".repeat(MAX_COOKIE_BYTES);
        assert_eq!(values(&[format!("a={large}; a=1").as_bytes()]), ["1"]);
    }
}
