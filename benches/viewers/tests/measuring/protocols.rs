use std::{net::SocketAddr, sync::Arc};

use clap::Parser;
use futures::{SinkExt, StreamExt};
use horizon_viewers::{Options, report::Figures};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use crate::server::{Coding, FakeServer, ServerFault, Shared};

/// Serves the same messages over another protocol.
async fn start(shared: Arc<Shared>, protocol: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                match protocol {
                    "http2" => serve_http2(stream, &shared).await,
                    _ => serve(stream, &shared, protocol == "socketio").await,
                }
            });
        }
    });
    address
}

async fn serve(stream: TcpStream, shared: &Shared, is_socketio: bool) -> Option<()> {
    let mut socket = accept_async(stream).await.ok()?;
    let mut messages = shared.messages.subscribe();
    if is_socketio {
        socket
            .send(Message::text(r#"0{"sid":"a","pingInterval":25000}"#))
            .await
            .ok()?;
        assert_eq!(socket.next().await?.ok()?, Message::text("40"));
        socket.send(Message::text(r#"40{"sid":"b"}"#)).await.ok()?;
        socket.send(Message::text("2")).await.ok()?;
        assert_eq!(socket.next().await?.ok()?, Message::text("3"));
    }
    loop {
        let message = messages.recv().await.ok()?;
        let message = message.trim().trim_start_matches("data: ");
        let message = if is_socketio {
            format!("42{}", serde_json::json!(["m", message]))
        } else {
            message.to_owned()
        };
        socket.send(Message::text(message)).await.ok()?;
    }
}

async fn serve_http2(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut connection = h2::server::handshake(stream).await.ok()?;
    let (_request, mut response) = connection.accept().await?.ok()?;
    let mut messages = shared.messages.subscribe();
    let mut body = response.send_response(http::Response::new(()), false).ok()?;
    let sending = async {
        while let Ok(message) = messages.recv().await {
            body.send_data(message.into(), false).ok()?;
        }
        Some(())
    };
    tokio::select! {
        sent = sending => sent,
        _ = connection.accept() => None,
    }
}

async fn every_message_arrives(protocol: &'static str) {
    let (server, shared) = FakeServer::start_shared(ServerFault::None, Coding::Chunked).await;
    let address = start(shared, protocol).await;
    let url = format!("http://{address}/socket.io/?EIO=4&transport=websocket");
    let publish = format!("post:http://{}/publish", server.address);
    let arguments = [
        "viewers",
        "--quiet",
        "--settle",
        "0.5",
        "--viewers",
        "5",
        "--protocol",
        protocol,
        "--url",
        &url,
        "--publish",
        &publish,
    ];
    let options = Options::parse_from(
        arguments
            .iter()
            .chain(&["deliveries", "--messages", "10", "--rate", "50"]),
    );
    let report = horizon_viewers::run(options).await.unwrap();
    let Figures::Deliveries(deliveries) = &report.figures else {
        panic!("{report:?}");
    };
    assert_eq!((report.join.connected, deliveries.arrived.deliveries), (5, 50));
    assert_eq!(deliveries.arrived.lost, Some(0));
    assert!(deliveries.arrived.bytes_per_delivery > 150.0, "{deliveries:?}");
}

#[tokio::test]
async fn every_message_arrives_over_http2() {
    every_message_arrives("http2").await;
}

#[tokio::test]
async fn every_message_arrives_over_a_websocket() {
    every_message_arrives("ws").await;
}

#[tokio::test]
async fn every_message_arrives_over_socketio() {
    every_message_arrives("socketio").await;
}
