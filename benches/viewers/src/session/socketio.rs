//! Socket.IO 5 over Engine.IO 4, with nothing but a WebSocket under it.

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{Subscriber, ws};
use crate::viewer::Failure;

/// Asks to join the default namespace.
const JOIN: &str = "40";

/// Answers the server's heartbeat.
const PONG: &str = "3";

/// Opens the connection and listens until it ends.
pub(super) async fn listen(stream: TcpStream, mut ear: Subscriber) -> Failure {
    let mut socket = match ws::open(stream, &ear).await {
        Ok(socket) => socket,
        Err(failure) => return failure,
    };
    loop {
        ear.stall().await;
        if turn(&mut socket, &mut ear).await.is_none() {
            return Failure::Closed;
        }
    }
}

/// Takes one packet and answers it; `None` when the connection has ended.
async fn turn(socket: &mut WebSocketStream<TcpStream>, ear: &mut Subscriber) -> Option<()> {
    let message = socket.next().await?.ok()?;
    ws::take(ear, &message);
    match ws::content(&message) {
        [b'0', ..] => socket.send(Message::text(JOIN)).await.ok(),
        [b'2'] => socket.send(Message::text(PONG)).await.ok(),
        [b'4', b'0', ..] => {
            ear.open();
            Some(())
        }
        [b'4', b'1' | b'4', ..] | [b'1', ..] => None,
        _ => Some(()),
    }
}
