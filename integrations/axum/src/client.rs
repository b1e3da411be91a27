//! Who asks, for the router's handlers and for the application's own.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Once,
};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use eventhorizon::{Caller, Horizon, ProblemKind, client_addr};
use horizon_core::{ReaderId, VisitorKey};
use http::{Extensions, HeaderMap, request::Parts};

use crate::Problem;

/// Who really asks: the peer, unless it is a trusted proxy; then whoever that one names.
///
/// [`serve`](crate::serve) puts it on every request, so that any handler of the application can take it, whatever its
/// state. Where it is missing the answer is 500. [`client_addr`] has the rule.
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
/// // In a test, what `serve` does for every request:
/// let request = http::Request::get("/").extension(ClientAddr([192, 0, 2, 1].into()));
/// let answer = app.oneshot(request.body(Body::empty())?).await?;
/// assert_eq!(to_bytes(answer.into_body(), 64).await?, "192.0.2.1");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("no client address on the request: serve the application with horizon_axum::serve");
            ProblemKind::Internal.into()
        })
    }
}

/// Who makes a request, as [`Horizon`] wants to know it: with its address, its headers, and all that the application's
/// middleware put on it.
///
/// Without [`serve`](crate::serve) the address comes from axum's `ConnectInfo<SocketAddr>`, and without that it is
/// 0.0.0.0.
///
/// It goes with any state that has a `Horizon` in it ([`FromRef`]):
///
/// ```
/// use axum::extract::State;
/// use eventhorizon::{Horizon, Slug};
/// use horizon_axum::Requester;
///
/// async fn page(State(horizon): State<Horizon>, Requester(caller): Requester) -> String {
///     let liked = horizon.is_liked_by(&Slug::new("bread").unwrap(), &caller).await.unwrap_or(false);
///     format!("you {} this", if liked { "like" } else { "may like" })
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Requester(pub Caller);

impl<S: Sync> FromRequestParts<S> for Requester
where
    Horizon: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(caller(
            &Horizon::from_ref(state),
            &parts.headers,
            &parts.extensions,
        )))
    }
}

/// Who counts as one person today; nobody if no reader seems to be behind the request, or if they asked not to be known
/// again. See [`Horizon::visitor`]. Where the store cannot be asked the answer is the [`Problem`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Horizon, Slug};
/// use horizon_axum::Visitor;
///
/// async fn greeting(Visitor(visitor): Visitor) -> &'static str {
///     if visitor.is_some() { "Good to see you." } else { "Whoever you are, read on." }
/// }
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let app: axum::Router = axum::Router::new().route("/", axum::routing::get(greeting)).with_state(horizon);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor(pub Option<VisitorKey>);

impl<S: Sync> FromRequestParts<S> for Visitor
where
    Horizon: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Requester(caller) = Requester::from_request_parts(parts, state).await?;
        let visitor = Horizon::from_ref(state).visitor(&caller).await;
        let visitor = visitor.unwrap_or_else(|error| {
            // A page is worth more than to know who looks at it.
            tracing::warn!(%error, "nobody knows who a visitor is");
            None
        });
        Ok(Self(visitor))
    }
}

/// Who owns the likes and comments of the request; nobody if they never liked or wrote anything. See
/// [`Horizon::reader`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Horizon, Slug};
/// use horizon_axum::Reader;
///
/// async fn mine(Reader(reader): Reader) -> String {
///     reader.map_or_else(|| "You have nothing here.".into(), |reader| format!("What {reader} wrote:"))
/// }
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let app: axum::Router = axum::Router::new().route("/mine", axum::routing::get(mine)).with_state(horizon);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader(pub Option<ReaderId>);

impl<S: Sync> FromRequestParts<S> for Reader
where
    Horizon: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Requester(caller) = Requester::from_request_parts(parts, state).await?;
        Ok(Self(Horizon::from_ref(state).reader(&caller)))
    }
}

/// Who makes the request with these headers and extensions.
pub(crate) fn caller(horizon: &Horizon, headers: &HeaderMap, extensions: &Extensions) -> Caller {
    let address = address(horizon, headers, extensions);
    horizon.caller(address, headers).with_all(extensions.clone())
}

/// Whose address counts for it.
pub(crate) fn address(horizon: &Horizon, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    match extensions.get::<ClientAddr>() {
        Some(ClientAddr(address)) => *address,
        None => {
            let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            let proxies = &horizon.config().trusted_proxies;
            client_addr(peer.unwrap_or_else(no_peer), headers, proxies)
        }
    }
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
