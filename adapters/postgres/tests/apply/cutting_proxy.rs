use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What the server sends when it has committed.
const COMMITTED: &[u8] = b"COMMIT\0";

/// How a transaction that writes begins, and the same with a syntax error.
const WRITES: &[u8] = b"READ WRITE";
const FAILS: &[u8] = b"READ WRONG";

/// A proxy in front of a server. It can lose the reply to a commit, and make transactions fail before they begin.
pub(crate) struct CuttingProxy {
    url: String,
    faults: Arc<WriteFaults>,
}

#[derive(Default)]
struct WriteFaults {
    cuts_commit: AtomicBool,
    refuses_writes: AtomicBool,
}

impl CuttingProxy {
    /// Starts a proxy in front of the database with this URL.
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = url
            .split(['@', '/'])
            .find(|part| part.starts_with("127.0.0.1:"))
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (proxied, server) = (url.replace(server, &address), server.to_owned());
        let faults = Arc::<WriteFaults>::default();
        let all = Arc::clone(&faults);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, Arc::clone(&all)));
            }
        });
        Self { url: proxied, faults }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Closes the connection that commits next, after the server has committed and before the client gets the reply.
    pub(crate) fn cut_next_commit(&self) {
        self.faults.cuts_commit.store(true, Ordering::Release);
    }

    /// Sets whether transactions that write fail before they begin.
    pub(crate) fn refuse_writes(&self, refuses: bool) {
        self.faults.refuses_writes.store(refuses, Ordering::Release);
    }
}

async fn forward(client: TcpStream, server: TcpStream, faults: Arc<WriteFaults>) {
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = statements(from_client, to_server, &faults) => {}
        () = replies(from_server, to_client, &faults) => {}
    }
}

/// Forwards what the client sends.
async fn statements(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, faults: &WriteFaults) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = client.read(&mut buffer).await {
        let bytes = buffer.get_mut(..length).unwrap();
        let writes = bytes.windows(WRITES.len()).position(|window| window == WRITES);
        if let Some(start) = writes.filter(|_| faults.refuses_writes.load(Ordering::Acquire)) {
            let found = bytes.get_mut(start..start + FAILS.len()).unwrap();
            found.copy_from_slice(FAILS);
        }
        if server.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// Forwards what the server sends, except the reply to a commit that is cut.
async fn replies(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, faults: &WriteFaults) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = server.read(&mut buffer).await {
        let bytes = buffer.get(..length).unwrap();
        let is_committed = bytes.windows(COMMITTED.len()).any(|window| window == COMMITTED);
        if is_committed && faults.cuts_commit.swap(false, Ordering::AcqRel) {
            return;
        }
        if client.write_all(bytes).await.is_err() {
            return;
        }
    }
}
