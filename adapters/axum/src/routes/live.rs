use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use eventhorizon::{Caller, Horizon, Live};
use futures::StreamExt;
use horizon_core::Slug;
use http::Method;

use crate::{
    Problem, Requester,
    extract::{Again, Asked, Page},
};

/// `GET /live`: the numbers of the site, live.
pub(super) async fn site(
    State(horizon): State<Horizon>,
    Requester(caller): Requester,
    Asked(again): Asked<Again>,
    method: Method,
) -> Result<Response, Problem> {
    open(&horizon, &method, None, &caller, &again).await
}

/// `GET /live/{slug}`: the numbers and the newest comments of a page, and the site's numbers, live.
pub(super) async fn page(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
    Asked(again): Asked<Again>,
    method: Method,
) -> Result<Response, Problem> {
    open(&horizon, &method, Some(&slug), &caller, &again).await
}

async fn open(
    horizon: &Horizon,
    method: &Method,
    page: Option<&Slug>,
    caller: &Caller,
    again: &Again,
) -> Result<Response, Problem> {
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let returning = again.again.as_deref() == Some("1");
        Body::new(LiveBody(horizon.live(page, caller, returning).await?))
    };
    Ok((Live::HEADERS, body).into_response())
}

/// A live connection as the body of an answer.
struct LiveBody(Live);

impl http_body::Body for LiveBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.0
            .poll_next_unpin(cx)
            .map(|bytes| bytes.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}
