//! The host of a referrer, and the source that it means.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use horizon_core::ContextValue;

use crate::{
    channel::Channel,
    sources::{KnownSource, known_source},
    value::{cut, parameter_value},
};

/// How much of a referrer is read, in bytes: more than the longest host name (RFC 1035 §2.3.4: 255) with a scheme.
const MAX_REFERRER_BYTES: usize = 512;

/// The longest host name in bytes, without the final dot.
const MAX_HOST_BYTES: usize = 253;

/// Where a session came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VisitSource {
    pub(crate) name: ContextValue,
    pub(crate) channel: Channel,
}

impl From<KnownSource> for VisitSource {
    fn from(known: KnownSource) -> Self {
        Self {
            name: ContextValue::new(known.name),
            channel: known.channel,
        }
    }
}

/// The hosts of the site, without `www.`.
#[derive(Debug)]
pub(crate) struct OwnHosts(Vec<String>);

impl OwnHosts {
    pub(crate) fn new(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let hosts = hosts.into_iter().filter_map(|host| host_of_authority(host.as_ref()));
        Self(hosts.collect())
    }

    /// Returns whether a host belongs to the site: to these hosts or to `requested`, the `Host` of the request.
    fn contains(&self, host: &str, requested: Option<&str>) -> bool {
        let requested = requested.and_then(host_of_authority);
        self.0.iter().any(|own| own == host) || requested.is_some_and(|own| own == host)
    }

    /// Returns the source that a referrer means, if it is a public host that does not belong to the site, or an
    /// Android app.
    pub(crate) fn source_of_referrer(&self, referrer: &str, requested: Option<&str>) -> Option<VisitSource> {
        let (scheme, rest) = cut(referrer.trim(), MAX_REFERRER_BYTES).split_once("://")?;
        let authority = before_path(rest)?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => self.source_of_host(&host_of_authority(authority)?, requested),
            "android-app" => source_of_app(authority),
            _ => None,
        }
    }

    /// Returns the source that a parameter of the page states: a name, a host or a URL. `None` for hosts of the site,
    /// for IP addresses, and for texts with `@`. A path, query or fragment is dropped.
    pub(crate) fn source_of_parameter(&self, text: &str, requested: Option<&str>) -> Option<VisitSource> {
        if text.contains("://") {
            return self.source_of_referrer(text, requested);
        }
        let name = parameter_value(before_path(text)?)?;
        if let Some(known) = known_source(name.as_str()) {
            return Some(known.into());
        }
        let host = host_of_authority(name.as_str()).filter(|host| host.contains('.'));
        match host {
            None if is_address(name.as_str()) => None,
            Some(host) if self.contains(&host, requested) => None,
            Some(host) if public_domain(&host).is_some() => self.source_of_host(&host, requested),
            _ => Some(VisitSource {
                channel: channel_of_name(name.as_str()),
                name,
            }),
        }
    }

    fn source_of_host(&self, host: &str, requested: Option<&str>) -> Option<VisitSource> {
        if self.contains(host, requested) {
            return None;
        }
        let domain = public_domain(host)?;
        let known = parents(host, domain).find_map(known_source);
        Some(match known {
            Some(known) => known.into(),
            None => VisitSource {
                name: ContextValue::new(domain),
                channel: Channel::Other,
            },
        })
    }
}

/// Returns what is in front of the path, the query and the fragment of a URL without a scheme.
fn before_path(url: &str) -> Option<&str> {
    url.split(['/', '?', '#', '\\']).next()
}

/// Returns the channel of a source that is no known name.
fn channel_of_name(name: &str) -> Channel {
    if name.contains("newsletter") || name.contains("email") {
        Channel::Mail
    } else {
        Channel::Other
    }
}

fn source_of_app(id: &str) -> Option<VisitSource> {
    let id = id.to_ascii_lowercase();
    if !id.contains('.') || !id.bytes().all(is_host_byte) {
        return None;
    }
    Some(match known_source(&id) {
        Some(known) => known.into(),
        None => VisitSource {
            name: ContextValue::new(&id),
            channel: Channel::Other,
        },
    })
}

/// Returns the host of an authority (RFC 3986 §3.2) in lower case, without `www.`, user, port and final dot. `None` for
/// addresses and invalid names.
fn host_of_authority(authority: &str) -> Option<String> {
    let host = cut(authority, MAX_REFERRER_BYTES).rsplit('@').next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let is_name = (1..=MAX_HOST_BYTES).contains(&host.len())
        && host.bytes().all(is_host_byte)
        && host.split('.').all(|label| !label.is_empty())
        && host.parse::<Ipv4Addr>().is_err();
    is_name.then(|| host.to_owned())
}

/// Returns whether an authority is an IP address, with or without a port.
fn is_address(authority: &str) -> bool {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.parse::<IpAddr>().is_ok() || host.parse::<SocketAddr>().is_ok() || host.starts_with('[')
}

/// Returns whether a host name or the id of an app may contain the byte. Browsers send other characters of host names
/// in ASCII (RFC 5890).
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
}

/// Returns the registrable domain of a host, or the host itself if it is a public suffix with a dot, such as
/// `github.io`. `None` for names that are not public, such as `localhost` and `wiki.internal`.
fn public_domain(host: &str) -> Option<&str> {
    let suffix = psl::suffix(host.as_bytes())?;
    if !suffix.is_known() || !host.contains('.') {
        return None;
    }
    Some(psl::domain_str(host).unwrap_or(host))
}

/// Returns the host and its parents, up to `domain`.
fn parents<'a>(host: &'a str, domain: &'a str) -> impl Iterator<Item = &'a str> {
    let parent = |name: &&'a str| name.split_once('.').map(|(_, parent)| parent);
    std::iter::successors(Some(host), parent).take_while(move |name| name.len() >= domain.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(referrer: &str) -> Option<String> {
        let own = OwnHosts::new(["www.Example.org:8080", "blog.example.net"]);
        let source = own.source_of_referrer(referrer, Some("localhost:3000"));
        source.map(|source| source.name.as_str().to_owned())
    }

    #[test]
    fn a_referrer_is_a_known_name_or_a_registrable_domain() {
        for (referrer, expected) in [
            ("https://www.google.co.uk/search?q=secret", "google"),
            ("HTTPS://USER:PASS@Old.Reddit.com:443/r/rust", "reddit"),
            ("https://a.b.example.co.uk./x", "example.co.uk"),
            ("https://ada.github.io/", "ada.github.io"),
            ("https://github.io", "github.io"),
            ("android-app://com.google.android.gm/", "gmail"),
            ("android-app://org.example.Reader", "org.example.reader"),
            ("https://xn--mnchen-3ya.de/", "xn--mnchen-3ya.de"),
        ] {
            assert_eq!(name(referrer).as_deref(), Some(expected), "{referrer}");
        }
    }

    #[test]
    fn own_hosts_private_names_and_addresses_are_no_sources() {
        for referrer in [
            "https://example.org/",
            "https://www.example.org/a",
            "http://blog.example.net",
            "http://localhost:3000/",
            "http://localhost/",
            "http://wiki/",
            "http://wiki.internal/page",
            "http://192.168.0.7/",
            "http://8.8.8.8:80/",
            "http://[2001:db8::1]/",
            "https:///path",
            "https://a..de/",
            "https://münchen.de/",
            "ftp://example.com/",
            "about:client",
            "javascript:alert(1)",
            "android-app://ä.b",
            "",
        ] {
            assert_eq!(name(referrer), None, "{referrer}");
        }
        assert_eq!(name(&format!("https://{}.de/", "a".repeat(300))), None);
        assert_eq!(name(&"https://a.".repeat(1 << 16)), None);
    }

    #[test]
    fn a_parameter_is_a_name_a_host_or_a_url() {
        let own = OwnHosts::new(["example.org"]);
        for (text, expected) in [
            ("Google", Some(("google", Channel::Search))),
            ("chatgpt.com", Some(("chatgpt", Channel::Ai))),
            ("www.news.example.com", Some(("example.com", Channel::Other))),
            (
                "https://news.ycombinator.com/item?id=1",
                Some(("hacker news", Channel::Social)),
            ),
            ("Spring Newsletter", Some(("spring newsletter", Channel::Mail))),
            ("v1.2", Some(("v1.2", Channel::Other))),
            ("news.example.com/a/b?c=d", Some(("example.com", Channel::Other))),
            ("Reddit/r/rust", Some(("reddit", Channel::Social))),
            ("spring?reader=7#x", Some(("spring", Channel::Other))),
            ("ada@example.com", None),
            ("ada@example.com/a", None),
            ("/a/b", None),
            (
                "news.example.com/?reader=ada@example.com",
                Some(("example.com", Channel::Other)),
            ),
            ("example.org", None),
            ("https://www.example.org/a", None),
            (
                "example.com/private?token=secret",
                Some(("example.com", Channel::Other)),
            ),
            ("www.google.de/search?q=secret", Some(("google", Channel::Search))),
            ("example.org/a", None),
            ("198.51.100.9", None),
            ("198.51.100.9:80/a", None),
            ("2001:db8::1", None),
            ("[2001:db8::1]", None),
            ("\n", None),
        ] {
            let source = own.source_of_parameter(text, None);
            let source = source.as_ref().map(|source| (source.name.as_str(), source.channel));
            assert_eq!(source, expected, "{text}");
        }
    }
}
