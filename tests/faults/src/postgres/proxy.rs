use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::message::ProtocolMessage;
use crate::mutant::FaultMutant;

/// The function that takes the lock of a site, in the statements that begin the transaction of a batch.
const LOCK: &str = "pg_advisory_xact_lock(";

/// A TCP proxy for a PostgreSQL server. It can lose the reply to a COMMIT, and changes statements as a mutant.
pub(super) struct PostgresProxy {
    address: SocketAddr,
    state: Arc<ProxyState>,
    _forwarding: JoinSet<()>,
}

struct ProxyState {
    mutant: Option<FaultMutant>,
    loses_next_reply: AtomicBool,
    lost_replies: AtomicU64,
}

impl PostgresProxy {
    /// Starts a proxy for the server with this port.
    pub(super) async fn start(port: u16, mutant: Option<FaultMutant>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(ProxyState {
            mutant,
            loses_next_reply: AtomicBool::new(false),
            lost_replies: AtomicU64::new(0),
        });
        let mut forwarding = JoinSet::new();
        forwarding.spawn(forward(listener, port, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            _forwarding: forwarding,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Loses the reply to the next COMMIT of a batch, and closes its connection.
    pub(super) fn lose_next_reply(&self) {
        self.state.loses_next_reply.store(true, Ordering::Relaxed);
    }

    /// Returns the number of lost replies to a COMMIT that succeeded.
    pub(super) fn lost_replies(&self) -> u64 {
        self.state.lost_replies.load(Ordering::Relaxed)
    }
}

impl ProxyState {
    /// Changes a statement as the mutant does.
    fn mutate(&self, message: &mut ProtocolMessage) {
        let (from, to) = match self.mutant {
            Some(FaultMutant::CommitsAsynchronously) => ("'synchronous_commit', 'on'", "'synchronous_commit', 'off'"),
            Some(FaultMutant::CountsWithoutLock) => (LOCK, "pg_advisory_xact_lock_shared("),
            // The timeout of a connection without a transaction.
            Some(FaultMutant::KeepsLock) => ("idle_in_transaction_session_timeout", "idle_session_timeout"),
            _ => return,
        };
        if message.query().contains(from) {
            message.set_query(&message.query().replace(from, to));
        }
    }
}

async fn forward(listener: TcpListener, port: u16, state: Arc<ProxyState>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    open.spawn(connect(client, port, Arc::clone(&state)));
                }
            }
        }
    }
}

/// Forwards the messages of a connection until one side closes it.
async fn connect(client: TcpStream, port: u16, state: Arc<ProxyState>) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let loses_reply = AtomicBool::new(false);
    tokio::select! {
        ended = send_statements(from_client, to_server, &state, &loses_reply) => ended,
        ended = send_replies(from_server, to_client, &state, &loses_reply) => ended,
    }
}

async fn send_statements(
    client: impl AsyncRead + Unpin,
    server: impl AsyncWrite + Unpin,
    state: &ProxyState,
    loses_reply: &AtomicBool,
) -> io::Result<()> {
    let (mut client, mut server) = (BufReader::new(client), BufWriter::new(server));
    ProtocolMessage::read_startup(&mut client)
        .await?
        .write(&mut server)
        .await?;
    server.flush().await?;
    let mut counts_batch = false;
    loop {
        let mut message = ProtocolMessage::read(&mut client).await?;
        if message.query().starts_with("BEGIN") {
            counts_batch = message.query().contains(LOCK);
        }
        if counts_batch && message.query() == "COMMIT" && state.loses_next_reply.swap(false, Ordering::Relaxed) {
            loses_reply.store(true, Ordering::Relaxed);
        }
        state.mutate(&mut message);
        message.write(&mut server).await?;
        if client.buffer().is_empty() {
            server.flush().await?;
        }
    }
}

async fn send_replies(
    server: impl AsyncRead + Unpin,
    client: impl AsyncWrite + Unpin,
    state: &ProxyState,
    loses_reply: &AtomicBool,
) -> io::Result<()> {
    let (mut server, mut client) = (BufReader::new(server), BufWriter::new(client));
    loop {
        let message = ProtocolMessage::read(&mut server).await?;
        if loses_reply.load(Ordering::Relaxed) {
            if message.is_committed() {
                state.lost_replies.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            continue;
        }
        message.write(&mut client).await?;
        if server.buffer().is_empty() {
            client.flush().await?;
        }
    }
}
