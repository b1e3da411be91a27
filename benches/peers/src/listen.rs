use std::{env, net::SocketAddr};

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};

/// The maximum number of connections that wait to be accepted: the kernel's usual limit.
const BACKLOG: u32 = 4_096;

/// Listens on 127.0.0.1, on `$PORT` or a free port, and prints the address.
///
/// # Errors
/// `$PORT` is invalid or in use.
#[expect(clippy::print_stdout, reason = "the parent process reads this line")]
pub fn listen(name: &str) -> anyhow::Result<TcpListener> {
    let port = match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT is not a port: {port}"))?,
        Err(_) => 0,
    };
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let listener = socket.listen(BACKLOG)?;
    println!("{name} is at http://{}", listener.local_addr()?);
    Ok(listener)
}
