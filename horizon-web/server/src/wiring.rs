//! Puts the parts together, runs them, and takes them apart in order.

use std::{future::Future, io::Write, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use horizon_app::Site;
use horizon_axum::{Horizon, Limits, Pages, Ports, Secret};
use horizon_core::Slug;
use horizon_memory::{LocalPresence, MemoryPipe};
use horizon_posts::{Library, Options, SiteInfo};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    assets::Assets,
    attempts::Attempts,
    clock,
    config::{Content, Moderation, PipeUrl, Serve, Signals},
    routes, secret,
    session::Sessions,
    state::{App, Parts},
    store::Store,
};

/// How long the live streams and the last requests may take to end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// How long the accumulator and the store may take to end, after the last request.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Reads the folder of posts and says what is wrong with it, or how much is there.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn check(content: &Content) -> anyhow::Result<()> {
    let library = read(content, String::new())?;
    let (posts, pages) = (library.posts().len(), library.pages().len());
    writeln!(
        std::io::stdout(),
        "{}: {posts} posts and {pages} pages, nothing wrong",
        content.posts.display()
    )?;
    Ok(())
}

fn read(content: &Content, base_url: String) -> anyhow::Result<Library> {
    Library::load(&content.posts, &options(content, base_url)).map_err(|problems| {
        anyhow!(
            "HORIZON_POSTS: the posts in {} cannot be shown:\n{problems}",
            content.posts.display()
        )
    })
}

fn options(content: &Content, base_url: String) -> Options {
    Options {
        drafts: content.drafts,
        raw_html: content.raw_html,
        base_url,
        reserved: &routes::RESERVED,
    }
}

/// Serves the blog until `shutdown`, then ends what runs: live streams, requests, the accumulator.
///
/// Says on standard output where the blog is, once it can be reached.
///
/// # Errors
/// Something that was configured cannot be used; the sentence names it.
pub async fn run(config: &Serve, shutdown: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let (pipe_url, store_url) = config.check().map_err(|sentence| anyhow!(sentence))?;
    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("HORIZON_ADDR: {} cannot be listened on", config.addr))?;
    let address = format!("http://{}", listener.local_addr()?);
    let base_url = config
        .base_url
        .as_ref()
        .map_or_else(|| address.clone(), |base| base.0.clone());
    let library = {
        let (content, base_url) = (config.content.clone(), base_url.clone());
        Arc::new(tokio::task::spawn_blocking(move || read(&content, base_url)).await??)
    };
    let secret = secret::load(config.secret.as_ref(), &store_url)?;
    let store = Store::open(&store_url).context("HORIZON_STORE cannot be used")?;
    let (stop, stopped) = watch::channel(false);
    let mut background = JoinSet::new();
    let (library, keep_fresh) = horizon_posts::watch(
        config.content.posts.clone(),
        options(&config.content, base_url.clone()),
        library,
        ended(stopped.clone()),
    )?;
    background.spawn(keep_fresh);
    let (analytics, accumulator) = pipe(pipe_url, &store, stopped);
    let app = assemble(config, base_url, secret, store, analytics, library)?;
    let router = routes::router(app.clone(), &config.content.posts.join("media"));
    let limits = Limits {
        drain: LAST_REQUESTS,
        ..Limits::default()
    };
    writeln!(std::io::stdout(), "EventHorizon is at {address}")?;
    let served = horizon_axum::serve(listener, router, limits, shutdown, &app.horizon).await;
    stop.send_replace(true);
    let ended = tokio::time::timeout(LAST_WORDS, async {
        accumulator.await.context("the accumulator broke off")?;
        while background.join_next().await.is_some() {}
        app.store.close().await.context("the store could not be closed")
    });
    ended.await.context("the background tasks did not end in time")??;
    tracing::info!("stopped");
    Ok(served?)
}

/// The pipe that the configuration names, and the accumulator behind it.
fn pipe(url: PipeUrl, store: &Store, stopped: watch::Receiver<bool>) -> (MemoryPipe, JoinHandle<()>) {
    let PipeUrl::Memory = url;
    let (pipe, feed) = MemoryPipe::new(store.stats.clone());
    let store = store.stats.clone();
    let accumulator =
        tokio::spawn(async move { horizon_accumulator::run(feed, store, clock::now, ended(stopped)).await });
    (pipe, accumulator)
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which says the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn assemble(
    config: &Serve,
    base_url: String,
    secret: [u8; 32],
    store: Store,
    analytics: MemoryPipe,
    library: watch::Receiver<Arc<Library>>,
) -> anyhow::Result<App> {
    let assets = Assets::load(config.site.as_deref(), horizon_posts::highlight_css())?;
    let secure = base_url.starts_with("https:");
    let ports = Ports {
        presence: Arc::new(LocalPresence::default()),
        analytics: Arc::new(analytics),
        stats: store.stats.clone(),
        comments: store.comments.clone(),
        salts: store.salts.clone(),
    };
    let horizon = Horizon::new(ports, pages(library.clone()), contract(config, secret, secure));
    let site = Site {
        title: config.title.clone(),
        description: config.description.clone(),
        base_url: base_url.clone(),
        nav: Vec::new(),
        assets: assets.names.clone(),
    };
    Ok(App::new(Parts {
        horizon,
        store,
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
        sessions: config
            .admin_token
            .as_ref()
            .map(|token| Sessions::new(token, &secret, secure)),
        attempts: Attempts::default(),
    }))
}

/// A slug is a page if there is a post of that name at this moment.
fn pages(library: watch::Receiver<Arc<Library>>) -> Arc<dyn Pages> {
    Arc::new(move |slug: &Slug| library.borrow().post(slug.as_str()).is_some())
}

fn contract(config: &Serve, secret: [u8; 32], secure_cookies: bool) -> horizon_axum::Config {
    let mut contract = horizon_axum::Config::new(Secret::from_bytes(secret));
    contract.site.clone_from(&config.title);
    contract.trusted_proxies.clone_from(&config.trusted_proxies);
    contract.secure_cookies = secure_cookies;
    contract.moderation = match config.moderation {
        Moderation::After => horizon_axum::Moderation::After,
        Moderation::First => horizon_axum::Moderation::First,
    };
    contract.signals = match config.signals {
        Signals::Count => horizon_axum::Signals::Count,
        Signals::Ignore => horizon_axum::Signals::Ignore,
        Signals::Drop => horizon_axum::Signals::Drop,
    };
    contract
}
