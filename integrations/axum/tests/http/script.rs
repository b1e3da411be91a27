//! The static files.

use http::header;

use crate::{client::TestResponse, site::AxumSite};

const FILES: [(&str, &str, &str); 5] = [
    ("/client.js", "text/javascript; charset=utf-8", "connect"),
    ("/comments.js?1f", "text/javascript; charset=utf-8", "submit"),
    ("/events.js?1f", "text/javascript; charset=utf-8", "track"),
    ("/finished.js?1f", "text/javascript; charset=utf-8", "watchEnd"),
    ("/client.d.ts", "text/plain; charset=utf-8", "connect"),
];

fn tag(response: &TestResponse) -> &str {
    let tag = response.headers[header::ETAG].to_str().unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    tag
}

#[tokio::test]
async fn the_script_and_its_types_may_be_cached() {
    let site = AxumSite::start().await;
    for (path, kind, name) in FILES {
        let response = site.client().get(path).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.headers[header::CONTENT_TYPE], kind);
        assert!(
            response.headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .starts_with("public, max-age=3600"),
            "{path}"
        );
        assert!(response.body.contains(name), "{path}");
        tag(&response);
    }
}

#[tokio::test]
async fn a_cached_script_is_not_sent_again() {
    let site = AxumSite::start().await;
    for (path, _, _) in FILES {
        let first = site.client().get(path).await;
        for known in [tag(&first), &format!("\"other\", W/{}", tag(&first)), "*"] {
            let again = site.client().with("if-none-match", known).get(path).await;
            assert_eq!(
                (again.status.as_u16(), again.body.as_str()),
                (304, ""),
                "{path} {known}"
            );
            assert_eq!(tag(&again), tag(&first));
            assert!(again.headers.contains_key(header::CACHE_CONTROL));
        }
        let other = site.client().with("if-none-match", "\"other\"").get(path).await;
        assert_eq!((other.status.as_u16(), other.body), (200, first.body), "{path}");
    }
}
