//! A client of HTTP/2, and raw frames that no client sends.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::{
    RecvStream,
    client::{self, ResponseFuture, SendRequest},
};
use http::{Request, Response, StatusCode};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

use crate::{client::FIREFOX, site::PATIENCE};

/// What a client sends first (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The types of frames (RFC 9113 §6).
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// Flags of HEADERS.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A connection of HTTP/2.
pub(crate) struct Http2Client {
    pub(crate) requests: SendRequest<Bytes>,
    connection: JoinHandle<()>,
}

impl Http2Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    pub(crate) async fn over(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (requests, connection) = client::handshake(socket).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        Self { requests, connection }
    }

    /// Sends a request without a body.
    pub(crate) async fn send(&mut self, request: Request<()>) -> ResponseFuture {
        let ready = self.requests.clone().ready().await;
        ready.unwrap().send_request(request, true).unwrap().0
    }

    /// Sends a request below `/horizon` as a browser.
    pub(crate) async fn response(&mut self, method: &str, path: &str) -> Response<RecvStream> {
        let response = self.send(browser_request(method, path)).await;
        timeout(PATIENCE, response).await.expect("no response in time").unwrap()
    }

    pub(crate) async fn status(&mut self, request: Request<()>) -> StatusCode {
        let response = self.send(request).await;
        timeout(PATIENCE, response)
            .await
            .expect("no response in time")
            .unwrap()
            .status()
    }

    /// Opens a live stream.
    pub(crate) async fn live(&mut self, path: &str) -> Http2Stream {
        let response = self.response("GET", path).await;
        assert_eq!(response.status(), 200);
        Http2Stream {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// Closes the connection without a word.
    pub(crate) fn close(self) {
        self.connection.abort();
    }
}

pub(crate) fn browser_request(method: &str, path: &str) -> Request<()> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://blog.example/horizon{path}"));
    request.header("user-agent", FIREFOX).body(()).unwrap()
}

/// A live stream. Dropping it resets the stream.
pub(crate) struct Http2Stream {
    body: RecvStream,
    text: String,
}

impl Http2Stream {
    /// Reads until the text read by this call contains `expected`, and returns that text.
    pub(crate) async fn until(&mut self, expected: &str) -> String {
        let read = timeout(PATIENCE, async {
            while !self.text.contains(expected) {
                let data = self.body.data().await.expect("the stream ended").unwrap();
                self.body.flow_control().release_capacity(data.len()).unwrap();
                self.text.push_str(std::str::from_utf8(&data).unwrap());
            }
        });
        assert!(read.await.is_ok(), "no `{expected}` in `{}`", self.text);
        std::mem::take(&mut self.text)
    }

    /// Reads until the stream ends.
    pub(crate) async fn ended(mut self) -> Result<(), h2::Error> {
        timeout(PATIENCE, async {
            while let Some(data) = self.body.data().await {
                let length = data?.len();
                self.body.flow_control().release_capacity(length)?;
            }
            Ok(())
        })
        .await
        .expect("the stream does not end")
    }
}

/// Encodes a frame (RFC 9113 §4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Encodes the header fields of a GET request (RFC 7541), without an authority if it is empty.
pub(crate) fn get_fields(path: &str, authority: &str) -> Vec<u8> {
    let mut fields = vec![0x82, 0x86];
    let mut literal = |name: &[u8], value: &str| {
        fields.extend(name);
        fields.push(u8::try_from(value.len()).unwrap());
        fields.extend(value.bytes());
    };
    literal(&[0x04], path);
    if !authority.is_empty() {
        literal(&[0x01], authority);
    }
    literal(&[0x0f, 0x2b], FIREFOX);
    fields
}

/// A connection of raw frames.
pub(crate) struct RawConnection(pub(crate) TcpStream);

impl RawConnection {
    /// Sends the preface and empty settings.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat())
            .await
            .unwrap();
        Self(socket)
    }

    /// Returns the next frame: its type, flags, stream, and payload; or `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        timeout(PATIENCE, async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            Some((head[3], head[4], stream, payload))
        })
        .await
        .expect("no frame in time")
    }

    /// Reads until the connection ends. Returns the error code of the last GOAWAY.
    pub(crate) async fn goaway(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some((kind, _, _, payload)) = self.next().await {
            if kind == GOAWAY {
                code = Some(u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]));
            }
        }
        code
    }
}
