//! A WebSocket.

use futures::StreamExt;
use http::{HeaderValue, header};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use super::Subscriber;
use crate::{client_addresses::USER_AGENT, viewer::Failure};

/// The read buffer of a WebSocket, in bytes. The default of the library is 128 KiB.
const READ_BUFFER: usize = 4 * 1024;

/// The size of a frame header for a payload below 126 bytes, and for a longer one (RFC 6455 §5.2), in bytes.
const HEADS: [usize; 2] = [2, 4];

/// Opens the WebSocket and reads until it ends.
pub(super) async fn listen(stream: TcpStream, mut subscriber: Subscriber) -> Failure {
    let mut socket = match open(stream, &subscriber).await {
        Ok(socket) => socket,
        Err(failure) => return failure,
    };
    subscriber.open();
    loop {
        subscriber.stall().await;
        let Some(Ok(message)) = socket.next().await else {
            return Failure::Closed;
        };
        record_message(&mut subscriber, &message);
    }
}

/// Opens a WebSocket.
pub(super) async fn open(stream: TcpStream, subscriber: &Subscriber) -> Result<WebSocketStream<TcpStream>, Failure> {
    let url = format!("ws://{}{}", subscriber.server.authority, subscriber.server.path);
    let mut request = url.into_client_request().map_err(|_| Failure::Protocol)?;
    let person = subscriber.viewer.person.to_string();
    let person = HeaderValue::from_str(&person).map_err(|_| Failure::Protocol)?;
    request.headers_mut().insert("x-forwarded-for", person);
    request
        .headers_mut()
        .insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _answer)) => Ok(socket),
        Err(Error::Http(answer)) => Err(Failure::Status(answer.status().as_u16())),
        Err(Error::Io(_) | Error::ConnectionClosed) => Err(Failure::Closed),
        Err(_) => Err(Failure::Protocol),
    }
}

/// Records a message.
pub(super) fn record_message(subscriber: &mut Subscriber, message: &Message) {
    let [short, long] = HEADS;
    subscriber.count(message.len() + if message.len() < 126 { short } else { long });
    if let Message::Text(_) | Message::Binary(_) = message {
        subscriber.read_content(content(message));
    }
}

/// Returns the content of a message.
pub(super) fn content(message: &Message) -> &[u8] {
    match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
        _ => &[],
    }
}
