use anyhow::ensure;
use horizon_test_support::{ServerOptions, WebServer, http, wait_for_line};

const WARNING: &str = "not a trusted proxy";

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_reported_once_without_addresses() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for client in ["192.0.2.7", "192.0.2.8"] {
        for path in ["/", "/horizon/stats"] {
            let headers = [("x-forwarded-for", client)];
            http::send(server.address(), http::Method::GET, path, &headers, "").await?;
        }
    }
    wait_for_line(|| server.log(), &[WARNING, "this machine", "HORIZON_TRUSTED_PROXIES"]).await?;
    let log = server.log();
    ensure!(log.matches(WARNING).count() == 1 && !log.contains("192.0.2."), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_trusted_proxy_and_a_direct_reader_are_not_reported() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1, ::1");
    let mut server = WebServer::start(options).await?;
    for headers in [&[("x-forwarded-for", "192.0.2.7")][..], &[]] {
        for path in ["/", "/horizon/stats"] {
            http::send(server.address(), http::Method::GET, path, headers, "").await?;
        }
    }
    server.stop().await?;
    ensure!(!server.log().contains(WARNING), "{}", server.log());
    Ok(())
}
