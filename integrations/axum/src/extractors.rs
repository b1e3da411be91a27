//! Extractors of the client, for the router and for the application's handlers.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Once,
};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use eventhorizon::{Caller, Horizon, ProblemKind};
use horizon_core::{ReaderId, VisitorKey};
use http::{Extensions, HeaderMap, request::Parts};

use crate::{ProblemResponse, shared_caller::shared_caller};

/// The client address of a request; see [`Horizon::client_addr`].
///
/// [`serve`](crate::serve) adds it to every request, so handlers with any state can extract it. Without it, the
/// response is 500.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::{Body, to_bytes}, routing::get};
/// use horizon_axum::ClientAddr;
/// # use tower::ServiceExt;
///
/// async fn whoami(ClientAddr(address): ClientAddr) -> String {
///     address.to_string()
/// }
/// let app: Router = Router::new().route("/", get(whoami));
/// // A test adds what `serve` adds to every request:
/// let request = http::Request::get("/").extension(ClientAddr([192, 0, 2, 1].into()));
/// let response = app.oneshot(request.body(Body::empty())?).await?;
/// assert_eq!(to_bytes(response.into_body(), 64).await?, "192.0.2.1");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("no client address on the request: run the application with horizon_axum::serve");
            ProblemKind::Internal.into()
        })
    }
}

/// A state of an axum router that contains the [`Horizon`], as the extractors of this crate need it.
///
/// It is implemented for every state from which axum can extract a `Horizon` ([`FromRef`]): a `Horizon` itself, and a
/// type of yours for which you write
///
/// ```
/// use axum::extract::FromRef;
/// use horizon_axum::Horizon;
///
/// #[derive(Clone)]
/// struct AppState {
///     horizon: Horizon, // and what else the application shares
/// }
///
/// impl FromRef<AppState> for Horizon {
///     fn from_ref(state: &AppState) -> Self {
///         state.horizon.clone()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the extractors of horizon-axum need a `Horizon` in the state of the router, and `{Self}` has none",
    label = "the state of this router is `{Self}`",
    note = "add a field `horizon: Horizon` to `{Self}`, and tell axum to extract it: \
            `impl FromRef<{Self}> for Horizon {{ fn from_ref(state: &{Self}) -> Self {{ state.horizon.clone() }} }}`",
    note = "if the router has no other state: `Router::new().….with_state(horizon)`"
)]
pub trait HasHorizon {
    /// Returns the site of this state.
    fn horizon(&self) -> Horizon;
}

#[diagnostic::do_not_recommend]
impl<S> HasHorizon for S
where
    Horizon: FromRef<S>,
{
    fn horizon(&self) -> Horizon {
        Horizon::from_ref(self)
    }
}

/// The [`Caller`] of a request, with its address, its headers, and the extensions of the application's middleware.
///
/// The extractors of a request share it with [`TrackVisits`](crate::TrackVisits), so
/// [`Identify`](eventhorizon::Identify) is asked once. It is asked again for an extractor that runs after a middleware
/// added or removed an extension, or changed a header, but not after one that replaced an extension by another of its
/// type: let such a middleware run before the first extractor.
///
/// Without [`serve`](crate::serve) the address comes from axum's `ConnectInfo<SocketAddr>`, and without that it is
/// 0.0.0.0. It works with any state that contains a `Horizon` ([`HasHorizon`]):
///
/// ```
/// use axum::extract::State;
/// use eventhorizon::Horizon;
/// use horizon_axum::{ProblemResponse, Requester};
///
/// async fn page(State(horizon): State<Horizon>, Requester(caller): Requester) -> Result<String, ProblemResponse> {
///     let page = horizon.page("bread").await?;
///     let liked = horizon.is_liked_by(&page, &caller).await?;
///     Ok(format!("liked: {liked}"))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Requester(pub Caller);

impl<S: HasHorizon + Sync> FromRequestParts<S> for Requester {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let horizon = state.horizon();
        Ok(Self(shared_caller(&horizon, &parts.headers, &mut parts.extensions)))
    }
}

/// The key that identifies the visitor today, or `None` for crawlers and for visitors with a privacy signal. It is also
/// `None` if the store fails. See [`Horizon::visitor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor(pub Option<VisitorKey>);

impl<S: HasHorizon + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Requester(caller) = Requester::from_request_parts(parts, state).await?;
        let visitor = state.horizon().visitor(&caller).await;
        Ok(Self(visitor.unwrap_or_else(|error| {
            // Render the page without a visitor key instead of failing.
            tracing::warn!(%error, "the visitor of a request is unknown");
            None
        })))
    }
}

/// The id that owns the reader's likes and comments, or `None` for one without any. See [`Horizon::reader`]. If the
/// application's rule fails, the response is 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader(pub Option<ReaderId>);

impl<S: HasHorizon + Sync> FromRequestParts<S> for Reader {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        let horizon = state.horizon();
        let caller = shared_caller(&horizon, &parts.headers, &mut parts.extensions);
        Ok(Self(horizon.reader(&caller).await?))
    }
}

/// Returns the address that a [`Caller`] is built of: that of the connection, so that headers of a trusted proxy count.
/// It is the [`ClientAddr`] if a middleware or a test set another one than [`serve`](crate::serve).
pub(crate) fn peer(horizon: &Horizon, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let client = extensions.get().map(|ClientAddr(address)| *address);
    let connection = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match (client, connection) {
        (Some(client), Some(peer)) if horizon.client_addr(peer, headers) != client => client,
        (_, Some(peer)) => peer,
        (Some(client), None) => client,
        (None, None) => unknown_peer(),
    }
}

fn unknown_peer() -> IpAddr {
    static WARN: Once = Once::new();
    WARN.call_once(|| {
        tracing::warn!(
            "requests have no peer address, so all clients share the limits of one network: run the application with \
             horizon_axum::serve, or with into_make_service_with_connect_info"
        );
    });
    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
}
