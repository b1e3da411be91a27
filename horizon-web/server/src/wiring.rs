//! Puts the parts together, runs them, and takes them apart in order.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use eventhorizon::{BusUrl, Horizon, Pages, Secret};
use horizon_app::Site;
use horizon_axum::Limits;
use horizon_backend::{now, print_line, wait_for_shutdown};
use horizon_core::Slug;
use horizon_posts::{Library, SiteInfo};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    assets::Assets,
    attempts::Attempts,
    cluster::Roster,
    config::{Moderation, Places, Serve, Signals},
    content,
    counts::Counts,
    kept::Kept,
    routes,
    session::Sessions,
    state::{App, Parts},
};

/// How long the live streams and the last requests may take to end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// How long the watch over the posts may take to end, after the last request.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the key of the author's sessions is derived for.
const SESSIONS_KEY: &str = "EventHorizon 2026 sessions of the author";

/// What the key of the marks in pages is derived for.
const MARKS_KEY: &str = "EventHorizon 2026 marks of the blanks in pages";

/// What the secret that is configured is stretched for.
const SECRET_KEY: &str = "EventHorizon 2026 cookie secret";

/// Serves the blog until `shutdown`, then ends what runs: live streams, requests, and what is behind the ports.
///
/// Says on standard output where the blog is, once it can be reached.
///
/// # Errors
/// Something that was configured cannot be used; the sentence names it. A background task panicked: then it ends by
/// itself, so that it is started again.
pub async fn run(config: &Serve, shutdown: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let places = config.check().map_err(|sentence| anyhow!(sentence))?;
    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("HORIZON_ADDR: {} cannot be listened on", config.addr))?;
    let address = format!("http://{}", listener.local_addr()?);
    let base_url = config
        .base_url
        .as_ref()
        .map_or_else(|| address.clone(), |base| base.0.clone());
    let posts = {
        let (settings, base_url) = (config.content.clone(), base_url.clone());
        tokio::task::spawn_blocking(move || content::read(&settings, base_url)).await??
    };
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(false);
    let (library, keep_fresh) = horizon_posts::watch(posts, now, wait_for_shutdown(stopped.clone()))?;
    let horizon = tokio::select! {
        horizon = open(config, &places, base_url.starts_with("https:"), pages(library.clone())) => horizon?,
        () = &mut shutdown => return Ok(()),
    };
    let health = horizon.health().clone();
    let mut background = JoinSet::new();
    background.spawn(health.supervise("posts", keep_fresh));
    let roster = Roster {
        name: places.node,
        started: now(),
        stopping: stopped,
    };
    let counts = Counts::new(matches!(places.urls.bus(), BusUrl::Memory));
    let app = assemble(config, base_url, horizon, roster, library, counts)?;
    print_line(&format!("EventHorizon is at {address}"));
    let served = serve(listener, config, &app, shutdown, &stop).await;
    let ended = tokio::time::timeout(LAST_WORDS, async { while background.join_next().await.is_some() {} });
    if let Some(panic) = health.panic() {
        bail!(panic);
    }
    ended.await.context("the background tasks did not end in time")?;
    tracing::info!("stopped");
    Ok(served?)
}

/// Opens what is behind the ports. A Redis that keeps the secret and is away is waited for.
async fn open(config: &Serve, places: &Places, secure: bool, pages: impl Pages + 'static) -> anyhow::Result<Horizon> {
    let mut builder = Horizon::from_parsed_urls(places.urls.bus().clone(), places.urls.store().clone())?
        .node(places.node.clone())
        .configure(|contract| configure(contract, config, secure));
    if let Some(text) = &config.secret {
        builder = builder.secret(Secret::from_bytes(blake3::derive_key(SECRET_KEY, text.0.as_bytes())));
    }
    builder
        .start(pages)
        .await
        .context("the backend of HORIZON_BUS and HORIZON_STORE cannot be opened")
}

/// Serves until `shutdown`, and tells the background tasks when it comes: streams end with them.
async fn serve(
    listener: TcpListener,
    config: &Serve,
    app: &App,
    shutdown: impl Future<Output = ()> + Send,
    stop: &watch::Sender<bool>,
) -> std::io::Result<()> {
    let router = routes::router(app.clone(), &config.content.posts.join("media"));
    let mut limits = Limits::default();
    limits.drain = LAST_REQUESTS;
    let stopping = async {
        tokio::select! {
            () = shutdown => {}
            _ = app.horizon.health().panicked() => {}
        }
        stop.send_replace(true);
    };
    let served = horizon_axum::serve(listener, router, limits, stopping, &app.horizon).await;
    stop.send_replace(true);
    served
}

pub(crate) fn assemble(
    config: &Serve,
    base_url: String,
    horizon: Horizon,
    roster: Roster,
    library: watch::Receiver<Arc<Library>>,
    counts: Counts,
) -> anyhow::Result<App> {
    let assets = Assets::load(config.site.as_deref(), horizon_posts::highlight_css())?;
    let secure = base_url.starts_with("https:");
    let sessions = config
        .admin_token
        .as_ref()
        .map(|token| Sessions::new(token, &horizon.key(SESSIONS_KEY), secure));
    let kept = Kept::new(library.borrow().clone());
    let marks = horizon.key(MARKS_KEY);
    let marks = marks.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte));
    let site = Site {
        title: config.title.clone(),
        description: config.description.clone(),
        base_url: base_url.clone(),
        nav: Vec::new(),
        assets: assets.names.clone(),
    };
    Ok(App::new(Parts {
        horizon,
        roster,
        library,
        site,
        feeds: SiteInfo {
            title: config.title.clone(),
            description: config.description.clone(),
            base_url,
            language: "en".into(),
            author: config.title.clone(),
        },
        assets,
        sessions,
        attempts: Attempts::default(),
        counts,
        kept,
        marks,
    }))
}

/// A slug is a page if there is a post of that name at this moment.
pub(crate) fn pages(library: watch::Receiver<Arc<Library>>) -> impl Pages {
    move |slug: &Slug| library.borrow().post(slug.as_str()).is_some()
}

fn configure(contract: &mut eventhorizon::Config, config: &Serve, secure_cookies: bool) {
    contract.site.clone_from(&config.title);
    contract.trusted_proxies.clone_from(&config.trusted_proxies);
    contract.secure_cookies = secure_cookies;
    contract.redis_may_lose_data = config.redis_may_lose_data;
    contract.moderation = match config.moderation {
        Moderation::After => eventhorizon::Moderation::AfterPublishing,
        Moderation::First => eventhorizon::Moderation::BeforePublishing,
    };
    contract.signals = match config.signals {
        Signals::Count => eventhorizon::Signals::Count,
        Signals::Ignore => eventhorizon::Signals::Ignore,
        Signals::Drop => eventhorizon::Signals::Drop,
    };
}
