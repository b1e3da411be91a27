//! Feeds, the sitemap and `robots.txt`.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority},
    response::{IntoResponse, Response},
    routing::get,
};
use eventhorizon::http::CompressedBody;
use horizon_posts::{Library, SiteInfo};
use parking_lot::Mutex;

use crate::{
    respond::NO_STORE,
    served_file::{ServedFile, modified_after},
    state::AppState,
};

/// The delay after which a new post may reach a feed reader: 5 minutes.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The response for a feed without a base URL.
const NO_BASE_URL: &str = "This file needs the public URL of the blog, which is unknown: set HORIZON_BASE_URL.\n";

/// A file with absolute URLs that is made from the posts.
#[derive(Clone, Copy)]
enum Feed {
    Atom,
    Rss,
    Sitemap,
    Robots,
}

/// The feeds of the current posts, each made once.
#[derive(Default)]
pub(crate) struct FeedCache([Mutex<Option<CachedFeed>>; 4]);

struct CachedFeed {
    /// The digest of the posts.
    version: u64,
    file: Arc<ServedFile>,
}

pub(crate) fn router() -> Router<AppState> {
    let feed =
        |feed: Feed| get(async move |State(app): State<AppState>, headers: HeaderMap| respond(&app, feed, &headers));
    Router::new()
        .route("/feed.xml", feed(Feed::Atom))
        .route("/rss.xml", feed(Feed::Rss))
        .route("/sitemap.xml", feed(Feed::Sitemap))
        .route("/robots.txt", feed(Feed::Robots))
}

fn respond(app: &AppState, feed: Feed, headers: &HeaderMap) -> Response {
    let library = app.library();
    if let Some(base_url) = &app.site.base_url {
        return app.feeds.get(app, feed, &library, base_url).respond(headers);
    }
    let body = match (local_url(app.is_https, headers), feed) {
        (Some(base_url), _) => feed.write(app, &library, base_url),
        (None, Feed::Robots) => horizon_posts::robots(None),
        (None, _) => {
            let caching = [(header::CACHE_CONTROL, NO_STORE)];
            return (StatusCode::SERVICE_UNAVAILABLE, caching, NO_BASE_URL).into_response();
        }
    };
    // The URLs in it are those of one client.
    let fields = [
        (header::CONTENT_TYPE, feed.content_type()),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    (fields, body).into_response()
}

/// Returns the base URL for a request to this machine: the `Host` of its request, if that is `localhost` or a loopback
/// address. A client elsewhere may send any `Host`.
fn local_url(is_https: bool, headers: &HeaderMap) -> Option<String> {
    let scheme = if is_https { "https" } else { "http" };
    let host: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = name
        .parse()
        .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let is_local = is_loopback || name.eq_ignore_ascii_case("localhost");
    (is_local && !host.as_str().contains('@')).then(|| format!("{scheme}://{host}"))
}

impl Feed {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Sitemap => "application/xml; charset=utf-8",
            Self::Robots => "text/plain; charset=utf-8",
        })
    }

    fn write(self, app: &AppState, library: &Library, base_url: String) -> String {
        let site = SiteInfo {
            title: app.site.title.clone(),
            description: app.site.description.clone(),
            base_url,
            language: app.site.language.clone(),
            author: app.site.title.clone(),
        };
        match self {
            Self::Atom => horizon_posts::atom(library, &site),
            Self::Rss => horizon_posts::rss(library, &site),
            Self::Sitemap => horizon_posts::sitemap(library, &site),
            Self::Robots => horizon_posts::robots(Some(&site)),
        }
    }
}

impl FeedCache {
    /// Returns the feed of these posts. The lock makes concurrent calls write it once.
    fn get(&self, app: &AppState, feed: Feed, library: &Library, base_url: &str) -> Arc<ServedFile> {
        let Self([atom, rss, sitemap, robots]) = self;
        let mut cached = match feed {
            Feed::Atom => atom,
            Feed::Rss => rss,
            Feed::Sitemap => sitemap,
            Feed::Robots => robots,
        }
        .lock();
        let version = library.digest();
        if let Some(cached) = cached.as_ref().filter(|cached| cached.version == version) {
            return Arc::clone(&cached.file);
        }
        let modified = modified_after(cached.as_ref().map(|cached| cached.file.modified()));
        let body = CompressedBody::new(feed.write(app, library, base_url.to_owned()));
        let file = Arc::new(ServedFile::new(feed.content_type(), CACHE_CONTROL, body, modified));
        *cached = Some(CachedFeed {
            version,
            file: Arc::clone(&file),
        });
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_local_host_is_used_as_the_base_url() {
        for (host, expected) in [
            ("localhost:3000", Some("http://localhost:3000")),
            ("127.0.0.1", Some("http://127.0.0.1")),
            ("[::1]:3000", Some("http://[::1]:3000")),
            ("example.org", None),
            ("localhost.example.org", None),
            ("192.0.2.1:3000", None),
            ("0.0.0.0:3000", None),
            ("me@localhost", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(local_url(false, &headers).as_deref(), expected, "{host}");
            let with_tls = expected.map(|url| url.replace("http:", "https:"));
            assert_eq!(local_url(true, &headers), with_tls, "{host}");
        }
    }
}
