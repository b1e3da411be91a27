//! How long a viewer counts after the connection closed.

use std::{net::SocketAddr, time::Duration};

use anyhow::ensure;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use crate::{http, raw, wait_until};

/// How a client closes its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// In order, as a closed tab does (FIN).
    Finish,
    /// At once, as a killed browser does (RST).
    Reset,
}

/// Opens a live stream of a page below `base`, closes its connection, and returns how long the page then has a viewer.
///
/// # Errors
/// The stream does not start, the page has other viewers, or the viewer still counts after [`DEADLINE`](crate::DEADLINE).
pub async fn time_to_leave(address: SocketAddr, base: &str, slug: &str, closing: Closing) -> anyhow::Result<Duration> {
    let mut socket = TcpStream::connect(address).await?;
    let request =
        format!("GET {base}/live/{slug} HTTP/1.1\r\nhost: h\r\nuser-agent: Mozilla/5.0 Firefox/130.0\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    raw::read_until(&mut socket, "event: live\ndata: {\"viewers\":1").await?;
    if closing == Closing::Reset {
        socket.set_zero_linger()?;
    }
    drop(socket);
    let closed = Instant::now();
    let stats = format!("{base}/stats/{slug}");
    wait_until("the viewer is gone", async || {
        let stats = http::get(address, &stats).await?.text();
        ensure!(stats.contains("\"viewers\":0"), "the stats are {stats}");
        Ok(())
    })
    .await?;
    Ok(closed.elapsed())
}
