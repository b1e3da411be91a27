//! The caller that the extractors of a request share.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_extractor_with_state, from_fn},
    response::Html,
    routing::get,
};
use eventhorizon::{Caller, Horizon, Identify, Identity, RuleError, Slug};
use horizon_axum::{Reader, Requester, TrackVisits, Visitor};
use tower::ServiceExt;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

#[derive(Clone)]
struct Account(&'static str);

/// A rule that counts how often it is asked.
#[derive(Clone, Default)]
struct Users(Arc<AtomicUsize>);

impl Users {
    fn questions(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Identify for Users {
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let user = caller.extensions().get::<Account>();
        Ok(user.map_or_else(Identity::unknown, |user| Identity::named(user.0)))
    }
}

async fn stage() -> (Users, Horizon) {
    let users = Users::default();
    let builder = Horizon::in_memory().identify(users.clone());
    (
        users,
        builder.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap(),
    )
}

async fn ask(app: Router) -> String {
    let request = Request::get("/bread").header("user-agent", FIREFOX);
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let bytes = to_bytes(response.into_body(), 1024).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn sign_in(mut request: Request, next: Next) -> axum::response::Response {
    request.extensions_mut().insert(Account("ada"));
    next.run(request).await
}

#[tokio::test]
async fn all_extractors_of_a_request_identify_its_caller_once() {
    let (users, horizon) = stage().await;
    let page = async |Requester(caller): Requester, visitor: Visitor, reader: Reader| {
        assert_eq!(caller.headers()["user-agent"], FIREFOX);
        Html(format!("{} {}", visitor.0.is_some(), reader.0.is_some()))
    };
    let app = Router::new()
        .route("/{slug}", get(page))
        .layer(TrackVisits::new(&horizon))
        .with_state(horizon.clone());
    for questions in 1..=2 {
        assert_eq!(ask(app.clone()).await, "true false");
        assert_eq!(users.questions(), questions, "of each request");
    }
    horizon.close().await.unwrap();
    assert_eq!(
        horizon.stats(&[Slug::new("bread").unwrap().into()]).await.unwrap()[0].visits,
        1
    );
    assert_eq!(users.questions(), 2);
}

#[tokio::test]
async fn a_caller_is_identified_again_after_a_middleware_added_something() {
    let (users, horizon) = stage().await;
    let page = async |reader: Reader| reader.0.is_some().to_string();
    let app = Router::new()
        .route("/{slug}", get(page))
        .layer(from_fn(sign_in))
        .layer(from_extractor_with_state::<Reader, _>(horizon.clone()))
        .layer(TrackVisits::new(&horizon))
        .with_state(horizon);
    assert_eq!(ask(app).await, "true");
    assert_eq!(users.questions(), 2);
}

#[tokio::test]
async fn each_site_has_its_own_caller() {
    let ((first_users, first), (second_users, second)) = (stage().await, stage().await);
    let app = Router::new()
        .route("/{slug}", get(async |_: Reader| "page"))
        .layer(from_extractor_with_state::<Reader, _>(first))
        .with_state(second);
    assert_eq!(ask(app).await, "page");
    assert_eq!((first_users.questions(), second_users.questions()), (1, 1));
}
