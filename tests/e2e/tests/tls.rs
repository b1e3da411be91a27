//! TLS of the blog: its settings, and certificates that change.

use std::path::Path;

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, TestCertificate, WebServer, raw, wait_for_line, wait_until};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn options(folder: &Path) -> ServerOptions {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    ServerOptions::default()
        .with("HORIZON_TLS_CERT", &path("cert.pem"))
        .with("HORIZON_TLS_KEY", &path("key.pem"))
}

/// Sends a request over TLS and returns the response.
async fn exchange(server: &WebServer, certificate: &TestCertificate, head: &str) -> anyhow::Result<String> {
    let mut stream = certificate.connect(server.address(), &["http/1.1"]).await?;
    let request = format!("{head} HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

#[tokio::test]
async fn pages_likes_and_live_streams_work_over_tls() -> anyhow::Result<()> {
    let (folder, certificate) = (TempDir::new()?, TestCertificate::generate()?);
    certificate.write(folder.path())?;
    let server = WebServer::start(options(folder.path())).await?;
    let page = exchange(&server, &certificate, "GET /blog/hello").await?;
    ensure!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    let like = exchange(&server, &certificate, "PUT /horizon/likes/hello").await?;
    ensure!(like.starts_with("HTTP/1.1 200 OK"), "{like}");
    let cookie = like.lines().find(|line| line.starts_with("set-cookie"));
    ensure!(cookie.is_some_and(|cookie| cookie.contains("Secure")), "{like}");
    let mut live = certificate.connect(server.address(), &["http/1.1"]).await?;
    let request = b"GET /horizon/live/hello HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0\r\n\r\n";
    live.write_all(request).await?;
    raw::read_until(&mut live, "\"viewers\":1").await?;
    let chosen = certificate.connect(server.address(), &["h2", "http/1.1"]).await?;
    ensure!(
        chosen.get_ref().1.alpn_protocol() == Some(b"h2"),
        "HTTP/2 is not chosen"
    );
    Ok(())
}

#[tokio::test]
async fn a_changed_certificate_is_used_and_a_broken_one_is_not() -> anyhow::Result<()> {
    let (folder, old, new) = (
        TempDir::new()?,
        TestCertificate::generate()?,
        TestCertificate::generate()?,
    );
    old.write(folder.path())?;
    let server = WebServer::start(options(folder.path())).await?;
    old.connect(server.address(), &[]).await?;
    std::fs::write(folder.path().join("key.pem"), new.key_pem())?;
    wait_for_line(
        || server.log(),
        &["ERROR", "previous one stays in use", "cannot be used together"],
    )
    .await?;
    old.connect(server.address(), &[])
        .await
        .context("the old certificate is gone")?;
    new.write(folder.path())?;
    wait_until("the new certificate is used", async || {
        new.connect(server.address(), &[]).await.map(drop)
    })
    .await?;
    ensure!(
        old.connect(server.address(), &[]).await.is_err(),
        "the old certificate is used"
    );
    ensure!(server.log().matches("ERROR").count() == 1, "{}", server.log());
    Ok(())
}

#[tokio::test]
async fn a_base_url_that_is_not_https_is_reported() -> anyhow::Result<()> {
    let (folder, certificate) = (TempDir::new()?, TestCertificate::generate()?);
    certificate.write(folder.path())?;
    let options = options(folder.path()).with("HORIZON_BASE_URL", "http://blog.example");
    let server = WebServer::start(options).await?;
    wait_for_line(|| server.log(), &["WARN", "HORIZON_BASE_URL is not https"]).await
}
