//! `HEAD`: the headers of `GET`.

use http::{HeaderMap, header};

use crate::site::AxumSite;

/// Returns the headers that do not depend on the moment and on the connection.
fn stable(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(header::DATE);
    headers.remove(header::TRANSFER_ENCODING);
    headers
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let site = AxumSite::start().await;
    for path in [
        "/client.js",
        "/comments.js",
        "/client.d.ts",
        "/openapi.json",
        "/stats",
        "/stats/hello",
        "/likes/hello",
        "/comments/hello",
        "/stats/no-page",
        "/nothing",
    ] {
        for codings in ["identity", "gzip"] {
            let client = site.client().with("accept-encoding", codings);
            let (get, head) = (client.get(path).await, client.send("HEAD", path, "").await);
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
            assert_ne!(get.headers[header::CONTENT_LENGTH], "0", "{path}");
            assert_eq!(stable(head.headers), stable(get.headers), "{path}");
        }
    }
}

#[tokio::test]
async fn head_of_a_stream_has_its_headers_and_opens_no_viewer() {
    let site = AxumSite::start().await;
    let head = site.client().send("HEAD", "/live/hello", "").await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert!(!head.headers.contains_key(header::CONTENT_LENGTH));
    assert_eq!(site.client().numbers("/stats/hello").await.viewers, 0);
    let live = site.client().live("/live/hello").await;
    assert_eq!(stable(head.headers), stable(live.headers));
}
