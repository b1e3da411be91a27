//! The routes, one file for each thing that can be asked for.

mod comments;
mod likes;
mod live;
mod openapi;
mod stats;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Once,
};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use http::{HeaderValue, header};

use crate::{
    ClientAddr, Horizon, client_addr, extract,
    problem::{Kind, Problem, readable},
    same_site,
};

/// Every route, for all to be seen in one place.
pub(crate) fn router(horizon: &Horizon) -> Router<Horizon> {
    Router::new()
        .route("/live", get(live::site))
        .route("/live/{slug}", get(live::page))
        .route("/stats", get(stats::site))
        .route("/stats/{slug}", get(stats::page))
        .route(
            "/likes/{slug}",
            put(likes::like).delete(likes::unlike).post(likes::form),
        )
        .route("/comments/{slug}", get(comments::list).post(comments::post))
        .route("/openapi.json", get(openapi::document))
        .method_not_allowed_fallback(async || Problem::new(Kind::MethodNotAllowed))
        .fallback(async || Problem::new(Kind::NotFound))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
        .layer(middleware::from_fn(writes_from_this_site))
        .layer(middleware::from_fn_with_state(horizon.clone(), who_asks))
        .layer(middleware::from_fn(readable))
        .layer(middleware::from_fn(not_stored))
}

/// Refuses to write for a page of another site, which would do it in its reader's name.
async fn writes_from_this_site(request: Request, next: Next) -> Response {
    if request.method().is_safe() || same_site(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(Kind::CrossSite)
        .detail("Only pages of this site may write here.")
        .into_response()
}

/// Puts the client's address on a request that did not come through [`serve`](crate::serve).
async fn who_asks(State(horizon): State<Horizon>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<ClientAddr>().is_none() {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        let address = client_addr(
            peer.unwrap_or_else(no_peer),
            request.headers(),
            &horizon.0.config.trusted_proxies,
        );
        request.extensions_mut().insert(ClientAddr(address));
    }
    next.run(request).await
}

fn no_peer() -> IpAddr {
    static WARN: Once = Once::new();
    WARN.call_once(|| {
        tracing::warn!(
            "requests carry no peer address, so all readers look like one network: \
             serve with horizon_axum::serve, or with into_make_service_with_connect_info"
        );
    });
    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
}

/// Keeps numbers out of caches, unless the answer says otherwise.
async fn not_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}
