//! The routes, one file for each thing that can be asked for.

mod client;
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
    routing::get,
};
use http::{HeaderValue, Method, header};

use crate::{
    ClientAddr, Horizon, client_addr, extract,
    problem::{Kind, Problem, readable, wants_page},
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
            get(likes::view)
                .put(likes::like)
                .delete(likes::unlike)
                .post(likes::form),
        )
        .route("/comments/{slug}", get(comments::list).post(comments::post))
        .route("/client.js", get(client::script))
        .route("/client.d.ts", get(client::types))
        .route("/openapi.json", get(openapi::document))
        .method_not_allowed_fallback(async || Problem::new(Kind::MethodNotAllowed))
        .fallback(async || Problem::new(Kind::NotFound))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
        .layer(middleware::from_fn_with_state(horizon.clone(), edge))
}

/// What every request passes on its way in, and every answer on its way out.
async fn edge(State(horizon): State<Horizon>, mut request: Request, next: Next) -> Response {
    let is_for_a_person = request.method() == Method::POST && wants_page(request.headers());
    let response = if request.method().is_safe() || same_site(request.headers()) {
        note_client(&horizon, &mut request);
        next.run(request).await
    } else {
        // Otherwise a page of another site could write in its reader's name.
        let problem = Problem::new(Kind::CrossSite).detail("Only pages of this site may write here.");
        problem.into_response()
    };
    let mut response = if is_for_a_person { readable(response) } else { response };
    // Numbers are for now: nobody may keep them, unless the answer says otherwise.
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

/// Puts the client's address on a request that did not come through [`serve`](crate::serve).
fn note_client(horizon: &Horizon, request: &mut Request) {
    if request.extensions().get::<ClientAddr>().is_some() {
        return;
    }
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let trusted = &horizon.0.config.trusted_proxies;
    let address = client_addr(peer.unwrap_or_else(no_peer), request.headers(), trusted);
    request.extensions_mut().insert(ClientAddr(address));
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
