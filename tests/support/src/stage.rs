use std::{
    collections::BTreeSet,
    net::SocketAddr,
    panic::{AssertUnwindSafe, resume_unwind},
};

use anyhow::{Context, ensure};
use futures::FutureExt;
use tokio::{runtime::Builder, sync::Semaphore};

use crate::{Options, Reader, Server, chrome::Driver};

/// How many browsers may run at once: more do not fit two cores.
static SEATS: Semaphore = Semaphore::const_new(3);

/// What readers can be in front of.
pub trait Host {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// What it has to say about a test that failed.
    fn log(&self) -> String;
}

impl Host for Server {
    fn address(&self) -> SocketAddr {
        self.address()
    }

    fn log(&self) -> String {
        self.log()
    }
}

/// A server and the readers in front of it.
#[derive(Debug)]
pub struct Stage<H = Server> {
    /// The server under test.
    pub server: H,
    driver: Option<Driver>,
    readers: Vec<Reader>,
    network_may_fail: bool,
    expected: Vec<&'static str>,
    hosts: BTreeSet<String>,
}

/// Plays a test with a server and at most `readers` browsers, then looks at what the browsers logged.
///
/// The browsers are closed however the test ends.
///
/// # Errors
/// The play's; else an error in a console, or a request to another host.
pub fn stage(
    readers: u32,
    options: Options,
    play: impl AsyncFnOnce(&mut Stage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    stage_of(readers, async || Server::start(options).await, play)
}

/// The same with a server of the test's own, which `start` starts.
///
/// # Errors
/// Those of [`stage`].
pub fn stage_of<H: Host>(
    readers: u32,
    start: impl AsyncFnOnce() -> anyhow::Result<H>,
    play: impl AsyncFnOnce(&mut Stage<H>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let _seats = SEATS.acquire_many(readers).await?;
        let server = start().await?;
        let hosts = BTreeSet::from([server.address().to_string()]);
        let mut stage = Stage {
            server,
            driver: None,
            readers: Vec::new(),
            network_may_fail: false,
            expected: Vec::new(),
            hosts,
        };
        let played = AssertUnwindSafe(play(&mut stage)).catch_unwind().await;
        let closed = stage.close().await;
        match played {
            Ok(Ok(())) => closed,
            Ok(Err(error)) => Err(error.context(format!("the server's log:\n{}", stage.server.log()))),
            Err(panic) => resume_unwind(panic),
        }
    })
}

impl<H: Host> Stage<H> {
    /// A reader with a browser of their own.
    ///
    /// # Errors
    /// Chromium or ChromeDriver is missing or does not start.
    pub async fn reader(&mut self, name: &str) -> anyhow::Result<Reader> {
        if self.driver.is_none() {
            self.driver = Some(Driver::start().await?);
        }
        let driver = self.driver.as_ref().context("a driver was started")?;
        let reader = Reader::start(driver, name, format!("http://{}", self.server.address())).await?;
        self.readers.push(reader.clone());
        Ok(reader)
    }

    /// Excuses requests that got no answer: for tests that take the server or the network away.
    pub fn network_may_fail(&mut self) {
        self.network_may_fail = true;
    }

    /// Excuses errors in a console that hold this text: for tests that make the server refuse something.
    pub fn expect_in_console(&mut self, text: &'static str) {
        self.expected.push(text);
    }

    /// Excuses requests to this host, with its port: for pages that use what another host serves.
    pub fn expect_host(&mut self, host: String) {
        self.hosts.insert(host);
    }

    async fn close(&mut self) -> anyhow::Result<()> {
        let mut verdict = Ok(());
        for reader in self.readers.drain(..) {
            let logged = reader.close(self.network_may_fail).await;
            verdict = verdict.and(logged.and_then(|(mut errors, hosts)| {
                errors.retain(|error| !self.expected.iter().any(|expected| error.contains(expected)));
                ensure!(errors.is_empty(), "{}'s console has errors: {errors:#?}", reader.name());
                ensure!(
                    hosts.is_subset(&self.hosts),
                    "{}'s browser talked to {hosts:?}, not only to {:?}",
                    reader.name(),
                    self.hosts
                );
                Ok(())
            }));
        }
        verdict
    }
}
