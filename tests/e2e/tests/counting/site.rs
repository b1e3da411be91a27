//! The two sites of the tests.

use std::net::SocketAddr;

use anyhow::ensure;
use horizon_test_support::{
    BrowserTest, ServerOptions, ServerUnderTest, WebServer, browser_test_with,
    http::{self, StatusCode},
    wait_until,
};

use crate::application::ClientJsApplication;

/// The token of the blog's author.
pub(crate) const ADMIN_TOKEN: &str = "a token for the tests alone";

/// Which site a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SiteKind {
    /// The blog, whose client is WebAssembly.
    Blog,
    /// An application with `client.js`.
    Application,
}

/// A running site.
#[derive(Debug)]
pub(crate) enum CountedSite {
    Blog(Box<WebServer>),
    Application(ClientJsApplication),
}

impl CountedSite {
    /// Starts a site with its own data on a free port.
    pub(crate) async fn start(kind: SiteKind) -> anyhow::Result<Self> {
        Ok(match kind {
            SiteKind::Blog => {
                let options = ServerOptions::default().with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN);
                Self::Blog(Box::new(WebServer::start(options).await?))
            }
            SiteKind::Application => Self::Application(ClientJsApplication::start().await?),
        })
    }

    /// Returns the path of a page. There are `hello` and `second`.
    pub(crate) fn page(&self, slug: &str) -> String {
        match self {
            Self::Blog(_) => format!("/blog/{slug}"),
            Self::Application(_) => format!("/page/{slug}"),
        }
    }

    /// Adds a page and returns its path.
    pub(crate) async fn add_page(&self, slug: &str) -> anyhow::Result<String> {
        let path = self.page(slug);
        if let Self::Blog(server) = self {
            let markdown = format!("---\ntitle: {slug}\ndescription: A post\ndate: 2026-01-01\n---\n\nWords.\n");
            server.posts().write(&format!("{slug}.md"), &markdown)?;
        }
        wait_until(&format!("{path} exists"), async || {
            let status = http::get(self.address(), &path).await?.status;
            ensure!(status == StatusCode::OK, "the status is {status}");
            Ok(())
        })
        .await?;
        Ok(path)
    }

    /// Returns a number of a page, such as `viewers`.
    pub(crate) async fn number(&self, slug: &str, name: &str) -> anyhow::Result<u64> {
        let stats = http::get(self.address(), &format!("/horizon/stats/{slug}")).await?;
        Ok(stats.json()?[name].as_u64().unwrap_or_default())
    }

    /// Returns the metrics as text.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        match self {
            Self::Blog(server) => Ok(http::get(server.address(), "/metrics").await?.text()),
            Self::Application(application) => Ok(application.metrics()),
        }
    }
}

impl ServerUnderTest for CountedSite {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Blog(server) => server.address(),
            Self::Application(application) => application.address(),
        }
    }

    fn log(&self) -> String {
        match self {
            Self::Blog(server) => server.log(),
            Self::Application(application) => application.metrics(),
        }
    }
}

/// Runs a test with a site and at most `browsers` browsers; see [`browser_test_with`].
pub(crate) fn test_site(
    kind: SiteKind,
    browsers: u32,
    test: impl AsyncFnOnce(&mut BrowserTest<CountedSite>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    browser_test_with(browsers, async || CountedSite::start(kind).await, test)
}
