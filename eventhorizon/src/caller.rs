use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::Horizon;

/// The header in which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who makes a request: the address that counts, the headers, and what the application put beside them.
///
/// [`Horizon::caller`] makes one from what any web framework knows of a request.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox"), ("dnt", "1")]);
/// assert_eq!(caller.headers()["dnt"], "1");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Caller {
    address: IpAddr,
    headers: HeaderMap,
    extensions: Extensions,
}

impl Caller {
    /// The address of whoever really asks, an IPv4 address never as an IPv6 one; see [`client_addr`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller("::ffff:192.0.2.1".parse()?, [("user-agent", "Firefox")]);
    /// assert_eq!(caller.address().to_string(), "192.0.2.1");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The headers of the request. Their names are in lower case, as in HTTP/2 (RFC 9113 §8.2).
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What the application knows beside the headers, such as who is signed in: one value of each type.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Puts something beside the headers, for [`Identify`](crate::Identify) and [`EventPolicy`](crate::Decide) to find.
    /// It takes the place of another one of its type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// #[derive(Clone)]
    /// struct User(u64);
    ///
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]).with(User(7));
    /// assert_eq!(caller.extensions().get::<User>().unwrap().0, 7);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// Puts all of these beside the headers, as [`with`](Self::with) does: for a framework whose requests carry some.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let (parts, ()) = http::Request::builder().extension("admin").body(())?.into_parts();
    /// let caller = horizon.caller([192, 0, 2, 1].into(), &parts.headers).with_all(parts.extensions);
    /// assert_eq!(caller.extensions().get(), Some(&"admin"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_all(mut self, extensions: Extensions) -> Self {
        self.extensions.extend(extensions);
        self
    }
}

impl fmt::Debug for Caller {
    /// Says nothing: an address, a cookie or a password would end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller(…)")
    }
}

impl Horizon {
    /// Who makes a request that came from `peer` with these headers, a trusted proxy in front or not.
    ///
    /// Any framework's headers will do, as names and values. What is no header in HTTP is left out. `peer` is the other
    /// end of the connection; [`client_addr`] says what becomes of it, with
    /// [`trusted_proxies`](crate::Config::trusted_proxies).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let proxies = vec!["10.0.0.0/8".parse()?];
    /// let builder = Horizon::in_memory().configure(|config| config.trusted_proxies = proxies);
    /// let horizon = builder.start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([10, 0, 0, 1].into(), [("x-forwarded-for", "192.0.2.1")]);
    /// assert_eq!(caller.address().to_string(), "192.0.2.1");
    /// # Ok(()) }
    /// ```
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
            // What does not fit any more, in tens of thousands of fields, is nothing that anybody here reads.
            let _ = map.try_append(name, value);
        }
        self.caller_of(peer, map, Extensions::new())
    }

    /// The same, with headers and extensions as they are.
    pub(crate) fn caller_of(&self, peer: IpAddr, headers: HeaderMap, extensions: Extensions) -> Caller {
        Caller {
            address: client_addr(peer, &headers, &self.0.config.trusted_proxies),
            headers,
            extensions,
        }
    }
}

/// The address that counts for a request that came from `peer`.
///
/// `X-Forwarded-For` is walked from the right, because everything left of the first stranger is
/// something that stranger could have made up. An entry that is no address ends the walk. An entry may have a port or
/// brackets; an IPv4 address in IPv6 (`::ffff:192.0.2.1`) is the IPv4 address. `Forwarded` (RFC 7239) is not read.
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
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter();
    let mut entries: Vec<&[u8]> = lines
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .collect();
    while is_trusted(client) {
        let Some(next) = entries.pop().and_then(parse) else {
            break;
        };
        client = next;
    }
    client
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse(entry: &[u8]) -> Option<IpAddr> {
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
    fn a_stranger_cannot_name_another_address() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "192.0.2.1, 10.1.1.1"]), "192.0.2.1");
    }

    #[test]
    fn the_walk_ends_at_the_last_address_that_can_be_believed() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.3"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "é, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "é"]), "10.0.0.1");
    }

    #[test]
    fn an_address_is_read_in_every_way_proxies_write_it() {
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("2001:db8::1", &["[2606::1]:443"]), "2606::1");
        assert_eq!(client("2001:db8::1", &["[2606::1]"]), "2606::1");
        assert_eq!(client("10.0.0.1", &["::ffff:192.0.2.1"]), "192.0.2.1");
    }
}
