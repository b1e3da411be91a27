//! The response time of each page while reads of the backend hang, in virtual time.

use std::{fs, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, Response, StatusCode, header},
};
use clap::Parser;
use eventhorizon::{Horizon, Live, LiveOptions};
use futures::StreamExt;
use horizon_axum::ClientAddr;
use horizon_backend::now;
use horizon_core::Timestamp;
use horizon_memory::testing::{Call, Clock, Fake};
use horizon_pictures::PictureStore;
use horizon_posts::{ContentOptions, Library};
use tempfile::TempDir;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tower::ServiceExt;

use crate::{
    auth::SignedInAuthor,
    config::Cli,
    content, reports, routes,
    run::{self, OpenedBackend},
    search,
    state::NodeIdentity,
    stats_cache::StatsCache,
};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

/// Longer than all timeouts.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// The maximum response time.
const MAX_TIME: Duration = Duration::from_secs(1);

/// The maximum response time of a page with last known values.
const MAX_TIME_KNOWN: Duration = Duration::from_millis(100);

/// The reads that can hang: totals, comments, likes. Presence can hang too.
const CALLS: [&[Call]; 3] = [
    &[Call::Get],
    &[Call::Threads, Call::Thread, Call::Comment, Call::RecentComments],
    &[Call::IsLikedBy],
];

/// Pages with last known values.
const KNOWN_PAGES: [&str; 13] = [
    "/",
    "/blog",
    "/blog?q=text",
    "/tags",
    "/tags/test",
    "/series",
    "/archive",
    "/no-such-page",
    "/blog/hello",
    "/blog/hello?reply=019ab4f0c1d27a3c8e5f6071829304b0",
    "/blog/hello?comment=waiting",
    "/blog/second",
    "/blog/no-such-post",
];

/// Responses without last known values.
const OTHER_PAGES: [&str; 8] = [
    "/blog/hello?before=019ab4f0c1d27a3c8e5f6071829304b0",
    "/blog/hello?thread=019ab4f0c1d27a3c8e5f6071829304b0",
    "/admin",
    "/cluster",
    "/horizon/stats",
    "/horizon/stats/hello",
    "/horizon/likes/hello",
    "/horizon/comments/hello",
];

/// The requests before the backend hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// No request: the process has just started.
    Nothing,
    /// Each page was read.
    Read,
    /// Each page was read, and the post has a viewer.
    Watched,
}

pub(crate) struct TestBlog {
    fake: Fake,
    router: Router,
    horizon: Horizon,
    /// The cookies of an admin who likes the post.
    pub(crate) cookies: String,
    _folder: TempDir,
}

/// Creates two posts and a bundle without files.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, title) in [("hello.md", "Hello"), ("second.md", "Second")] {
        let text =
            format!("---\ntitle: {title}\ndescription: \"A post\"\ndate: 2026-01-02\ntags: [test]\n---\n\nText.\n");
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    fs::create_dir(folder.path().join("media")).unwrap();
    fs::write(folder.path().join("media/notes.txt"), "Zürich\n".repeat(100)).unwrap();
    let names = [
        "bundle",
        "css",
        "theme_js",
        "cluster_js",
        "links_js",
        "copy_js",
        "favicon",
    ]
    .map(|name| format!("\"{name}\":\"/pkg/{name}\""));
    fs::write(
        folder.path().join("site/manifest.json"),
        format!("{{{}}}", names.join(",")),
    )
    .unwrap();
    folder
}

/// Returns the posts of a blog.
pub(crate) fn library() -> Library {
    let folder = folder();
    let posts = folder.path().to_string_lossy();
    let config = Cli::try_parse_from(["horizon-web", "--posts", &posts]).unwrap().serve;
    content::load(&config.content, ContentOptions::default())
        .unwrap()
        .library(now())
}

impl TestBlog {
    pub(crate) async fn open(is_accumulator: bool) -> Self {
        Self::open_at("http://blog", is_accumulator).await
    }

    pub(crate) async fn open_at(url: &str, is_accumulator: bool) -> Self {
        let arguments = ["--admin-token", TOKEN, "--base-url", url];
        let mut blog = Self::start(folder(), &arguments, is_accumulator).await;
        blog.sign_in().await;
        let author = blog.cookies.clone();
        let reader = cookie_of(&blog.send(Method::PUT, "/horizon/likes/hello", String::new()).await);
        blog.cookies = format!("{author}; {reader}");
        sleep(Duration::from_secs(10)).await; // The like is no longer recent.
        blog
    }

    /// Opens a blog with these settings, without cookies.
    pub(crate) async fn open_with(arguments: &[&str]) -> Self {
        Self::start(folder(), arguments, true).await
    }

    /// Opens a blog with these files besides its two posts, without cookies.
    pub(crate) async fn open_with_files(files: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let folder = folder();
        for (name, text) in files {
            let path = folder.path().join(name.as_ref());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.as_ref()).unwrap();
        }
        Self::start(folder, &["--base-url", "http://blog", "--admin-token", TOKEN], true).await
    }

    /// Signs the author in.
    pub(crate) async fn sign_in(&mut self) {
        let form = format!("token={TOKEN}");
        self.cookies = cookie_of(&self.send(Method::POST, "/admin/login", form).await);
    }

    async fn start(folder: TempDir, arguments: &[&str], is_accumulator: bool) -> Self {
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (posts, site) = (path(""), path("site"));
        let folders = ["horizon-web", "--posts", &posts, "--site", &site];
        let config = Cli::try_parse_from(folders.iter().chain(arguments)).unwrap().serve;
        let library = content::load(&config.content, ContentOptions::default())
            .unwrap()
            .library(now());
        let (_, library) = watch::channel(library.into());
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let horizon = Horizon::from_ports(fake.ports()).clock(move || clock.now());
        let author = SignedInAuthor::new(&config.blog.title, &horizon_app::Texts::default());
        let horizon = horizon.identify(author.clone());
        let horizon = reports::add_to(horizon, &config, author.clone(), library.clone()).unwrap();
        let horizon = horizon.start(run::pages(library.clone())).await.unwrap();
        let node = NodeIdentity {
            name: "web".parse().unwrap(),
            started: now(),
        };
        let (stats, shutdown) = (StatsCache::new(is_accumulator), watch::channel(false).1);
        let backend = OpenedBackend {
            horizon: horizon.clone(),
            author,
            node,
            login_key: Some(horizon.login_key().unwrap()),
        };
        let pictures = Arc::new(PictureStore::new(folder.path(), None));
        let app = run::app_state(&config, backend, library, pictures, stats, shutdown).unwrap();
        search::index_libraries(app.clone()).await;
        Self {
            fake,
            router: routes::router(app, folder.path()),
            horizon,
            cookies: String::new(),
            _folder: folder,
        }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: String) -> Response<Body> {
        self.send_body(method, path, Body::from(body)).await
    }

    pub(crate) async fn send_body(&self, method: Method, path: &str, body: Body) -> Response<Body> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ClientAddr([192, 0, 2, 1].into()))
            .header(header::USER_AGENT, FIREFOX)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &self.cookies)
            .body(body);
        self.router.clone().oneshot(request.unwrap()).await.unwrap()
    }

    /// Sends a `GET` request with more headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(path).extension(ClientAddr([192, 0, 2, 1].into()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    /// Reads a page and returns the time that took.
    async fn time(&self, path: &str) -> (StatusCode, Duration) {
        let start = Instant::now();
        let response = self.send(Method::GET, path, String::new()).await;
        let status = response.status();
        to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, start.elapsed())
    }

    /// Sends the requests before, and returns the stream of the viewer.
    async fn prepare(&self, before: Before) -> Option<Live> {
        if before != Before::Nothing {
            for path in KNOWN_PAGES {
                self.time(path).await;
            }
        }
        if before != Before::Watched {
            return None;
        }
        let caller = self.horizon.caller([192, 0, 2, 2].into(), [("user-agent", FIREFOX)]);
        let hello = self.horizon.page("hello").await.unwrap();
        let mut live = self.horizon.live(&caller, LiveOptions::page(&hello)).await.unwrap();
        live.next().await;
        live.next().await;
        Some(live)
    }

    /// Makes reads hang: one bit for each of [`CALLS`], and the next for presence.
    fn hang(&self, which: usize) {
        let hanging = CALLS.into_iter().enumerate().filter(|(bit, _)| which >> bit & 1 == 1);
        for &call in hanging.flat_map(|(_, calls)| calls) {
            self.fake.delay(call, FOREVER);
        }
        if which >> CALLS.len() & 1 == 1 {
            self.fake.mute_presence();
        }
    }
}

/// Returns the body of a response.
pub(crate) async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn cookie_of(response: &Response<Body>) -> String {
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Reads all pages twice for each combination of hanging reads.
async fn check(before: Before) {
    for which in 0..1_usize << (CALLS.len() + 1) {
        for is_accumulator in [false, true] {
            let blog = TestBlog::open(is_accumulator).await;
            let _live = blog.prepare(before).await;
            blog.hang(which);
            for _ in 0..2 {
                for path in KNOWN_PAGES.into_iter().chain(OTHER_PAGES) {
                    let (status, took) = blog.time(path).await;
                    let is_known = before != Before::Nothing && KNOWN_PAGES.contains(&path);
                    let limit = if is_known { MAX_TIME_KNOWN } else { MAX_TIME };
                    let what =
                        format!("{path} is {status} after {took:?}: {which:04b} hang, accumulator: {is_accumulator}");
                    assert!(took <= limit, "{what}");
                    let is_read = !path.starts_with("/horizon") && path != "/admin" && !path.contains("no-such");
                    assert!(!is_read || status == StatusCode::OK, "{what}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_process_responds_within_a_second_if_a_backend_hangs() {
    check(Before::Nothing).await;
}

#[tokio::test(start_paused = true)]
async fn cached_pages_take_a_tenth_of_a_second_if_a_backend_hangs() {
    check(Before::Read).await;
}

#[tokio::test(start_paused = true)]
async fn pages_with_a_viewer_take_a_tenth_of_a_second_if_a_backend_hangs() {
    check(Before::Watched).await;
}
