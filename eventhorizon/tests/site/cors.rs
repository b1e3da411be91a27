//! Pages of other origins (the CORS protocol).

use eventhorizon::{
    Horizon, ResponseBody, Slug,
    http::{Request, Response, StatusCode, header},
};

const SHOP: &str = "https://shop.example.com";

async fn site() -> Horizon {
    let builder = Horizon::in_memory().configure(|config| {
        config.origins.push(SHOP.parse().unwrap());
        config.secure_cookies = true;
    });
    builder.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap()
}

async fn send(horizon: &Horizon, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<ResponseBody> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(String::new()).unwrap();
    horizon.handle([192, 0, 2, 1].into(), request).await
}

fn header<'a>(response: &'a Response<ResponseBody>, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn names(response: &Response<ResponseBody>) -> usize {
    let names = response.headers().keys();
    names.filter(|name| name.as_str().starts_with("access-control")).count()
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_reads_and_writes() {
    let horizon = site().await;
    let cross = ("sec-fetch-site", "cross-site");
    let like = send(&horizon, "PUT", "/likes/bread", &[("origin", SHOP), cross]).await;
    assert_eq!(like.status(), StatusCode::OK);
    assert_eq!(header(&like, "access-control-allow-origin"), SHOP);
    assert_eq!(header(&like, "access-control-allow-credentials"), "true");
    assert_eq!(header(&like, "access-control-expose-headers"), "retry-after");
    let cookie = header(&like, "set-cookie");
    for attribute in ["SameSite=None", "Secure", "Partitioned"] {
        assert!(
            cookie.split("; ").any(|part| part == attribute),
            "{attribute}: {cookie}"
        );
    }
    let reader = ("cookie", cookie.split(';').next().unwrap());
    let unlike = send(&horizon, "DELETE", "/likes/bread", &[("origin", SHOP), cross, reader]).await;
    let ResponseBody::Bytes(json) = unlike.into_body() else {
        panic!("a stream")
    };
    assert_eq!(json, r#"{"liked":false,"likes":0}"#);
    let live = send(&horizon, "GET", "/live/bread", &[("origin", SHOP)]).await;
    assert_eq!(header(&live, "access-control-allow-origin"), SHOP, "streams, too");
    let unknown = send(&horizon, "GET", "/stats/stew", &[("origin", SHOP)]).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&unknown, "access-control-allow-origin"), SHOP, "problems, too");
}

#[tokio::test]
async fn a_preflight_request_of_an_allowed_origin_gets_permission() {
    let horizon = site().await;
    let asked = [
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type,idempotency-key"),
    ];
    let preflight = [&[("origin", SHOP)][..], &asked].concat();
    let allowed = send(&horizon, "OPTIONS", "/likes/bread", &preflight).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(header(&allowed, "access-control-allow-origin"), SHOP);
    assert_eq!(header(&allowed, "access-control-allow-credentials"), "true");
    assert_eq!(
        header(&allowed, "access-control-allow-methods"),
        "GET, PUT, DELETE, POST"
    );
    assert_eq!(
        header(&allowed, "access-control-allow-headers"),
        "content-type, idempotency-key"
    );
    let stranger = [&[("origin", "https://evil.example")][..], &asked].concat();
    for headers in [&stranger[..], &[("origin", SHOP)], &asked] {
        let refused = send(&horizon, "OPTIONS", "/likes/bread", headers).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{headers:?}");
        assert_eq!(header(&refused, "access-control-allow-methods"), "", "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_read_or_write() {
    let horizon = site().await;
    let cross = ("sec-fetch-site", "cross-site");
    for other in ["https://evil.example", "https://shop.example.com.evil.example", "null"] {
        let refused = send(&horizon, "PUT", "/likes/bread", &[("origin", other), cross]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{other}");
        assert_eq!(names(&refused), 0, "{other}");
        let stats = send(&horizon, "GET", "/stats/bread", &[("origin", other), cross]).await;
        assert_eq!(names(&stats), 0, "{other}");
    }
}

#[tokio::test]
async fn a_cache_keeps_the_responses_for_each_origin_apart() {
    let horizon = site().await;
    for origin in [&[][..], &[("origin", SHOP)]] {
        let stats = send(&horizon, "GET", "/stats/bread", origin).await;
        assert_eq!(header(&stats, "vary"), "origin");
        let script = send(&horizon, "GET", "/client.js", origin).await;
        assert_eq!(header(&script, "vary"), "accept-encoding, origin");
        assert_eq!(script.headers().get_all(header::VARY).iter().count(), 1);
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_reads_no_reports() {
    let horizon = site().await;
    let preflight = ("access-control-request-method", "POST");
    for path in ["/dashboard", "/dashboard/live", "/api/v2/query", "/reports/pages.csv"] {
        let response = send(&horizon, "OPTIONS", path, &[("origin", SHOP), preflight]).await;
        assert_eq!(names(&response), 0, "{path}");
        let response = send(&horizon, "GET", path, &[("origin", SHOP)]).await;
        assert_eq!(names(&response), 0, "{path}");
    }
    let cross = ("sec-fetch-site", "cross-site");
    let query = send(&horizon, "POST", "/api/v2/query", &[("origin", SHOP), cross]).await;
    assert_eq!(query.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_allowed_origins_no_response_has_cors_headers() {
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let preflight = [("origin", SHOP), ("access-control-request-method", "PUT")];
    // The response to OPTIONS is a problem, whose format depends on `Accept`.
    for (method, vary) in [("GET", None), ("OPTIONS", Some("accept"))] {
        let response = send(&horizon, method, "/stats/bread", &preflight).await;
        assert_eq!(names(&response), 0);
        assert_eq!(
            response.headers().get(header::VARY).map(|vary| vary.to_str().unwrap()),
            vary
        );
    }
}

#[tokio::test]
async fn allowed_origins_without_secure_cookies_are_rejected_at_the_start() {
    let builder = Horizon::in_memory().configure(|config| config.origins.push(SHOP.parse().unwrap()));
    let error = builder.start(|_: &Slug| true).await.unwrap_err();
    assert!(error.to_string().contains("secure_cookies"), "{error}");
}
