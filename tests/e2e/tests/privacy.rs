//! What is written about a reader: neither the address, nor the agent, nor the path of the referrer, nor the query.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use horizon_test_support::{
    ServerOptions, SseStream, TestCluster, WebServer,
    http::{self, Method},
    wait_until,
};

/// The setting with which the reader's address counts.
const TRUSTED_PROXIES: (&str, &str) = ("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32");

/// What a reader sends and no file may contain.
const SECRETS: [&str; 4] = ["203.0.113.77", "q7agent", "q7path", "q7token"];

/// What is stored of the reader's referrer, campaign and comment. It shows that the search finds what is written.
const STORED: [&str; 3] = ["q7source.com", "q7campaign", "q7comment"];

/// The request headers of the reader.
const READER: [(&str, &str); 4] = [
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:132.0; q7agent) Gecko/20100101 Firefox/132.0",
    ),
    ("x-forwarded-for", "203.0.113.77"),
    ("referer", "https://www.q7source.com/q7path"),
    ("content-type", "application/json"),
];

/// The query of the stream: a client that sends all it knows.
const OPENED: &str =
    "w=600&r=https%3A%2F%2Fwww.q7source.com%2Fq7path%3Fq7token&q=token%3Dq7token%26utm_campaign%3Dq7campaign";

/// Opens a page, reads it to its end, likes it and writes a comment.
async fn read(address: SocketAddr) -> anyhow::Result<SseStream> {
    let mut stream = http::open_stream(address, &format!("/horizon/live/hello?{OPENED}"), &READER).await?;
    stream.read_until("\"viewers\":1").await?;
    let comment = r#"{"author":"Ada","body":"q7comment"}"#;
    for (id, method, path, body) in [
        ("1", Method::GET, "/blog/hello?token=q7token", ""),
        ("2", Method::POST, "/horizon/finished/hello", ""),
        ("3", Method::PUT, "/horizon/likes/hello", ""),
        ("4", Method::POST, "/horizon/comments/hello", comment),
    ] {
        let key = format!("{id:0>32}");
        let headers = [&READER[..], &[("idempotency-key", key.as_str())]].concat();
        let response = http::send(address, method, path, &headers, body).await?;
        ensure!(
            response.status.is_success(),
            "{path}: {} {}",
            response.status,
            response.text()
        );
    }
    stream.read_until("\"likes\":1,\"comments\":1").await?;
    Ok(stream)
}

/// Returns the files in a folder and its subfolders.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Fails if a file in the folder contains a secret, or if no file contains what is stored.
fn search(folder: &Path) -> anyhow::Result<()> {
    let files = files(folder)?;
    // A file may be removed in between.
    let contents: Vec<Vec<u8>> = files.iter().filter_map(|file| fs::read(file).ok()).collect();
    for (file, bytes) in files.iter().zip(&contents) {
        for secret in SECRETS {
            ensure!(!contains(bytes, secret), "{} contains {secret}", file.display());
        }
    }
    for text in STORED {
        let is_stored = contents.iter().any(|bytes| contains(bytes, text));
        ensure!(is_stored, "no file of {files:?} contains {text}");
    }
    Ok(())
}

fn search_log(log: &str) -> anyhow::Result<()> {
    ensure!(!log.is_empty(), "there is no log");
    for secret in SECRETS {
        ensure!(!log.contains(secret), "the log contains {secret}: {log}");
    }
    Ok(())
}

#[tokio::test]
async fn sqlite_keeps_no_address_agent_or_referrer_of_a_reader() -> anyhow::Result<()> {
    let (name, value) = TRUSTED_PROXIES;
    let mut server = WebServer::start(ServerOptions::default().with(name, value)).await?;
    let database = server.database();
    // With the write-ahead log and the log of the process.
    let folder = database.parent().context("the database lies in a folder")?;
    let stream = read(server.address()).await?;
    wait_until("the reader is counted", async || search(folder)).await?;
    drop(stream);
    server.stop().await?;
    search(folder)?;
    search_log(&server.log())
}

#[tokio::test]
async fn redis_keeps_no_address_agent_or_referrer_of_a_reader() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let web = cluster.web("web", &[TRUSTED_PROXIES]).await?;
    let counter = cluster.accumulator("counter").await?;
    let folder = cluster.redis.cli(&["CONFIG", "GET", "dir"]).await?;
    // With the append-only file, which has each command: also entries of the stream that are removed.
    let folder = folder.lines().last().context("the folder of Redis")?.trim().to_owned();
    let stream = read(web.address()).await?;
    wait_until("the reader is counted", async || search(Path::new(&folder))).await?;
    drop(stream);
    web.stop().await?;
    counter.stop().await?;
    search(Path::new(&folder))?;
    for process in ["web", "counter"] {
        search_log(&cluster.log_of(process))?;
    }
    Ok(())
}
