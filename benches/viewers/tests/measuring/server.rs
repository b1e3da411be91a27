//! A small server of live streams with a configurable fault.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{broadcast, watch},
};

/// What the server does wrong with its first viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerFault {
    /// Nothing.
    None,
    /// Skips the third message.
    Skip,
    /// Sends nothing after the third message.
    Fall,
    /// Closes the connection after the third message.
    Close,
    /// Rejects all viewers.
    Refuse,
}

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// By an empty chunk.
    Chunked,
    /// By closing the connection.
    UntilClose,
}

/// A running server. It ends with the runtime of the test.
pub(crate) struct FakeServer {
    pub(crate) address: SocketAddr,
}

/// The state of all connections.
pub(crate) struct Shared {
    fault: ServerFault,
    coding: Coding,
    /// The number of accepted viewers.
    come: AtomicU64,
    /// The likes and the connected viewers.
    numbers: watch::Sender<(u64, u64)>,
    /// Messages that are forwarded unchanged.
    pub(crate) messages: broadcast::Sender<String>,
}

impl FakeServer {
    pub(crate) async fn start(fault: ServerFault, coding: Coding) -> Self {
        let (server, _) = Self::start_shared(fault, coding).await;
        server
    }

    pub(crate) async fn start_shared(fault: ServerFault, coding: Coding) -> (Self, Arc<Shared>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            fault,
            coding,
            come: AtomicU64::new(0),
            numbers: watch::Sender::new((0, 0)),
            messages: broadcast::Sender::new(1_024),
        });
        let all = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&shared).serve(stream));
            }
        });
        (Self { address }, all)
    }
}

impl Shared {
    /// Serves requests until the connection ends.
    async fn serve(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let (method, body) = request(&mut stream).await?;
            let answer = match method.as_str() {
                "GET" if self.fault == ServerFault::Refuse => {
                    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".into()
                }
                "GET" => return self.view(stream.into_inner()).await,
                "POST" => {
                    let _ = self.messages.send(format!("data: {body}\n\n"));
                    "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
                }
                _ => {
                    self.numbers.send_modify(|(likes, _)| *likes += 1);
                    let body = format!("{{\"liked\":true,\"likes\":{}}}", self.numbers.borrow().0);
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                }
            };
            stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
        }
    }

    /// Sends the current numbers and then every change, until the viewer leaves.
    async fn view(&self, mut stream: TcpStream) -> Option<()> {
        let mut messages = self.messages.subscribe();
        let mut numbers = self.numbers.subscribe();
        let is_first = self.come.fetch_add(1, Ordering::SeqCst) == 0;
        let coding = match self.coding {
            Coding::Chunked => "transfer-encoding: chunked\r\n",
            Coding::UntilClose => "",
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{coding}\r\n");
        stream.write_all(head.as_bytes()).await.ok()?;
        self.numbers.send_modify(|(_, viewers)| *viewers += 1);
        self.tell(&mut stream, &mut messages, &mut numbers, is_first).await;
        self.numbers.send_modify(|(_, viewers)| *viewers -= 1);
        Some(())
    }

    async fn tell(
        &self,
        stream: &mut TcpStream,
        messages: &mut broadcast::Receiver<String>,
        numbers: &mut watch::Receiver<(u64, u64)>,
        is_first: bool,
    ) -> Option<()> {
        numbers.mark_changed();
        let mut sent = 0;
        let mut ignored = [0; 64];
        loop {
            let frame = tokio::select! {
                message = messages.recv() => {
                    sent += 1;
                    message.ok()?
                }
                Ok(()) = numbers.changed() => {
                    let (likes, viewers) = *numbers.borrow_and_update();
                    sent = likes;
                    frame(likes, viewers)
                }
                read = stream.read(&mut ignored) => match read {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => continue,
                },
            };
            match self.fault {
                ServerFault::Skip if is_first && sent == 3 => {}
                ServerFault::Fall if is_first && sent > 3 => {}
                ServerFault::Close if is_first && sent == 3 => return self.end(stream).await,
                _ => self.write(stream, &frame).await?,
            }
        }
    }

    /// Ends the body. After a chunked body the connection stays open.
    async fn end(&self, stream: &mut TcpStream) -> Option<()> {
        if self.coding == Coding::Chunked {
            stream.write_all(b"0\r\n\r\n").await.ok()?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok()?;
        }
        None
    }

    /// Writes a frame, in two pieces.
    async fn write(&self, stream: &mut TcpStream, frame: &str) -> Option<()> {
        let frame = match self.coding {
            Coding::Chunked => format!("{:x}\r\n{frame}\r\n", frame.len()),
            Coding::UntilClose => frame.to_owned(),
        };
        let (one, two) = frame.split_at(frame.len() / 2);
        stream.write_all(one.as_bytes()).await.ok()?;
        tokio::task::yield_now().await;
        stream.write_all(two.as_bytes()).await.ok()
    }
}

fn frame(likes: u64, viewers: u64) -> String {
    let numbers = |likes| format!("{{\"viewers\":{viewers},\"visits\":10,\"likes\":{likes},\"comments\":0}}");
    format!(
        "event: live\ndata: {}\n\nevent: site\ndata: {}\n\n",
        numbers(likes),
        numbers(likes + 1_000)
    )
}

/// Returns the method and body of a request.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|&read| read > 0)?;
    let mut length = 0;
    let mut is_a_person = false;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "x-forwarded-for" => is_a_person = value.trim().starts_with("10."),
            _ => {}
        }
    }
    assert!(is_a_person, "every request has the address of its client");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let method = first.split(' ').next()?.to_owned();
    Some((method, String::from_utf8(body).unwrap()))
}
