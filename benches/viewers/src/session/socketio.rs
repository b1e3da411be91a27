//! Socket.IO 5 over Engine.IO 4 over a WebSocket.

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{Subscriber, ws};
use crate::viewer::Failure;

/// Joins the default namespace.
const JOIN: &str = "40";

/// The reply to a heartbeat of the server.
const PONG: &str = "3";

/// Opens the connection and reads until it ends.
pub(super) async fn listen(stream: TcpStream, mut subscriber: Subscriber) -> Failure {
    let mut socket = match ws::open(stream, &subscriber).await {
        Ok(socket) => socket,
        Err(failure) => return failure,
    };
    loop {
        subscriber.stall().await;
        if read_packet(&mut socket, &mut subscriber).await.is_none() {
            return Failure::Closed;
        }
    }
}

/// Reads one packet and replies to it. Returns `None` at the end of the connection.
async fn read_packet(socket: &mut WebSocketStream<TcpStream>, subscriber: &mut Subscriber) -> Option<()> {
    let message = socket.next().await?.ok()?;
    ws::record_message(subscriber, &message);
    match ws::content(&message) {
        [b'0', ..] => socket.send(Message::text(JOIN)).await.ok(),
        [b'2'] => socket.send(Message::text(PONG)).await.ok(),
        [b'4', b'0', ..] => {
            subscriber.open();
            Some(())
        }
        [b'4', b'1' | b'4', ..] | [b'1', ..] => None,
        _ => Some(()),
    }
}
