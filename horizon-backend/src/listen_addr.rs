use std::net::{Ipv4Addr, SocketAddr};

/// The text is not an address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address and a port, such as `127.0.0.1:3000`, `[::]:3000` or `localhost:3000`")]
pub struct ParseListenAddrError;

/// Parses an IP address and a port to listen on. `localhost` is 127.0.0.1.
///
/// ```
/// use horizon_backend::parse_listen_addr;
///
/// assert_eq!(parse_listen_addr("localhost:3000"), parse_listen_addr("127.0.0.1:3000"));
/// assert!(parse_listen_addr("[::]:3000").is_ok());
/// assert!(parse_listen_addr("localhost").is_err());
/// ```
///
/// # Errors
/// The text is something else, such as a port alone or the name of another host.
pub fn parse_listen_addr(text: &str) -> Result<SocketAddr, ParseListenAddrError> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    port.map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or(ParseListenAddrError)
}
