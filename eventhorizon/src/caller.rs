use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use tokio::sync::OnceCell;

use crate::{Horizon, Identity};

/// The header in which a proxy names its client.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The sender of a request: the client address, the headers, and what the application knows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// #[derive(Clone)]
/// struct User(u64);
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox"), ("dnt", "1")]).with(User(7));
/// assert_eq!(caller.headers()["dnt"], "1");
/// assert_eq!(caller.extensions().get::<User>().unwrap().0, 7);
/// # Ok(()) }
/// ```
///
/// Clones share what [`Identify`](crate::Identify) returned for the caller. Use it with the [`Horizon`] that returned it.
#[derive(Clone)]
pub struct Caller(Arc<CallerState>);

#[derive(Clone)]
struct CallerState {
    address: IpAddr,
    /// Whether the peer of the connection is a trusted proxy.
    #[cfg(feature = "context")]
    is_proxied: bool,
    headers: HeaderMap,
    extensions: Extensions,
    /// Empty until the application's rule was asked.
    identity: OnceCell<Identity>,
}

impl Caller {
    /// Returns the client address; see [`client_addr`]. It is never an IPv4-mapped IPv6 address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Returns whether the request came from a trusted proxy, so that headers that the proxy sets can be trusted.
    #[cfg(feature = "context")]
    pub(crate) fn is_proxied(&self) -> bool {
        self.0.is_proxied
    }

    /// Returns the headers of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns what the application knows about the caller, such as the signed-in user: one value of each type.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// Adds a value for [`Identify`](crate::Identify) and [`EventPolicy`](crate::EventPolicy). It replaces one of the
    /// same type.
    #[must_use]
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions_mut().insert(value);
        self
    }

    /// Adds all these values, such as the extensions of an `http::Request`; see [`with`](Self::with).
    #[must_use]
    pub fn with_all(mut self, extensions: Extensions) -> Self {
        self.extensions_mut().extend(extensions);
        self
    }

    /// Returns the extensions to change them. The caller is then identified again.
    fn extensions_mut(&mut self) -> &mut Extensions {
        let state = Arc::make_mut(&mut self.0);
        state.identity = OnceCell::new();
        &mut state.extensions
    }

    pub(crate) fn identity(&self) -> &OnceCell<Identity> {
        &self.0.identity
    }
}

impl fmt::Debug for Caller {
    /// Writes no content, so that no address, cookie or password gets into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller(…)")
    }
}

impl Horizon {
    /// Returns the caller of a request that came from `peer` with these headers.
    ///
    /// The headers are names and values of any web framework. Invalid ones are left out. `peer` is the address of the
    /// connection; [`client_addr`] explains how [`trusted_proxies`](crate::Config::trusted_proxies) change it.
    pub fn caller<N, V>(&self, peer: IpAddr, headers: impl IntoIterator<Item = (N, V)>) -> Caller
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let name: HeaderName = name.as_ref().parse().ok()?;
            Some((name, HeaderValue::from_bytes(value.as_ref()).ok()?))
        });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            // Fails beyond 24,576 headers. Nothing here reads them.
            let _ = map.try_append(name, value);
        }
        self.caller_from_parts(peer, map, Extensions::new())
    }

    pub(crate) fn caller_from_parts(&self, peer: IpAddr, headers: HeaderMap, extensions: Extensions) -> Caller {
        Caller(Arc::new(CallerState {
            address: self.client_addr(peer, &headers),
            #[cfg(feature = "context")]
            is_proxied: is_trusted(peer.to_canonical(), &self.config().trusted_proxies),
            headers,
            extensions,
            identity: OnceCell::new(),
        }))
    }
}

/// Returns the client address of a request that came from `peer`.
///
/// If `peer` is a trusted proxy, it reads `X-Forwarded-For` from the right up to the first untrusted address, because
/// that client could have made up everything to the left. An invalid entry ends the search. Entries may have a port or
/// brackets; an IPv4-mapped IPv6 address counts as IPv4. It does not read `Forwarded` (RFC 7239).
///
/// ```
/// use eventhorizon::client_addr;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("x-forwarded-for", "6.6.6.6, 192.0.2.1".parse().unwrap());
/// let trusted = ["10.0.0.0/8".parse().unwrap()];
/// assert_eq!(client_addr([10, 0, 0, 1].into(), &headers, &trusted).to_string(), "192.0.2.1");
/// assert_eq!(client_addr([10, 0, 0, 1].into(), &headers, &[]).to_string(), "10.0.0.1");
/// ```
#[must_use]
pub fn client_addr(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client, trusted) {
        return client;
    }
    let mut addresses: Vec<Option<IpAddr>> = forwarded_addresses(headers).collect();
    while is_trusted(client, trusted) {
        let Some(Some(next)) = addresses.pop() else {
            break;
        };
        client = next;
    }
    client
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// Returns the entries of `X-Forwarded-For`, `None` for an invalid one.
pub(crate) fn forwarded_addresses(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED_FOR).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .map(parse_entry)
}

/// Parses an address, bare, with a port, or in brackets.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let address = entry
        .parse()
        .ok()
        .or_else(|| entry.parse().ok().map(|socket: SocketAddr| socket.ip()))
        .or_else(|| entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        client_addr(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_client_cannot_set_its_address() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "192.0.2.1, 10.1.1.1"]), "192.0.2.1");
    }

    #[test]
    fn forwarded_addresses_are_followed_up_to_the_first_untrusted_or_invalid_one() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.3"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "é, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "é"]), "10.0.0.1");
    }

    #[test]
    fn every_notation_of_proxies_for_an_address_is_parsed() {
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("2001:db8::1", &["[2606::1]:443"]), "2606::1");
        assert_eq!(client("2001:db8::1", &["[2606::1]"]), "2606::1");
        assert_eq!(client("10.0.0.1", &["::ffff:192.0.2.1"]), "192.0.2.1");
    }
}
