//! Raw connections, for bytes that no HTTP client sends.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::DEADLINE;

/// Sends bytes, closes the sending side, and returns everything that the server sends until it closes.
///
/// # Errors
/// The server does not accept the connection, or does not close it within [`DEADLINE`].
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    // A server that rejects the request early may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut response = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut response)).await;
    // A reset by the server ends the response too.
    let _ = read.with_context(|| format!("the server did not close the connection within {DEADLINE:?}"))?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

/// Reads until the text read so far contains `expected`, and returns that text.
///
/// # Errors
/// The stream ends, or the text does not arrive within [`DEADLINE`].
pub async fn read_until(stream: &mut (impl AsyncRead + Unpin), expected: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = timeout(DEADLINE, async {
        while !bytes.windows(expected.len()).any(|part| part == expected.as_bytes()) {
            ensure!(stream.read_buf(&mut bytes).await? > 0, "the connection ended");
        }
        anyhow::Ok(())
    });
    let read = read.await.with_context(|| format!("not within {DEADLINE:?}")).flatten();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    read.with_context(|| format!("no `{expected}` in `{text}`"))?;
    Ok(text)
}
