use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use horizon_core::Topic;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::{
    ClientAddr, Horizon, Signals,
    attendance::{Attendance, Who},
    dice,
    extract::{Again, Asked, Page},
    live::{LiveBody, Open, Part},
    problem::Problem,
    rates::Ask,
    visitors,
};

/// The header that a browser sends when it opens a stream again.
const LAST_EVENT_ID: &str = "last-event-id";

/// A browser waits this long before it opens a lost stream again, in milliseconds, and up to
/// [`RETRY_SPREAD`] longer, so that a restart does not bring all readers back at once.
const RETRY: u32 = 1000;

/// The most that is added to [`RETRY`], in milliseconds.
const RETRY_SPREAD: u32 = 3000;

/// `GET /live`: the numbers of the site, live.
pub(super) async fn site(
    State(horizon): State<Horizon>,
    ClientAddr(address): ClientAddr,
    Asked(again): Asked<Again>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let who = horizon.who(address, &headers, &again);
    open(&horizon, &method, ClientAddr(address), Arc::new([Topic::Site]), who).await
}

/// `GET /live/{slug}`: the numbers and the newest comments of a page, and the site's numbers, live.
pub(super) async fn page(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    ClientAddr(address): ClientAddr,
    Asked(again): Asked<Again>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let who = horizon.who(address, &headers, &again);
    let topics = Arc::new([slug.into(), Topic::Site]);
    open(&horizon, &method, ClientAddr(address), topics, who).await
}

async fn open(
    horizon: &Horizon,
    method: &Method,
    ClientAddr(address): ClientAddr,
    topics: Arc<[Topic]>,
    who: Result<Who, &'static str>,
) -> Result<Response, Problem> {
    if method == Method::HEAD {
        return Ok(stream(Body::empty()));
    }
    let inner = &*horizon.0;
    inner.limiters.check(Ask::Live, address, &inner.metrics)?;
    let parts: &[Part] = if topics.len() > 1 { &Part::ALL } else { &[Part::Live] };
    let mut attendance = match who {
        Ok(who) => Attendance::begin(inner.register.clone(), Arc::clone(&topics), who),
        Err(reason) => {
            inner.metrics.dropped_visit(reason);
            Attendance::Uncounted
        }
    };
    attendance.advance().await;
    let seat = topics.first().and_then(|topic| inner.hub.join(topic));
    let seat = seat.ok_or_else(|| Problem::unavailable("The server is about to stop."))?;
    let open = Open::new(inner.metrics.live_connections.clone(), inner.streams.token());
    let body = LiveBody::new(greeting()?, parts, seat, attendance, open);
    Ok(stream(Body::new(body)))
}

impl Horizon {
    /// Who opens a stream, or why they do not count.
    fn who(&self, address: std::net::IpAddr, headers: &HeaderMap, again: &Again) -> Result<Who, &'static str> {
        if let Some(reason) = visitors::not_a_reader(headers, &self.0.bots) {
            return Err(reason);
        }
        let known = Who::Known {
            address,
            user_agent: visitors::user_agent(headers),
        };
        match self.0.config.signals {
            _ if !visitors::has_privacy_signal(headers) => Ok(known),
            Signals::Ignore => Ok(known),
            Signals::Drop => Err("signal"),
            Signals::Count => Ok(Who::Unnamed {
                returning: headers.contains_key(LAST_EVENT_ID) || again.again.as_deref() == Some("1"),
            }),
        }
    }
}

/// When to come back, and the id by which a browser shows that it does.
fn greeting() -> Result<Bytes, Problem> {
    let wait = RETRY + u32::from_be_bytes(dice::random()?) % (RETRY_SPREAD + 1);
    Ok(format!("retry: {wait}\nid: 1\n\n").into())
}

fn stream(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Tells nginx, and those that follow it, not to hold the stream back.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, body).into_response()
}
