use http::{HeaderMap, header};

/// The compression of a body: its content coding (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentCoding {
    /// `br` (RFC 7932)
    Brotli,
    /// `gzip` (RFC 1952)
    Gzip,
    /// Not compressed.
    Identity,
}

impl ContentCoding {
    /// Returns the coding that the client of a request prefers (`Accept-Encoding`, RFC 9110 §12.5.3). Of equal weights,
    /// brotli comes first.
    ///
    /// ```
    /// use eventhorizon::http::ContentCoding;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// assert_eq!(ContentCoding::preferred(&headers), ContentCoding::Identity);
    /// headers.insert("accept-encoding", "gzip, br".parse().unwrap());
    /// assert_eq!(ContentCoding::preferred(&headers), ContentCoding::Brotli);
    /// ```
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Self {
        let (brotli, gzip) = weights(headers);
        match (brotli, gzip) {
            (0, 0) => Self::Identity,
            _ if brotli >= gzip => Self::Brotli,
            _ => Self::Gzip,
        }
    }

    /// Returns the value of `Content-Encoding`, or `None` without compression.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// Returns the weights of brotli and gzip, in thousandths.
fn weights(headers: &HeaderMap) -> (u32, u32) {
    let (mut brotli, mut gzip, mut others) = (None, None, 0);
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
    for item in lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
    {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(weight).unwrap_or(1_000);
        match name.as_str() {
            "br" => brotli = Some(weight),
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => others = weight,
            _ => {}
        }
    }
    (brotli.unwrap_or(others), gzip.unwrap_or(others))
}

/// Parses `q=0.5` as 500 thousandths. An invalid weight is zero.
fn weight(parameter: &str) -> Option<u32> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = format!("{whole}{fraction:0<3}");
    let is_valid = matches!(whole, "0" | "1") && fraction.len() <= 3;
    let thousandths = digits.parse().ok().filter(|&number| is_valid && number <= 1_000);
    Some(thousandths.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_coding_is_the_one_with_the_highest_weight() {
        for (value, expected) in [
            ("gzip, br", ContentCoding::Brotli),
            ("gzip, deflate, br, zstd", ContentCoding::Brotli),
            ("gzip", ContentCoding::Gzip),
            ("x-gzip", ContentCoding::Gzip),
            ("GZIP;Q=1", ContentCoding::Gzip),
            ("br;q=0.5, gzip", ContentCoding::Gzip),
            ("br;q=0.5, gzip;q=0.125", ContentCoding::Brotli),
            ("gzip, br;q=0", ContentCoding::Gzip),
            ("br;q=0.000", ContentCoding::Identity),
            ("*", ContentCoding::Brotli),
            ("*, br;q=0", ContentCoding::Gzip),
            ("br; q=nonsense", ContentCoding::Identity),
            ("br;q=2", ContentCoding::Identity),
            ("brotli, deflate", ContentCoding::Identity),
            ("identity", ContentCoding::Identity),
            ("", ContentCoding::Identity),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(ContentCoding::preferred(&headers), expected, "{value}");
        }
    }
}
