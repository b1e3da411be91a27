use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// How many bytes the proxy forwards at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How many chunks of a connection are under way in one direction.
const CHUNKS: usize = 1_000;

/// A TCP proxy that delays each direction, as a network does, and counts the connections.
pub(crate) struct SlowProxy {
    url: String,
    connections: Arc<AtomicU32>,
    _forwarding: JoinSet<()>,
}

impl SlowProxy {
    /// Starts a proxy for the server in this URL.
    pub(crate) async fn start(url: &str, delay: Duration) -> anyhow::Result<Self> {
        let server = url::Url::parse(url)?.port();
        let server = server.ok_or_else(|| anyhow::anyhow!("no port in {url}"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let connections = Arc::new(AtomicU32::new(0));
        let mut forwarding = JoinSet::new();
        forwarding.spawn(accept(listener, server, delay, Arc::clone(&connections)));
        Ok(Self {
            url: url.replace(&format!(":{server}/"), &format!(":{port}/")),
            connections,
            _forwarding: forwarding,
        })
    }

    /// Returns the URL that leads through the proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, server: u16, delay: Duration, connections: Arc<AtomicU32>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        open.spawn(connect(client, server, delay));
    }
}

async fn connect(client: TcpStream, server: u16, delay: Duration) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // When one direction ends, the other ends, too.
    tokio::select! {
        ended = forward(from_client, to_server, delay) => ended,
        ended = forward(from_server, to_client, delay) => ended,
    }
}

async fn forward(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    delay: Duration,
) -> io::Result<()> {
    let (send, mut under_way) = mpsc::channel(CHUNKS);
    let read = async {
        let mut bytes = vec![0; CHUNK_BYTES];
        loop {
            let count = reader.read(&mut bytes).await?;
            let Some(read) = bytes.get(..count).filter(|read| !read.is_empty()) else {
                return Ok(());
            };
            if send.send((Instant::now() + delay, read.to_vec())).await.is_err() {
                return Ok(());
            }
        }
    };
    let write = async {
        while let Some((due, bytes)) = under_way.recv().await {
            sleep_until(due).await;
            writer.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = read => ended,
        ended = write => ended,
    }
}
