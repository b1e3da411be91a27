use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// How many bytes the proxy forwards at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A TCP proxy that counts round trips: how often a client sends something after a reply.
///
/// It must run on the only thread of the client's runtime. Then a client has sent everything that it sends without
/// waiting before the proxy forwards the first byte.
pub(crate) struct RoundTripProxy {
    url: String,
    round_trips: Arc<AtomicU32>,
    _forwarding: JoinSet<()>,
}

impl RoundTripProxy {
    /// Starts a proxy for the server in this URL.
    pub(crate) async fn start(url: &str) -> anyhow::Result<Self> {
        let server: tokio_postgres::Config = url.parse()?;
        let server = *server.get_ports().first().ok_or_else(|| anyhow::anyhow!("no port"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let round_trips = Arc::new(AtomicU32::new(0));
        let mut forwarding = JoinSet::new();
        forwarding.spawn(accept(listener, server, Arc::clone(&round_trips)));
        Ok(Self {
            url: url.replace(&format!(":{server}/"), &format!(":{port}/")),
            round_trips,
            _forwarding: forwarding,
        })
    }

    /// Returns the URL that leads through the proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of round trips on all connections so far.
    pub(crate) fn round_trips(&self) -> u32 {
        self.round_trips.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, server: u16, round_trips: Arc<AtomicU32>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        open.spawn(connect(client, server, Arc::clone(&round_trips)));
    }
}

async fn connect(client: TcpStream, server: u16, round_trips: Arc<AtomicU32>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
        return;
    };
    let (client_reader, client_writer) = client.into_split();
    let (server_reader, server_writer) = server.into_split();
    let has_reply = AtomicBool::new(true);
    let request = || {
        if has_reply.swap(false, Ordering::Relaxed) {
            round_trips.fetch_add(1, Ordering::Relaxed);
        }
    };
    let reply = || has_reply.store(true, Ordering::Relaxed);
    // When one direction ends, the other ends, too.
    tokio::select! {
        _ = forward(client_reader, server_writer, request) => {}
        _ = forward(server_reader, client_writer, reply) => {}
    }
}

async fn forward(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    on_bytes: impl Fn(),
) -> io::Result<()> {
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let count = reader.read(&mut bytes).await?;
        let Some(read) = bytes.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(());
        };
        on_bytes();
        writer.write_all(read).await?;
    }
}
