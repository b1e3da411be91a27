//! Layers that change the body of a live stream.

use std::convert::Infallible;

use axum::{Router, body::Body, middleware::map_response, response::Response};
use eventhorizon::Horizon;
use futures::{Stream, StreamExt, stream};
use horizon_axum::{Limits, serve};
use horizon_core::Slug;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use crate::{detached_streams::until, site::PATIENCE};

/// More than a socket buffer, in bytes.
const TOO_MUCH: usize = 512 * 1024;

/// The frames that a layer gets.
type TextResponses = Box<dyn Stream<Item = String> + Send + Unpin>;

/// A site with a layer around its router at `/layered`, and without one at `/horizon`.
struct Layered {
    horizon: Horizon,
    address: std::net::SocketAddr,
}

impl Layered {
    async fn start<S>(layer: impl Fn(TextResponses) -> S + Clone + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = String> + Send + 'static,
    {
        let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
        let change = move |response: Response| {
            let response = response.map(|body| {
                let texts = body.into_data_stream();
                let texts = texts.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap());
                Body::from_stream(layer(Box::new(texts)).map(Ok::<_, Infallible>))
            });
            async { response }
        };
        let app = Router::new()
            .nest("/layered", horizon_axum::router(&horizon).layer(map_response(change)))
            .nest("/horizon", horizon_axum::router(&horizon));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = horizon.clone();
        tokio::spawn(async move { serve(listener, app, Limits::default(), std::future::pending(), &server).await });
        Self { horizon, address }
    }

    async fn live(&self, path: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path}/live/hello HTTP/1.1\r\nhost: h\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        until(&mut socket, "event: comments").await;
        socket
    }

    /// Likes the page as another reader, and returns the text that the next frame contains.
    async fn like(&self, likes: u8) -> String {
        let agent = ("user-agent", "Mozilla/5.0 Firefox/130.0");
        let caller = self.horizon.caller([192, 0, 2, likes].into(), [agent]);
        let hello = self.horizon.page("hello").await.unwrap();
        self.horizon.like(&hello, &caller).await.unwrap();
        format!("\"likes\":{likes}")
    }
}

#[tokio::test]
async fn a_layer_changes_every_frame() {
    let site = Layered::start(|texts| texts.map(|text| text.replace("viewers", "readers"))).await;
    let mut readers = [site.live("/layered").await, site.live("/layered").await];
    for likes in 1..=3 {
        let text = site.like(likes).await;
        for reader in &mut readers {
            let frame = until(reader, &text).await;
            assert!(frame.contains("readers") && !frame.contains("viewers"), "{frame}");
        }
    }
}

#[tokio::test]
async fn a_layer_that_panics_ends_its_own_stream_only() {
    let texts =
        |texts: TextResponses| texts.inspect(|text| assert!(!text.contains("\"likes\":2"), "it cannot do with two"));
    let site = Layered::start(texts).await;
    let (mut layered, mut plain) = (site.live("/layered").await, site.live("/horizon").await);
    for likes in 1..=3 {
        until(&mut plain, &site.like(likes).await).await;
    }
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, layered.read_to_end(&mut rest))
        .await
        .expect("it is open");
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("\"likes\":1") && !rest.contains("\"likes\":3"), "{rest}");
    assert!(
        ended.is_err() || !rest.ends_with("0\r\n\r\n"),
        "the body did not come to its end"
    );
}

#[tokio::test]
async fn a_layer_that_forwards_bytes_from_its_own_task_gets_every_frame() {
    let site = Layered::start(|mut texts: TextResponses| {
        let (send, receive) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(text) = texts.next().await {
                if send.send(text).await.is_err() {
                    return;
                }
            }
        });
        stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) })
    })
    .await;
    let mut layered = site.live("/layered").await;
    for likes in 1..=3 {
        until(&mut layered, &site.like(likes).await).await;
    }
}

#[tokio::test]
async fn a_layer_with_other_streams_gets_every_frame() {
    let site = Layered::start(|texts| {
        let silent = Box::new(stream::pending()) as TextResponses;
        stream::select_all([texts, silent])
    })
    .await;
    let mut layered = site.live("/layered").await;
    for likes in 1..=3 {
        until(&mut layered, &site.like(likes).await).await;
    }
}

/// Reads until this text arrives after `from`, and returns its position.
async fn collect(socket: &mut TcpStream, all: &mut Vec<u8>, from: usize, text: &str) -> usize {
    let (mut buffer, mut looked) = (vec![0; 1 << 16], from);
    loop {
        let found = all[looked..]
            .windows(text.len())
            .position(|some| some == text.as_bytes());
        if let Some(found) = found {
            return looked + found;
        }
        looked = (all.len() + 1).saturating_sub(text.len()).max(from);
        let length = timeout(PATIENCE, socket.read(&mut buffer)).await;
        let length = length.expect("it stopped").unwrap();
        assert!(length > 0, "it ended");
        all.extend_from_slice(&buffer[..length]);
    }
}

/// Returns the data in all complete chunks (RFC 9112 §7.1).
fn unchunked(mut body: &str) -> String {
    let mut data = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk begins where the one before ends");
        let Some(chunk) = rest.get(..size + 2) else { break };
        data.push_str(chunk.strip_suffix("\r\n").expect("a chunk ends with its line"));
        body = &rest[size + 2..];
    }
    data
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_skips_to_the_latest_and_gets_complete_frames_in_order() {
    let site = Layered::start(|texts| texts.map(|text| format!(":{}\n\n{text}", " ".repeat(TOO_MUCH)))).await;
    let mut slow = TcpStream::connect(site.address).await.unwrap();
    let request = b"GET /layered/live/hello HTTP/1.1\r\nhost: h\r\n\r\n";
    slow.write_all(request).await.unwrap();
    let mut all = Vec::new();
    let begun = collect(&mut slow, &mut all, 0, "event: comments").await;
    let mut plain = site.live("/horizon").await;
    let mut last = String::new();
    for likes in 1..=20 {
        last = site.like(likes).await;
        until(&mut plain, &last).await;
    }
    let latest = collect(&mut slow, &mut all, begun, &last).await;
    let next = site.like(21).await;
    let next = collect(&mut slow, &mut all, latest, &next).await;
    collect(&mut slow, &mut all, next, "\r\n").await;
    let all = String::from_utf8(all).unwrap();
    let data = unchunked(all.split_once("\r\n\r\n").unwrap().1);
    // Without those of the site, where each like is also a visit.
    let live = data
        .split("\n\n")
        .filter(|message| message.starts_with("event: live\n") && message.contains("\"likes\":"));
    let likes = live.map(|message| message.split_once("\"likes\":").unwrap().1);
    let likes: Vec<u32> = likes
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(likes.len() < 18 && likes.ends_with(&[20, 21]), "{likes:?}");
    assert!(likes.is_sorted(), "{likes:?}");
}
