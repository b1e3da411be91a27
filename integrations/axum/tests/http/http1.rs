//! Invalid and malicious requests of HTTP/1.

use horizon_test_support::raw;

use crate::{bad_input::is_well, site::AxumSite};

#[tokio::test]
async fn a_request_of_http1_needs_one_host_and_a_known_transfer_coding() {
    let site = AxumSite::start().await;
    let stats = "/horizon/stats/hello";
    for (fields, status) in [
        ("host: h\r\n", 200),
        ("host: h:80\r\n", 200),
        ("", 400),
        ("host: h\r\nhost: h\r\n", 400),
        ("host: h\r\nhost: i\r\n", 400),
        ("host: h/i\r\n", 400),
        ("host: h\r\ntransfer-encoding: chunked\r\n", 200),
        ("host: h\r\ntransfer-encoding: gzip, chunked\r\n", 501),
        (
            "host: h\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
            501,
        ),
        ("host: h\r\ntransfer-encoding: chunked, chunked\r\n", 400),
    ] {
        let request = format!("GET {stats} HTTP/1.1\r\n{fields}\r\n0\r\n\r\n");
        let response = raw::exchange(site.address, request.as_bytes()).await.unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{fields:?}: {response}"
        );
        assert!(
            status == 200 || response.matches("HTTP/1.1").count() == 1,
            "{fields:?}: {response}"
        );
    }
    let old = raw::exchange(site.address, format!("GET {stats} HTTP/1.0\r\n\r\n").as_bytes())
        .await
        .unwrap();
    assert!(old.starts_with("HTTP/1.0 200"), "{old}");
    is_well(&site).await;
}

#[tokio::test]
async fn the_host_of_an_absolute_target_replaces_the_header_field() {
    let site = AxumSite::start().await;
    for (target, status) in [
        ("http://h/horizon/likes/hello", 200),
        ("http://other/horizon/likes/hello", 403),
    ] {
        let request = format!("PUT {target} HTTP/1.1\r\nhost: h\r\norigin: http://h\r\nconnection: close\r\n\r\n");
        let response = raw::exchange(site.address, request.as_bytes()).await.unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{target}: {response}"
        );
    }
}

#[tokio::test]
async fn bytes_that_are_not_http_get_an_error_or_a_closed_connection() {
    let site = AxumSite::start().await;
    let head = "POST /horizon/comments/hello HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n";
    let truncated = raw::exchange(
        site.address,
        format!("{head}content-length: 100\r\n\r\n{{\"body\":").as_bytes(),
    )
    .await
    .unwrap();
    assert!(
        truncated.is_empty() || truncated.starts_with("HTTP/1.1 400"),
        "{truncated}"
    );
    let long = format!(
        "GET /horizon/stats HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    assert!(
        raw::exchange(site.address, long.as_bytes())
            .await
            .unwrap()
            .starts_with("HTTP/1.1 431")
    );
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET /horizon/stats\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: h\r\nbad header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /horizon/comments/hello HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /horizon/stats/\xff HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    ] {
        let response = raw::exchange(site.address, bytes).await.unwrap();
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 4"), "{response}");
    }
    is_well(&site).await;
}
