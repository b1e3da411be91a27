//! Puts the parts together, runs them, and takes them apart in order.

use std::{future::Future, io::Write, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use horizon_accumulator::process::ended;
use horizon_app::Site;
use horizon_axum::{Horizon, Limits, Pages, Secret};
use horizon_core::Slug;
use horizon_posts::{Library, Options, SiteInfo};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    assets::Assets,
    attempts::Attempts,
    backend::Backend,
    config::{Content, Moderation, Serve, Signals},
    routes, secret,
    session::Sessions,
    state::{App, Parts},
};

/// How long the live streams and the last requests may take to end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// How long what is behind the ports may take to end, after the last request.
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

/// Serves the blog until `shutdown`, then ends what runs: live streams, requests, and what is behind the ports.
///
/// Says on standard output where the blog is, once it can be reached.
///
/// # Errors
/// Something that was configured cannot be used; the sentence names it.
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
    let library = {
        let (content, base_url) = (config.content.clone(), base_url.clone());
        Arc::new(tokio::task::spawn_blocking(move || read(&content, base_url)).await??)
    };
    let mut shutdown = pin!(shutdown);
    let secret = tokio::select! {
        secret = secret::load(config.secret.as_ref(), &places.store) => secret?,
        () = &mut shutdown => return Ok(()),
    };
    let backend = Backend::open(&places)?;
    let (stop, stopped) = watch::channel(false);
    let mut background = JoinSet::new();
    let (library, keep_fresh) = horizon_posts::watch(
        config.content.posts.clone(),
        options(&config.content, base_url.clone()),
        library,
        ended(stopped.clone()),
    )?;
    background.spawn(keep_fresh);
    background.spawn(backend.goodbye(ended(stopped.clone())));
    let app = assemble(config, base_url, secret, (&backend, stopped), library)?;
    background.spawn({
        let app = app.clone();
        async move { app.roster.speak().await }
    });
    writeln!(std::io::stdout(), "EventHorizon is at {address}")?;
    let served = serve(listener, config, &app, shutdown, &stop).await;
    let ended = tokio::time::timeout(LAST_WORDS, async {
        while background.join_next().await.is_some() {}
        backend.close().await
    });
    ended.await.context("the background tasks did not end in time")??;
    tracing::info!("stopped");
    Ok(served?)
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
    let limits = Limits {
        drain: LAST_REQUESTS,
        ..Limits::default()
    };
    let stopping = async {
        shutdown.await;
        stop.send_replace(true);
    };
    let served = horizon_axum::serve(listener, router, limits, stopping, &app.horizon).await;
    stop.send_replace(true);
    served
}

fn assemble(
    config: &Serve,
    base_url: String,
    secret: [u8; 32],
    (backend, stopped): (&Backend, watch::Receiver<bool>),
    library: watch::Receiver<Arc<Library>>,
) -> anyhow::Result<App> {
    let assets = Assets::load(config.site.as_deref(), horizon_posts::highlight_css())?;
    let secure = base_url.starts_with("https:");
    let horizon = Horizon::new(
        backend.ports(),
        pages(library.clone()),
        contract(config, secret, secure),
    );
    let site = Site {
        title: config.title.clone(),
        description: config.description.clone(),
        base_url: base_url.clone(),
        nav: Vec::new(),
        assets: assets.names.clone(),
    };
    Ok(App::new(Parts {
        horizon,
        ready: backend.ready(),
        roster: backend.roster(stopped),
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
