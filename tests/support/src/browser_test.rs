use std::{
    collections::BTreeSet,
    net::SocketAddr,
    panic::{AssertUnwindSafe, resume_unwind},
};

use anyhow::ensure;
use futures::FutureExt;
use tokio::{runtime::Builder, sync::Semaphore};

use crate::{Browser, ServerOptions, WebServer};

/// The maximum number of browsers of one test process that run at the same time. Two cores cannot run more.
static BROWSER_PERMITS: Semaphore = Semaphore::const_new(3);

/// A server that browsers open.
pub trait ServerUnderTest {
    /// Returns the address it listens on.
    fn address(&self) -> SocketAddr;

    /// Returns the log to show when the test fails.
    fn log(&self) -> String;
}

impl ServerUnderTest for WebServer {
    fn address(&self) -> SocketAddr {
        self.address()
    }

    fn log(&self) -> String {
        self.log()
    }
}

/// A server and the browsers that a test opened.
#[derive(Debug)]
pub struct BrowserTest<S = WebServer> {
    /// The server under test.
    pub server: S,
    browsers: Vec<Browser>,
    network_may_fail: bool,
    expected_errors: Vec<&'static str>,
    allowed_hosts: BTreeSet<String>,
}

/// Runs a test with a web server and at most `browsers` browsers, then checks what the browsers logged.
///
/// The browsers are closed even if the test panics.
///
/// # Errors
/// The test fails, a console has an error, or a browser sent a request to another host.
pub fn browser_test(
    browsers: u32,
    options: ServerOptions,
    test: impl AsyncFnOnce(&mut BrowserTest) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    browser_test_with(browsers, async || WebServer::start(options).await, test)
}

/// Like [`browser_test`], with the server that `start` returns.
///
/// # Errors
/// Those of [`browser_test`].
pub fn browser_test_with<S: ServerUnderTest>(
    browsers: u32,
    start: impl AsyncFnOnce() -> anyhow::Result<S>,
    test: impl AsyncFnOnce(&mut BrowserTest<S>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let _permits = BROWSER_PERMITS.acquire_many(browsers).await?;
        let server = start().await?;
        let allowed_hosts = BTreeSet::from([server.address().to_string()]);
        let mut context = BrowserTest {
            server,
            browsers: Vec::new(),
            network_may_fail: false,
            expected_errors: Vec::new(),
            allowed_hosts,
        };
        let result = AssertUnwindSafe(test(&mut context)).catch_unwind().await;
        let closed = context.close().await;
        match result {
            Ok(Ok(())) => closed,
            Ok(Err(error)) => Err(error.context(format!("the server's log:\n{}", context.server.log()))),
            Err(panic) => resume_unwind(panic),
        }
    })
}

impl<S: ServerUnderTest> BrowserTest<S> {
    /// Starts a browser with its own profile. `name` is part of its user agent.
    ///
    /// # Errors
    /// The browser or its driver is missing or does not start.
    pub async fn browser(&mut self, name: &str) -> anyhow::Result<Browser> {
        self.start_browser(name, false).await
    }

    /// Like [`browser`](Self::browser), with `Sec-GPC: 1` (Global Privacy Control) in each request of its pages.
    ///
    /// # Errors
    /// Those of [`browser`](Self::browser).
    pub async fn browser_with_privacy_signal(&mut self, name: &str) -> anyhow::Result<Browser> {
        self.start_browser(name, true).await
    }

    async fn start_browser(&mut self, name: &str, sends_privacy_signal: bool) -> anyhow::Result<Browser> {
        let site = format!("http://{}", self.server.address());
        let browser = Browser::start(name, site, sends_privacy_signal).await?;
        self.browsers.push(browser.clone());
        Ok(browser)
    }

    /// Ignores console errors about requests without a response, for tests that stop the server or the network.
    pub fn network_may_fail(&mut self) {
        self.network_may_fail = true;
    }

    /// Ignores console errors that contain this text, for tests whose requests the server rejects.
    pub fn expect_in_console(&mut self, text: &'static str) {
        self.expected_errors.push(text);
    }

    /// Allows requests to this `host:port`, for pages that include files of another server.
    pub fn expect_host(&mut self, host: String) {
        self.allowed_hosts.insert(host);
    }

    async fn close(&mut self) -> anyhow::Result<()> {
        let mut result = Ok(());
        for browser in self.browsers.drain(..) {
            let logged = browser.close(self.network_may_fail).await;
            result = result.and(logged.and_then(|(mut errors, hosts)| {
                errors.retain(|error| !self.expected_errors.iter().any(|expected| error.contains(expected)));
                ensure!(
                    errors.is_empty(),
                    "the console of {} has errors: {errors:#?}",
                    browser.name()
                );
                ensure!(
                    hosts.is_subset(&self.allowed_hosts),
                    "{} sent requests to {hosts:?}, but may only send them to {:?}",
                    browser.name(),
                    self.allowed_hosts
                );
                Ok(())
            }));
        }
        result
    }
}
