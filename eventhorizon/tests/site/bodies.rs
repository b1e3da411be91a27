//! The bodies of requests and responses, for any framework.

use std::{convert::Infallible, io, pin::Pin, task::Poll, time::Duration};

use eventhorizon::{
    Horizon, MAX_REQUEST_BYTES, ResponseBody, Slug, StreamBody,
    bytes::Bytes,
    http::{Method, Request, Response},
};
use futures::{future::poll_fn, stream};
use http_body::Body;
use tokio::time::Instant;

async fn site() -> Horizon {
    Horizon::in_memory().start(|_: &Slug| true).await.unwrap()
}

async fn comment<B: Body>(horizon: &Horizon, body: B) -> Response<ResponseBody> {
    let request = Request::post("/comments/bread").header("content-type", "application/json");
    horizon.handle([192, 0, 2, 1].into(), request.body(body).unwrap()).await
}

fn kind(response: Response<ResponseBody>) -> (u16, String) {
    let status = response.status().as_u16();
    let ResponseBody::Bytes(json) = response.into_body() else {
        panic!("a stream")
    };
    let problem: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let kind = problem["type"].as_str().unwrap_or_default();
    (status, kind.trim_start_matches("urn:horizon:problem:").to_owned())
}

fn chunk(text: &'static str) -> io::Result<Bytes> {
    Ok(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn a_body_may_arrive_in_pieces() {
    let chunks = stream::iter([chunk(r#"{"body":"#), chunk(r#""Hello"}"#)]);
    assert_eq!(comment(&site().await, StreamBody::new(chunks)).await.status(), 201);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_end_times_out() {
    let start = Instant::now();
    let slow = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((chunk(" "), ()))
    });
    let response = comment(&site().await, StreamBody::new(slow)).await;
    assert_eq!(kind(response), (408, "body-timeout".into()));
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let horizon = site().await;
    let endless = stream::repeat_with(|| io::Result::Ok(Bytes::from(vec![b' '; 1024])));
    assert_eq!(
        kind(comment(&horizon, StreamBody::new(endless)).await),
        (413, "body-too-large".into())
    );
    let text = " ".repeat(MAX_REQUEST_BYTES + 1);
    assert_eq!(kind(comment(&horizon, text).await), (413, "body-too-large".into()));
    let largest = " ".repeat(MAX_REQUEST_BYTES);
    assert_eq!(kind(comment(&horizon, largest).await), (400, "malformed-body".into()));
}

#[tokio::test]
async fn a_body_whose_connection_fails_is_incomplete() {
    let broken = stream::iter([chunk("{"), Err(io::ErrorKind::ConnectionReset.into())]);
    let response = comment(&site().await, StreamBody::new(broken)).await;
    assert_eq!(kind(response), (400, "malformed-body".into()));
}

#[tokio::test]
async fn a_body_that_no_route_needs_is_not_read() {
    let horizon = site().await;
    let never = || {
        StreamBody::new(stream::poll_fn(|_| -> Poll<Option<io::Result<Bytes>>> {
            panic!("it is read")
        }))
    };
    for (method, path, cross_site, status) in [
        (Method::GET, "/stats/bread", false, 200),
        (Method::PUT, "/likes/bread", false, 200),
        (Method::POST, "/nothing", false, 404),
        (Method::POST, "/stats/bread", false, 405),
        (Method::POST, "/comments/bread", true, 403),
    ] {
        let site = if cross_site { "cross-site" } else { "same-origin" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", site);
        let response = horizon.handle([192, 0, 2, 1].into(), request.body(never()).unwrap());
        assert_eq!(response.await.status(), status, "{path}");
    }
}

async fn next(body: &mut ResponseBody) -> Option<Result<Bytes, Infallible>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap()))
}

#[test]
fn a_response_body_fits_into_the_boxed_bodies_of_frameworks() {
    fn is_boxable<B: Body + Send + Sync + Unpin + 'static>() {}
    is_boxable::<ResponseBody>();
}

#[tokio::test]
async fn a_response_body_says_how_long_it_is_and_ends() {
    let horizon = site().await;
    let get = async |method: Method, path: &str| {
        let request = Request::builder().method(method).uri(path).body(String::new()).unwrap();
        horizon.handle([192, 0, 2, 1].into(), request).await.into_body()
    };
    let mut stats = get(Method::GET, "/stats/bread").await;
    let length = stats.size_hint().exact().unwrap();
    assert_eq!(next(&mut stats).await.unwrap().unwrap().len() as u64, length);
    assert!(next(&mut stats).await.is_none() && stats.is_end_stream());

    let mut head = get(Method::HEAD, "/stats/bread").await;
    assert_eq!(
        head.size_hint().exact(),
        None,
        "or a server would set Content-Length: 0"
    );
    assert!(!head.is_end_stream() && next(&mut head).await.is_none());

    let mut live = get(Method::GET, "/live/bread").await;
    assert!(live.size_hint().exact().is_none() && !live.is_end_stream());
    assert!(next(&mut live).await.unwrap().unwrap().starts_with(b"retry:"));
    horizon.end_streams().await;
    while next(&mut live).await.is_some() {}
}
