//! TLS: the choice of the protocol, live streams, and clients that do not speak TLS.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::FutureExt;
use horizon_axum::{Limits, Tls, TlsError, serve_tls};
use horizon_test_support::{TestCertificate, raw, wait_until};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::{
    http2_client::Http2Client,
    site::{AxumSite, PATIENCE, Served},
};

/// The time in which a reader's leaving must be noticed.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

const LIVE: &[u8] = b"GET /horizon/live/hello HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0\r\n\r\n";

/// A site with a certificate.
struct TlsSite {
    site: AxumSite,
    certificate: TestCertificate,
}

impl TlsSite {
    async fn with(set: impl FnOnce(&mut Limits)) -> Self {
        let (folder, certificate) = (TempDir::new().unwrap(), TestCertificate::generate().unwrap());
        certificate.write(folder.path()).unwrap();
        Self::serve(load(&folder).unwrap(), certificate, set).await
    }

    async fn serve(tls: Tls, certificate: TestCertificate, set: impl FnOnce(&mut Limits)) -> Self {
        let serve = |(listener, app, limits, stopped, horizon): Served| {
            async move { serve_tls(listener, app, limits, tls, stopped, &horizon).await }.boxed()
        };
        let site = AxumSite::served(|_, limits| set(limits), serve).await;
        Self { site, certificate }
    }

    async fn connect(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        self.certificate.connect(self.site.address, protocols).await.unwrap()
    }
}

fn load(folder: &TempDir) -> Result<Tls, TlsError> {
    Tls::from_files(folder.path().join("cert.pem"), folder.path().join("key.pem"))
}

/// Reads until the server closes the connection, and returns what it sends.
async fn closed(address: SocketAddr, sent: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(sent).await.unwrap();
    let mut received = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut received)).await;
    read.expect("the server keeps the connection open").ok();
    received
}

#[tokio::test]
async fn a_client_chooses_the_protocol_in_the_handshake() {
    let site = TlsSite::with(|_| {}).await;
    for (offered, chosen) in [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1"), (&[], "")] {
        let mut stream = site.connect(offered).await;
        let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default().to_vec();
        assert_eq!(String::from_utf8(protocol).unwrap(), chosen);
        if chosen == "h2" {
            let mut client = Http2Client::over(stream).await;
            assert_eq!(client.response("GET", "/stats/hello").await.status(), 200);
        } else {
            let request = b"GET /horizon/stats/hello HTTP/1.1\r\nhost: localhost\r\n\r\n";
            stream.write_all(request).await.unwrap();
            raw::read_until(&mut stream, "\"comments\":0}").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_certificate_that_changes_before_the_start_is_used() {
    let folder = TempDir::new().unwrap();
    let old = TestCertificate::generate().unwrap();
    old.write(folder.path()).unwrap();
    let tls = load(&folder).unwrap();
    let new = TestCertificate::generate().unwrap();
    new.write(folder.path()).unwrap();
    let site = TlsSite::serve(tls, new, |_| {}).await;
    let connect = async || site.certificate.connect(site.site.address, &[]).await;
    wait_until("the new certificate is used", connect).await.unwrap();
}

#[tokio::test]
async fn a_live_stream_over_tls_ends_when_its_reader_leaves() {
    let site = TlsSite::with(|_| {}).await;
    let mut first = site.connect(&["http/1.1"]).await;
    first.write_all(LIVE).await.unwrap();
    raw::read_until(&mut first, "\"viewers\":1").await.unwrap();
    let mut client = Http2Client::over(site.connect(&["h2"]).await).await;
    let mut second = client.live("/live/hello").await;
    second.until("\"viewers\":2").await;
    raw::read_until(&mut first, "\"viewers\":2").await.unwrap();
    let left = Instant::now();
    drop((first, second));
    site.site.metric_is("horizon_live_connections", 0).await;
    client.close();
    site.site.metric_is("horizon_connections", 0).await;
    assert!(left.elapsed() < LEAVE_TIMEOUT, "{:?}", left.elapsed());
}

#[tokio::test]
async fn a_live_stream_over_tls_ends_completely_on_shutdown() {
    let mut site = TlsSite::with(|_| {}).await;
    let mut stream = site.connect(&["http/1.1"]).await;
    stream.write_all(LIVE).await.unwrap();
    raw::read_until(&mut stream, "\"viewers\":1").await.unwrap();
    site.site.stop();
    let mut rest = Vec::new();
    // Without the alert `close_notify` this is an error.
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.ends_with(b"\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
    timeout(PATIENCE, &mut site.site.server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_stream_over_tls_whose_client_sends_without_end_is_closed() {
    let site = TlsSite::with(|_| {}).await;
    let mut stream = site.connect(&["http/1.1"]).await;
    stream.write_all(LIVE).await.unwrap();
    raw::read_until(&mut stream, "event: comments").await.unwrap();
    let flood = timeout(PATIENCE, async {
        while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
    });
    flood.await.expect("the server reads on");
    site.site.metric_is("horizon_connections", 0).await;
}

#[tokio::test]
async fn a_handshake_that_stalls_times_out() {
    let site = TlsSite::with(|limits| limits.header_read_timeout = Duration::from_millis(300)).await;
    for start in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        assert_eq!(closed(site.site.address, start).await, b"");
    }
    let mut silent = site.connect(&["h2"]).await;
    let rest = timeout(PATIENCE, silent.read_to_end(&mut Vec::new())).await;
    rest.expect("a connection without a request stays open").ok();
    site.site.metric_is("horizon_connections", 0).await;
}

#[tokio::test]
async fn a_stalled_handshake_counts_as_a_connection() {
    let site = TlsSite::with(|limits| limits.connections_per_network = 1).await;
    let _stalled = TcpStream::connect(site.site.address).await.unwrap();
    site.site.metric_is("horizon_connections", 1).await;
    assert_eq!(closed(site.site.address, b"").await, b"");
    assert_eq!(
        site.site
            .metric("horizon_connections_refused_total{reason=\"network\"}"),
        1
    );
}

#[tokio::test]
async fn a_client_without_tls_is_told_to_use_https() {
    let site = TlsSite::with(|_| {}).await;
    for request in [LIVE, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let response = String::from_utf8(closed(site.site.address, request).await).unwrap();
        assert!(
            response.starts_with("HTTP/1.1 400 ") && response.contains("use https"),
            "{response}"
        );
    }
    site.site.metric_is("horizon_connections", 0).await;
}

#[test]
fn an_error_names_the_file_to_correct() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (
        TestCertificate::generate().unwrap(),
        TestCertificate::generate().unwrap(),
    );
    let (pem, key) = (one.pem(), one.key_pem());
    for (certificate, key, expected) in [
        ("", key, "cert.pem contains no certificate"),
        (key, key, "cert.pem contains no certificate"),
        (pem, "", "key.pem cannot be used"),
        (pem, pem, "key.pem cannot be used"),
        (pem, other.key_pem(), "cannot be used together"),
    ] {
        fs::write(folder.path().join("cert.pem"), certificate).unwrap();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        let error = load(&folder).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    }
    fs::remove_file(folder.path().join("cert.pem")).unwrap();
    let error = load(&folder).unwrap_err().to_string();
    assert!(error.contains("cert.pem cannot be used"), "{error}");
}
