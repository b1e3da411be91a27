//! Starts the parts of the server, and stops them in order.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use eventhorizon::{BusUrl, Horizon, Pages, Secret};
use horizon_app::Site;
use horizon_axum::{Limits, Tls};
use horizon_backend::{LoginKey, now, print_line, wait_for_shutdown};
use horizon_core::Slug;
use horizon_pictures::PictureStore;
use horizon_posts::{ContentFolder, ContentOptions, Library, Pictures};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    assets::Assets,
    auth::SignedInAuthor,
    config::{NodeSettings, ServeArgs},
    content,
    feeds::FeedCache,
    login_limiter::LoginLimiter,
    page_cache::PageCache,
    pictures, reader_version, reports, routes,
    search::{self, Search},
    session::Sessions,
    state::{AppParts, AppState, NodeIdentity},
    stats_cache::StatsCache,
};

/// The time that live streams and requests get to end on shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The time that background tasks get to end after the last request.
const TASKS_TIMEOUT: Duration = Duration::from_secs(1);

/// File descriptors for other things than connections: the runtime, the store, the bus, posts, and assets.
const RESERVED_DESCRIPTORS: usize = 100;

/// The contexts of key derivation. Changing one invalidates what its key protects.
const SESSIONS_KEY: &str = "EventHorizon 2026 sessions of the author";
const MARKERS_KEY: &str = "EventHorizon 2026 marks of the blanks in pages";
const SECRET_KEY: &str = "EventHorizon 2026 cookie secret";

/// Serves the blog until `shutdown`, then stops live streams, requests and the backend. Prints the address when it is
/// ready.
///
/// # Errors
/// A setting is invalid, the backend cannot be opened, or a background task panicked. After a panic, a supervisor
/// should restart the process.
pub async fn run(args: &ServeArgs, shutdown: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let backend = args.check()?;
    let tls = args.tls.load()?;
    let listener = TcpListener::bind(args.network.addr)
        .await
        .with_context(|| format!("HORIZON_ADDR: cannot listen on {}", args.network.addr))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    args.network.warn_about_base_url(tls.is_some());
    let base_url = args.network.base_url.as_ref().map(ToString::to_string);
    let pictures = pictures::open(&args.content)?;
    let content = load_content(args, base_url.unwrap_or_default(), Pictures::new(pictures.clone())).await?;
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(false);
    let (library, watcher) = horizon_posts::watch(content, now, wait_for_shutdown(stopped.clone()))?;
    let author = SignedInAuthor::new(&args.blog.title, &args.blog.language.texts().unwrap_or_default());
    let horizon = tokio::select! {
        horizon = open(args, &backend, library.clone(), author.clone()) => horizon?,
        () = &mut shutdown => return Ok(()),
    };
    let health = horizon.health().clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(health.supervise("posts", watcher));
    let making = pictures::run(pictures.clone(), library.clone(), wait_for_shutdown(stopped.clone()));
    tasks.spawn(health.supervise("pictures", making));
    let node = NodeIdentity {
        name: backend.node,
        started: now(),
    };
    let stats = StatsCache::new(matches!(backend.urls.bus(), BusUrl::Memory));
    let opened = OpenedBackend {
        login_key: login_key(args, &horizon)?,
        horizon,
        author,
        node,
    };
    let app = app_state(args, opened, library, pictures, stats, stopped)?;
    tasks.spawn(health.supervise("search", search::index_libraries(app.clone())));
    print_line(&format!("EventHorizon is at {address}"));
    let served = serve(listener, tls, args, &app, shutdown, &stop).await;
    let ended = tokio::time::timeout(TASKS_TIMEOUT, async { while tasks.join_next().await.is_some() {} });
    if let Some(panic) = health.first_panic() {
        bail!(panic);
    }
    ended.await.context("the background tasks did not end in time")?;
    tracing::info!("stopped");
    Ok(served?)
}

/// Reads the content folder.
async fn load_content(args: &ServeArgs, base_url: String, pictures: Pictures) -> anyhow::Result<ContentFolder> {
    let site = ContentOptions {
        base_url,
        time_zone: args.reports.time_zone.clone(),
        pictures,
        language: args.blog.language.clone(),
        ..ContentOptions::default()
    };
    let (blog, args) = (args.blog.clone(), args.content.clone());
    let load = move || {
        let content = content::load(&args, site)?;
        for note in content::check_settings(&content, &blog) {
            tracing::warn!(file = %note.path.display(), "{}", note.message);
        }
        reader_version::log_newly_public(&args, &content);
        anyhow::Ok(content)
    };
    tokio::task::spawn_blocking(load).await?
}

/// Opens the key of the sessions at `/admin`, if there is a token.
fn login_key(args: &ServeArgs, horizon: &Horizon) -> anyhow::Result<Option<LoginKey>> {
    let token = args.secrets.admin_token.as_ref();
    Ok(token.map(|_| horizon.login_key()).transpose()?)
}

/// Opens the backend. Waits for the PostgreSQL or Redis that has the secret.
async fn open(
    args: &ServeArgs,
    backend: &NodeSettings,
    library: watch::Receiver<Arc<Library>>,
    author: SignedInAuthor,
) -> anyhow::Result<Horizon> {
    let mut builder = Horizon::from_parsed_urls(backend.urls.bus().clone(), backend.urls.store().clone())?
        .node_name(backend.node.clone())
        .time_zone(args.reports.time_zone.clone())
        .session_retention(args.reports.session_retention)
        .identify(author.clone())
        .event_policy(args.readers.event_policy())
        .configure(|config| configure(config, args));
    if let Some(path) = &args.network.geoip {
        builder = builder.country_file(path).context("HORIZON_GEOIP")?;
    }
    if let Some(text) = &args.secrets.secret {
        builder = builder.secret(Secret::from_bytes(blake3::derive_key(SECRET_KEY, text.0.as_bytes())));
    }
    let builder = reports::add_to(builder, args, author, library.clone())?;
    builder
        .start(pages(library))
        .await
        .context("cannot open the backend of HORIZON_BUS and HORIZON_STORE")
}

/// Serves until `shutdown` or a panic, then stops the background tasks.
async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    args: &ServeArgs,
    app: &AppState,
    shutdown: impl Future<Output = ()> + Send,
    stop: &watch::Sender<bool>,
) -> std::io::Result<()> {
    let router = routes::router(app.clone(), &args.content.posts);
    let mut limits = Limits::default();
    limits.shutdown_timeout = DRAIN_TIMEOUT;
    // Without a proxy each live stream over HTTP/1.1 is a connection.
    let streams = usize::try_from(args.limits.network_live_streams).unwrap_or(usize::MAX);
    limits.connections_per_network = limits.connections_per_network.max(streams);
    log_capacity(&limits);
    let stopping = async {
        tokio::select! {
            () = shutdown => {}
            _ = app.horizon.health().wait_for_panic() => {}
        }
        stop.send_replace(true);
    };
    let served = match tls {
        Some(tls) => horizon_axum::serve_tls(listener, router, limits, tls, stopping, &app.horizon).await,
        None => horizon_axum::serve(listener, router, limits, stopping, &app.horizon).await,
    };
    stop.send_replace(true);
    served
}

/// Logs how many readers the server has room for.
fn log_capacity(limits: &Limits) {
    let Ok(descriptors) = horizon_backend::descriptor_limit() else {
        return;
    };
    let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
    let readers = descriptors.saturating_sub(RESERVED_DESCRIPTORS);
    let connections = limits.connections;
    if readers < connections {
        tracing::warn!(
            readers,
            descriptors,
            connections,
            "the limit of open files allows fewer readers than the limit of connections: raise the hard limit \
             (ulimit -Hn; systemd: LimitNOFILE) above the limit of connections"
        );
    } else {
        tracing::info!(
            readers = connections,
            descriptors,
            "the limit of open files allows all connections"
        );
    }
}

/// What a server has opened by its URLs.
pub(crate) struct OpenedBackend {
    pub(crate) horizon: Horizon,
    /// The rule of `horizon` that identifies the author.
    pub(crate) author: SignedInAuthor,
    pub(crate) node: NodeIdentity,
    /// The key of the sessions at `/admin`, if there is a token.
    pub(crate) login_key: Option<LoginKey>,
}

pub(crate) fn app_state(
    args: &ServeArgs,
    backend: OpenedBackend,
    library: watch::Receiver<Arc<Library>>,
    pictures: Arc<PictureStore>,
    stats: StatsCache,
    shutdown: watch::Receiver<bool>,
) -> anyhow::Result<AppState> {
    let OpenedBackend {
        horizon,
        author,
        node,
        login_key,
    } = backend;
    let assets = Assets::load(args.site.as_deref(), horizon_posts::highlight_css())?;
    let is_https = args.is_https();
    let sessions = args
        .secrets
        .admin_token
        .as_ref()
        .zip(login_key)
        .map(|(token, key)| Sessions::new(token, &horizon.derive_key(SESSIONS_KEY), key, is_https))
        .map(Arc::new);
    if let Some(sessions) = &sessions {
        author.set_sessions(Arc::clone(sessions));
    }
    let marker_key = marker_key(&horizon);
    let site = Site {
        title: args.blog.title.clone(),
        description: args.description().to_owned(),
        base_url: args.network.base_url.as_ref().map(ToString::to_string),
        nav: Vec::new(),
        language: args.blog.language.to_string(),
        texts: args.blog.language.texts().unwrap_or_default(),
        assets: assets.urls.clone(),
        frames: args.content.frames.clone(),
    };
    Ok(AppState::new(AppParts {
        horizon,
        node,
        library,
        pictures,
        site,
        is_https,
        feeds: FeedCache::default(),
        assets,
        sessions,
        login_limiter: LoginLimiter::default(),
        has_reports_token: args.secrets.reports_token.is_some(),
        stats,
        page_cache: PageCache::new(),
        search: Search::default(),
        marker_key,
        shutdown,
    }))
}

/// Returns the secret key of the slot markers.
fn marker_key(horizon: &Horizon) -> u128 {
    let key = horizon.derive_key(MARKERS_KEY);
    key.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
}

/// The pages that have numbers: those of the current library.
pub(crate) fn pages(library: watch::Receiver<Arc<Library>>) -> impl Pages {
    move |slug: &Slug| library.borrow().has_page(slug)
}

fn configure(config: &mut eventhorizon::Config, args: &ServeArgs) {
    config.site.clone_from(&args.blog.title);
    config.trusted_proxies.clone_from(&args.network.trusted_proxies);
    config.country_header.clone_from(&args.network.country_header);
    config.own_origin = args.network.base_url.as_ref().map(|base_url| base_url.origin().clone());
    config.secure_cookies = args.is_https();
    config.redis_may_lose_data = args.backend.redis_may_lose_data;
    config.moderation = args.readers.moderation;
    config.signals = args.readers.signals;
    config.heartbeat = args.readers.heartbeat();
    args.limits.configure(config);
}
