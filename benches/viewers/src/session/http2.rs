//! Server-sent events over HTTP/2, with a connection for each viewer.

use bytes::Bytes;
use h2::client::{self, SendRequest};
use http::{Request, header};
use tokio::net::TcpStream;

use super::Subscriber;
use crate::{client_addresses::USER_AGENT, viewer::Failure};

/// The length of a frame's head, in bytes (RFC 9113 §4.1).
const FRAME_HEAD: usize = 9;

/// Requests the stream and reads until it ends.
pub(super) async fn listen(stream: TcpStream, mut subscriber: Subscriber) -> Failure {
    let Ok((requests, connection)) = client::handshake(stream).await else {
        return Failure::Closed;
    };
    tokio::select! {
        failure = read(requests, &mut subscriber) => failure,
        _ = connection => Failure::Closed,
    }
}

async fn read(requests: SendRequest<Bytes>, subscriber: &mut Subscriber) -> Failure {
    let Ok(request) = request(subscriber) else {
        return Failure::Protocol;
    };
    let Ok(mut requests) = requests.ready().await else {
        return Failure::Closed;
    };
    let Ok((response, _)) = requests.send_request(request, true) else {
        return Failure::Protocol;
    };
    let Ok(response) = response.await else {
        return Failure::Closed;
    };
    if response.status() != 200 {
        return Failure::Status(response.status().as_u16());
    }
    subscriber.open();
    let mut body = response.into_body();
    loop {
        subscriber.stall().await;
        let Some(Ok(data)) = body.data().await else {
            return Failure::Closed;
        };
        subscriber.count(data.len() + FRAME_HEAD);
        subscriber.read_content(&data);
        if body.flow_control().release_capacity(data.len()).is_err() {
            return Failure::Closed;
        }
    }
}

fn request(subscriber: &Subscriber) -> http::Result<Request<()>> {
    Request::get(format!(
        "http://{}{}",
        subscriber.server.authority, subscriber.server.path
    ))
    .header(header::ACCEPT, "text/event-stream")
    .header(header::USER_AGENT, USER_AGENT)
    .header("x-forwarded-for", subscriber.viewer.person.to_string())
    .body(())
}
