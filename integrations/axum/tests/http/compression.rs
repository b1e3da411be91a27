//! Compressed responses.

use http::header;
use serde_json::json;

use crate::{
    client::{Client, TestResponse},
    site::AxumSite,
};

fn coding(response: &TestResponse) -> &str {
    let coding = response.headers.get(header::CONTENT_ENCODING);
    coding.map_or("", |coding| coding.to_str().unwrap())
}

fn length(response: &TestResponse) -> usize {
    let length = response.headers[header::CONTENT_LENGTH].to_str().unwrap();
    length.parse().unwrap()
}

fn accepting(site: &AxumSite, codings: &str) -> Client {
    site.client().with("accept-encoding", codings)
}

#[tokio::test]
async fn a_file_is_compressed_with_what_the_client_accepts_and_each_version_has_a_tag() {
    let site = AxumSite::start().await;
    // A small file is compressed less, and so is a minified one.
    for (path, largest_percent) in [
        ("/client.js", 55),
        ("/comments.js", 65),
        ("/client.d.ts", 50),
        ("/openapi.json", 50),
    ] {
        let plain = site.client().get(path).await;
        let mut tags = vec![plain.headers[header::ETAG].clone()];
        for (codings, expected) in [("gzip, deflate, br", "br"), ("gzip", "gzip")] {
            let response = accepting(&site, codings).get(path).await;
            assert_eq!(coding(&response), expected, "{path}");
            let percent = length(&response) * 100 / length(&plain);
            assert!(percent < largest_percent, "{path} {expected}: {percent} %");
            let tag = response.headers[header::ETAG].clone();
            let known = accepting(&site, codings).with("if-none-match", tag.to_str().unwrap());
            assert_eq!(known.get(path).await.status, 304, "{path} {expected}");
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "{path}: {tags:?}");
        assert_eq!(
            (coding(&plain), &plain.headers[header::VARY]),
            ("", &"accept-encoding".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn only_large_documents_are_compressed() {
    let site = AxumSite::start().await;
    let small = accepting(&site, "gzip").get("/comments/hello").await;
    assert_eq!(coding(&small), "");
    let body = "The same words again. ".repeat(60);
    let posted = site.client().json("/comments/hello", &json!({ "body": body })).await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    let plain = site.client().get("/comments/hello").await;
    for name in ["br", "gzip"] {
        let large = accepting(&site, name).get("/comments/hello").await;
        assert_eq!(
            (coding(&large), &large.headers[header::VARY]),
            (name, &"accept-encoding".parse().unwrap())
        );
        assert!(length(&large) < length(&plain) / 2, "{name}");
    }
}
