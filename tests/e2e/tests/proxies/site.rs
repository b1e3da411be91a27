//! The blog behind a proxy, and what must work through every proxy.

use std::{
    env,
    ffi::OsString,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, WebServer, http, process::Process, raw, wait_until};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    process::Command,
};

use crate::paths;

/// The files of the proxies.
pub(crate) const PROXIES: &str = "docs/proxies";

/// The address of the blog in the files.
const BLOG: &str = "127.0.0.1:3000";

/// How often the proxy is started at most, each time with another port.
pub(crate) const MAX_ATTEMPTS: u32 = 3;

const TOKEN: &str = "a-long-secret-of-the-author";
const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// How to run a proxy with its file.
#[derive(Clone, Copy)]
pub(crate) struct ProxySetup {
    /// Its name in [`PROXIES`].
    pub(crate) file: &'static str,
    /// What the file listens on, and the replacement for an address of the test.
    pub(crate) listen: (&'static str, fn(SocketAddr) -> String),
    pub(crate) leave: LeaveNotice,
    /// Returns the command, from a folder for its files, the changed file, and the address.
    pub(crate) command: fn(&Path, &str, SocketAddr) -> anyhow::Result<Command>,
}

/// When the blog notices that a reader behind the proxy has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaveNotice {
    /// The proxy closes its connection, too.
    AtOnce,
    /// The proxy closes its connection when it cannot pass on the next messages: after a heartbeat.
    AfterHeartbeat,
}

impl LeaveNotice {
    /// Returns the heartbeat of the blog in seconds: longer than the test waits, or short.
    fn heartbeat(self) -> &'static str {
        match self {
            Self::AtOnce => "60",
            Self::AfterHeartbeat => "2",
        }
    }
}

/// A blog whose readers come through a proxy.
pub(crate) struct ProxiedSite {
    server: WebServer,
    proxy: SocketAddr,
    /// The base URL of the blog: the URL of the proxy.
    origin: String,
    setup: ProxySetup,
    _process: ProxyProcess,
}

/// A running proxy, and the folder of its files.
pub(crate) struct ProxyProcess {
    _process: Process,
    _folder: TempDir,
}

impl ProxyProcess {
    /// Starts the proxy at `proxy`, in front of `upstream`.
    pub(crate) async fn start(setup: &ProxySetup, proxy: SocketAddr, upstream: SocketAddr) -> anyhow::Result<Self> {
        let file = workspace()?.join(PROXIES).join(setup.file);
        let config = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let config = replace_once(&config, BLOG, &upstream.to_string())?;
        let (listen, replacement) = setup.listen;
        let config = replace_once(&config, listen, &replacement(proxy))?;
        let folder = TempDir::new()?;
        let mut command = (setup.command)(folder.path(), &config, proxy)?;
        command.kill_on_drop(true).env("PATH", path_of_servers()?);
        let process = Process::start_at(command, proxy, &folder.path().join("log")).await;
        let process = process.context("if the proxy is missing: run `cargo xtask test`, which installs it")?;
        Ok(Self {
            _process: process,
            _folder: folder,
        })
    }
}

/// Returns the root of the workspace.
pub(crate) fn workspace() -> anyhow::Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(package
        .ancestors()
        .nth(2)
        .context("the package is in the workspace")?
        .to_owned())
}

fn replace_once(text: &str, from: &str, to: &str) -> anyhow::Result<String> {
    ensure!(
        text.matches(from).count() == 1,
        "`{from}` must be in the file once:\n{text}"
    );
    Ok(text.replace(from, to))
}

/// Returns the `PATH` with the folder of Debian's servers, which the one of a user lacks.
fn path_of_servers() -> anyhow::Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(
        env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]),
    )?)
}

/// Returns whether the log of the proxy, which the error contains, says that its address is in use.
pub(crate) fn is_port_in_use(error: &anyhow::Error) -> bool {
    format!("{error:#}").to_lowercase().contains("address already in use")
}

impl ProxiedSite {
    /// Starts the blog and the proxy. Tries again if another process took the port of the proxy in between.
    pub(crate) async fn start(setup: ProxySetup) -> anyhow::Result<Self> {
        for _ in 1..MAX_ATTEMPTS {
            match Self::try_start(&setup).await {
                Err(error) if is_port_in_use(&error) => {}
                started => return started,
            }
        }
        Self::try_start(&setup).await
    }

    async fn try_start(setup: &ProxySetup) -> anyhow::Result<Self> {
        // The blog has to know its URL before the proxy starts.
        let proxy = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let origin = format!("http://{proxy}");
        let options = ServerOptions::default()
            .with("HORIZON_BASE_URL", &origin)
            .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1")
            .with("HORIZON_HEARTBEAT", setup.leave.heartbeat())
            .with("HORIZON_ADMIN_TOKEN", TOKEN);
        let server = WebServer::start(options).await?;
        let process = ProxyProcess::start(setup, proxy, server.address()).await?;
        Ok(Self {
            server,
            proxy,
            origin,
            setup: *setup,
            _process: process,
        })
    }

    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        self.check_likes().await.context("likes")?;
        self.check_comments().await.context("comments")?;
        self.check_sign_in().await.context("sign-in")?;
        self.check_streams().await.context("streams")?;
        self.check_addresses().await.context("client addresses")?;
        self.check_limits().await.context("limits")?;
        paths::check(&self.setup).await.context("pages with a path")?;
        let log = self.server.log();
        ensure!(
            !log.contains("trusted proxy") && !log.contains("request failed"),
            "{log}"
        );
        Ok(())
    }

    /// Sends a form as a browser does without Fetch Metadata, which it sends only to HTTPS and to this machine.
    async fn send_form(&self, path: &str, form: &str, cookie: &str) -> anyhow::Result<http::Response> {
        let headers = [
            ("origin", self.origin.as_str()),
            ("content-type", FORM),
            ("accept", "text/html"),
            ("cookie", cookie),
        ];
        http::send(self.proxy, http::Method::POST, path, &headers, form.to_owned()).await
    }

    async fn check_likes(&self) -> anyhow::Result<()> {
        let headers = [("origin", self.origin.as_str())];
        let liked = http::send(self.proxy, http::Method::PUT, "/horizon/likes/hello", &headers, "").await?;
        ensure!(liked.status == 200 && liked.json()?["likes"] == 1, "{liked:?}");
        let cookie = liked.cookie();
        let headers = [("cookie", cookie.as_str())];
        let view = http::send(self.proxy, http::Method::GET, "/horizon/likes/hello", &headers, "").await?;
        ensure!(view.json()?["liked"] == true, "{view:?}");
        let form = self
            .send_form("/horizon/likes/hello", "liked=false&back=%2Fblog%2Fhello", &cookie)
            .await?;
        ensure!(
            form.status == 303 && form.header("location") == "/blog/hello",
            "{form:?}"
        );
        let headers = [("origin", "http://evil.example")];
        let foreign = http::send(self.proxy, http::Method::PUT, "/horizon/likes/hello", &headers, "").await?;
        ensure!(foreign.status == 403, "{foreign:?}");
        Ok(())
    }

    async fn check_comments(&self) -> anyhow::Result<()> {
        let posted = self
            .send_form("/horizon/comments/hello", "body=Well+said&back=%2Fblog%2Fhello", "")
            .await?;
        ensure!(posted.status == 303, "{posted:?}");
        let page = http::get(self.proxy, "/blog/hello").await?;
        ensure!(page.text().contains("Well said"), "{}", page.text());
        ensure!(
            page.text().contains(&format!("href=\"{}/blog/hello\"", self.origin)),
            "{}",
            page.text()
        );
        Ok(())
    }

    async fn check_sign_in(&self) -> anyhow::Result<()> {
        let signed_in = self.send_form("/admin/login", &format!("token={TOKEN}"), "").await?;
        ensure!(
            signed_in.status == 303 && signed_in.header("location") == "/admin",
            "{signed_in:?}"
        );
        let cookie = signed_in.cookie();
        let admin = http::send(self.proxy, http::Method::GET, "/admin", &[("cookie", &cookie)], "").await?;
        ensure!(admin.text().contains("Well said"), "{}", admin.text());
        let signed_out = self.send_form("/admin/logout", "", &cookie).await?;
        ensure!(signed_out.status == 303, "{signed_out:?}");
        Ok(())
    }

    /// A reader sees the numbers at once, then the like of another one; when they leave, it is noticed.
    async fn check_streams(&self) -> anyhow::Result<()> {
        let mut stream = self.open_stream([127, 0, 0, 1], "").await?;
        raw::read_until(&mut stream, "\"viewers\":1").await?;
        http::send(self.proxy, http::Method::PUT, "/horizon/likes/hello", &[], "").await?;
        raw::read_until(&mut stream, "\"likes\":1").await?;
        drop(stream);
        self.wait_until_left().await
    }

    /// The address is the one that the proxy saw, whatever the client says.
    async fn check_addresses(&self) -> anyhow::Result<()> {
        let spoofed = [
            "",
            "X-Forwarded-For: 192.0.2.1\r\n",
            "X-Forwarded-For: 192.0.2.2, 127.0.0.1\r\n",
        ];
        let mut streams = Vec::new();
        for field in spoofed {
            let mut stream = self.open_stream([127, 0, 0, 2], field).await?;
            raw::read_until(&mut stream, "\"viewers\":1").await?;
            streams.push(stream);
        }
        let mut other = self.open_stream([127, 0, 0, 3], "").await?;
        raw::read_until(&mut other, "\"viewers\":2").await?;
        drop((streams, other));
        self.wait_until_left().await
    }

    async fn check_limits(&self) -> anyhow::Result<()> {
        for path in ["/healthz", "/readyz", "/metrics"] {
            let response = http::get(self.proxy, path).await?;
            ensure!(
                matches!(response.status.as_u16(), 403 | 404),
                "{path}: {}",
                response.status
            );
        }
        let long = format!("body={}", "a".repeat(200_000));
        let rejected = self.send_form("/horizon/comments/hello", &long, "").await?;
        ensure!(rejected.status == 413, "{}", rejected.status);
        Ok(())
    }

    /// Opens a stream from this address of this machine, with another header field.
    async fn open_stream(&self, from: [u8; 4], field: &str) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let mut stream = socket.connect(self.proxy).await?;
        let head = format!(
            "GET /horizon/live/hello HTTP/1.1\r\nHost: {}\r\nUser-Agent: {BROWSER}\r\n{field}\r\n",
            self.proxy
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    }

    async fn wait_until_left(&self) -> anyhow::Result<()> {
        wait_until("nobody reads", async || {
            let stats = http::get(self.server.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(stats["viewers"] == 0, "{stats}");
            Ok(())
        })
        .await
    }
}
