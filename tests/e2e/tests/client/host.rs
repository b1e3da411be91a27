//! The application with the pages of the tests.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Path, get},
};
use eventhorizon::{Author, Badge, Caller, Horizon, Identity, Moderation, Slug, cookie_values};
use horizon_test_support::ServerUnderTest;
use tokio::task::JoinHandle;

const PAGE: &str = include_str!("page.html");

/// A list of pages that is not a page itself.
const LIST: &str = include_str!("list.html");

/// A policy that allows only scripts and requests of the application itself.
const POLICY: &str = "default-src 'self'; img-src data:";

/// A running actix-web application.
#[derive(Debug)]
pub(crate) struct HostApp {
    address: SocketAddr,
    horizon: Horizon,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

/// Starts an application with the router at `/horizon` and with these pages:
/// `/page/{slug}` whose script names the slug, `/view/{slug}` whose `main` names it, `/root` whose script names the
/// root page, `/list` with other pages, and `/` without a slug.
pub(crate) async fn host(address: SocketAddr) -> anyhow::Result<HostApp> {
    start(address, Moderation::AfterPublishing).await
}

/// Like [`host`], with moderation before publishing.
pub(crate) async fn moderated_host() -> anyhow::Result<HostApp> {
    start(SocketAddr::from(([127, 0, 0, 1], 0)), Moderation::BeforePublishing).await
}

/// Names the caller as the cookie `user` says, and the author of their comments as `staff` says.
fn by_cookies(caller: &Caller) -> Identity {
    let cookie = |name| cookie_values(caller.headers(), name).next();
    let identity = cookie("user").map_or_else(Identity::unknown, Identity::named);
    let author = |name: &str| Some(Author::new(name).ok()?.badge(Badge::new("Staff").ok()?));
    match cookie("staff").and_then(|name| author(&name)) {
        Some(author) => identity.author(author),
        None => identity,
    }
}

async fn start(address: SocketAddr, moderation: Moderation) -> anyhow::Result<HostApp> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let horizon = Horizon::in_memory()
        .configure(|config| config.moderation = moderation)
        .identify(by_cookies)
        .start(|_: &Slug| true)
        .await?;
    let data = web::Data::new(horizon.clone());
    let app = move || {
        App::new()
            .app_data(data.clone())
            .service(web::scope("/horizon").default_service(web::to(embed_actix::horizon::handle)))
            .route("/", get().to(async || page("", "", "")))
            .route("/root", get().to(async || page("Root", "/", "")))
            .route("/list", get().to(async || response(LIST.to_owned())))
            .route(
                "/page/{slug:.*}",
                get().to(async |slug: Path<String>| page(&slug, &slug, "")),
            )
            .route(
                "/view/{slug}",
                get().to(async |slug: Path<String>| page(&slug, "", &slug)),
            )
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .h1_allow_half_closed(false)
        .listen(listener)?
        .run();
    Ok(HostApp {
        address,
        horizon,
        handle: server.handle(),
        server: tokio::spawn(server),
    })
}

impl HostApp {
    /// Returns the site's metrics.
    pub(crate) fn metrics(&self) -> String {
        self.horizon.metrics()
    }

    /// Stops it and closes every connection.
    pub(crate) async fn shutdown(self) -> anyhow::Result<()> {
        embed_actix::horizon::end(&self.horizon, &self.handle).await?;
        Ok(self.server.await??)
    }
}

impl ServerUnderTest for HostApp {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn log(&self) -> String {
        String::new()
    }
}

fn page(title: &str, script: &str, main: &str) -> HttpResponse {
    response(html(title, "", script, main))
}

fn response(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(html)
}

/// Returns a page with the script of the site at `home`.
pub(crate) fn html(title: &str, home: &str, script: &str, main: &str) -> String {
    let named = |name: &str, slug: &str| {
        if slug.is_empty() {
            String::new()
        } else {
            format!("{name}=\"{slug}\"")
        }
    };
    let script = named("data-slug", script);
    let script = format!("<script type=\"module\" src=\"{home}/horizon/client.js\" {script}></script>");
    PAGE.replace("{slug}", title)
        .replace("{script}", &script)
        .replace("{main}", &named("data-horizon-slug", main))
}
