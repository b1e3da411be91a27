use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What the server sends when it has committed.
const COMMITTED: &[u8] = b"COMMIT\0";

/// A proxy in front of a server, which can lose the reply to a commit.
pub(crate) struct CuttingProxy {
    url: String,
    cuts: Arc<AtomicBool>,
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
        let cuts = Arc::new(AtomicBool::new(false));
        let all = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, Arc::clone(&all)));
            }
        });
        Self { url: proxied, cuts }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Closes the connection that commits next, after the server has committed and before the client knows.
    pub(crate) fn cut_next_commit(&self) {
        self.cuts.store(true, Ordering::Release);
    }
}

async fn forward(client: TcpStream, server: TcpStream, cuts: Arc<AtomicBool>) {
    let ((mut from_client, to_client), (from_server, mut to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = replies(from_server, to_client, &cuts) => {}
    }
}

/// Forwards what the server sends, except the reply to a commit that is cut.
async fn replies(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, cuts: &AtomicBool) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = server.read(&mut buffer).await {
        let bytes = buffer.get(..length).unwrap();
        let is_committed = bytes.windows(COMMITTED.len()).any(|window| window == COMMITTED);
        if is_committed && cuts.swap(false, Ordering::AcqRel) {
            return;
        }
        if client.write_all(bytes).await.is_err() {
            return;
        }
    }
}
