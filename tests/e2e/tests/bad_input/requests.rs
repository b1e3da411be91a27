//! Valid HTTP with invalid requests.

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, WebServer, http, raw};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::is_alive;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A request and the expected response.
struct RequestCase {
    what: &'static str,
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    /// The last part of the type of the problem.
    problem: &'static str,
    /// The field that the problem names, or an empty text.
    field: &'static str,
}

fn comment(what: &'static str, kind: &'static str, body: impl Into<Vec<u8>>) -> RequestCase {
    let (path, headers) = ("/horizon/comments/hello", vec![("content-type", kind)]);
    RequestCase {
        what,
        method: "POST",
        path,
        headers,
        body: body.into(),
        status: 422,
        problem: "invalid-field",
        field: "",
    }
}

fn call(what: &'static str, method: &'static str, path: &'static str) -> RequestCase {
    RequestCase {
        what,
        method,
        path,
        headers: vec![],
        body: vec![],
        status: 404,
        problem: "unknown-page",
        field: "",
    }
}

impl RequestCase {
    fn is(mut self, status: u16, problem: &'static str) -> Self {
        (self.status, self.problem) = (status, problem);
        self
    }

    fn naming(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

fn wrong_comments() -> Vec<RequestCase> {
    let text = |length: usize| "x".repeat(length);
    let json = |author: &str, body: &str| serde_json::json!({ "author": author, "body": body }).to_string();
    vec![
        comment("no body", JSON, "").is(400, "malformed-body"),
        comment("truncated JSON", JSON, r#"{"body":"wor"#).is(400, "malformed-body"),
        comment("JSON that is not UTF-8", JSON, b"{\"body\":\"\xff\xfe\"}").is(400, "malformed-body"),
        comment("JSON of another shape", JSON, "[1,2,3]"),
        comment("a number for a text", JSON, r#"{"body":7}"#).naming("body"),
        comment("JSON without an end", JSON, "[".repeat(5_000)),
        comment("plain text", "text/plain", "words").is(415, "unsupported-media-type"),
        comment("an upload", "multipart/form-data; boundary=x", "--x--").is(415, "unsupported-media-type"),
        comment("a megabyte", JSON, json("", &text(1_000_000))).is(413, "body-too-large"),
        comment("nothing to say", JSON, json("Ada", " \r\n\t ")).naming("body"),
        comment("no body field", JSON, r#"{"author":"Ada"}"#).naming("body"),
        comment("a body too long", JSON, json("Ada", &text(2_001))).naming("body"),
        comment("a name too long", JSON, json(&text(81), "words")).naming("author"),
        comment("a line end in the name", JSON, json("Ada\r\nSet-Cookie: x=1", "words")).naming("author"),
        comment("a NUL in the body", JSON, json("Ada", "wor\0ds")).naming("body"),
        comment("an escape in the body", JSON, json("Ada", "wor\u{1b}[2Jds")).naming("body"),
        comment(
            "an invalid parent id",
            JSON,
            r#"{"body":"words","parent":"../../etc/passwd"}"#,
        )
        .naming("parent"),
        comment(
            "a parent that is not there",
            JSON,
            format!(r#"{{"body":"words","parent":"{}"}}"#, "0".repeat(32)),
        )
        .naming("parent"),
        comment("an id that is none", JSON, "{\"body\":\"words\",\"id\":\"a\\r\\nb\"}").naming("id"),
        comment("a form without a body", FORM, "author=Ada").naming("body"),
        comment("a form with CR and LF in the name", FORM, "author=A%0D%0Ada&body=words").naming("author"),
        comment("a key that is none", JSON, json("", "words"))
            .with("idempotency-key", "seven")
            .is(400, "invalid-header")
            .naming("idempotency-key"),
        comment("another site's form", FORM, "body=words")
            .with("sec-fetch-site", "cross-site")
            .is(403, "cross-site"),
        comment("another origin's form", FORM, "body=words")
            .with("origin", "https://evil.example")
            .is(403, "cross-site"),
        comment("no origin at all", FORM, "body=words")
            .with("origin", "null")
            .is(403, "cross-site"),
    ]
}

fn wrong_calls() -> Vec<RequestCase> {
    vec![
        call("an unknown page's numbers", "GET", "/horizon/stats/unknown"),
        call("an unknown page's stream", "GET", "/horizon/live/unknown"),
        call("an unknown page's comments", "GET", "/horizon/comments/unknown"),
        call("a like of an unknown page", "PUT", "/horizon/likes/unknown"),
        call("an unlike of an unknown page", "DELETE", "/horizon/likes/unknown"),
        call("a comment on an unknown page", "POST", "/horizon/comments/unknown"),
        call("CR and LF in a slug", "GET", "/horizon/stats/a%0d%0aSet-Cookie:%20x=1").is(400, "invalid-slug"),
        call("a slug that is not UTF-8", "GET", "/horizon/stats/%ff%fe").is(400, "invalid-slug"),
        call("a way up", "GET", "/horizon/stats/..%2f..%2fetc%2fpasswd").is(400, "invalid-slug"),
        call("a NUL in a slug", "GET", "/horizon/live/hello%00").is(400, "invalid-slug"),
        call("a method that is not there", "DELETE", "/horizon/comments/hello").is(405, "method-not-allowed"),
        call("another method that is not there", "PATCH", "/horizon/likes/hello").is(405, "method-not-allowed"),
        call("a route that is not there", "GET", "/horizon/nothing").is(404, "not-found"),
        call("a page before nothing", "GET", "/horizon/comments/hello?before=x")
            .is(400, "invalid-query")
            .naming("before"),
        call("a page of nothing", "GET", "/horizon/comments/hello?limit=0")
            .is(400, "invalid-query")
            .naming("limit"),
        call(
            "a page of all",
            "GET",
            "/horizon/comments/hello?limit=99999999999999999999",
        )
        .is(400, "invalid-query")
        .naming("limit"),
        call("a like with a key that is none", "PUT", "/horizon/likes/hello")
            .with("idempotency-key", "%0d%0a")
            .is(400, "invalid-header")
            .naming("idempotency-key"),
        RequestCase {
            path: "/horizon/events/hello",
            ..comment("a custom event that the blog does not have", JSON, r#"{"name":"spam"}"#)
        }
        .is(403, "refused"),
        call("another site's like", "PUT", "/horizon/likes/hello")
            .with("sec-fetch-site", "cross-site")
            .is(403, "cross-site"),
    ]
}

#[tokio::test]
async fn every_invalid_request_gets_a_problem_document_that_names_the_error() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")).await?;
    let mut wrong = Vec::new();
    for (number, case) in wrong_comments().into_iter().chain(wrong_calls()).enumerate() {
        let network = format!("10.0.0.{number}");
        let mut headers = case.headers.clone();
        headers.push(("x-forwarded-for", &network));
        let answer = http::send(
            server.address(),
            case.method.parse()?,
            case.path,
            &headers,
            case.body.clone(),
        )
        .await?;
        if let Err(error) = check(&case, &answer) {
            wrong.push(format!("{}: {error:#} ({})", case.what, answer.text()));
        }
    }
    ensure!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
    let stats = http::get(server.address(), "/horizon/stats/hello").await?.json()?;
    ensure!(
        stats["comments"] == 0 && stats["likes"] == 0,
        "something was taken: {stats}"
    );
    is_alive(&server).await
}

fn check(case: &RequestCase, answer: &http::Response) -> anyhow::Result<()> {
    ensure!(
        answer.status == case.status,
        "{} instead of {}",
        answer.status,
        case.status
    );
    let kind = answer.header("content-type");
    ensure!(kind == "application/problem+json", "it is {kind}");
    let problem = answer.json().context("the problem is not JSON")?;
    let expected = format!("urn:horizon:problem:{}", case.problem);
    ensure!(problem["type"] == *expected, "it is not {expected}");
    ensure!(problem["status"] == case.status, "the document has another status");
    if !case.field.is_empty() {
        let field = problem["field"].as_str().unwrap_or_default();
        ensure!(
            field.eq_ignore_ascii_case(case.field),
            "it names `{field}` and not `{}`",
            case.field
        );
    }
    Ok(())
}

/// Returns the head of the response to `GET`, in lower case. An HTTP client would normalize the path.
async fn raw_head(server: &WebServer, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(server.address()).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let head = raw::read_until(&mut stream, "\r\n\r\n").await?;
    Ok(head.to_lowercase())
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_redirects_to_no_other_host() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for path in [
        "/blog/unknown",
        "/blog/%ff",
        "/blog/..%2f..%2fetc%2fpasswd",
        "/tags/unknown",
        "/unknown",
        "/pkg/../../etc/passwd",
        "/media/..%2f..%2f/etc/passwd",
    ] {
        let head = raw_head(&server, path).await?;
        ensure!(head.starts_with("http/1.1 404 "), "{path} is answered with {head}");
    }
    for path in [
        "//evil.example/",
        "/%0d%0aLocation:%20https://evil.example/",
        "/\\evil.example/",
    ] {
        let head = raw_head(&server, path).await?;
        let location = head.lines().find_map(|line| line.strip_prefix("location: "));
        let location = location.unwrap_or_default();
        ensure!(
            !location.starts_with("//") && !location.contains("evil.example:") && !location.starts_with("http"),
            "{path} leads to {location}"
        );
    }
    let headers = [("content-type", FORM), ("accept", "text/html")];
    for back in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "%2F%0D%0AX: y",
    ] {
        let body = format!("body=words&back={back}");
        let answer = http::send(
            server.address(),
            http::Method::POST,
            "/horizon/comments/hello",
            &headers,
            body,
        )
        .await?;
        let location = answer.header("location");
        ensure!(
            !location.contains("evil") && !answer.headers.contains_key("x"),
            "back={back} leads to {location}"
        );
    }
    is_alive(&server).await
}

#[tokio::test]
async fn a_network_that_comments_too_often_is_rate_limited() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let headers = [("content-type", JSON)];
    let mut statuses = Vec::new();
    for number in 0..8 {
        let body = format!(r#"{{"body":"words {number}"}}"#);
        let answer = http::send(
            server.address(),
            http::Method::POST,
            "/horizon/comments/hello",
            &headers,
            body,
        )
        .await?;
        if answer.status == 429 {
            let wait: u32 = answer
                .header("retry-after")
                .parse()
                .context("no Retry-After in seconds")?;
            ensure!(
                wait >= 1 && answer.json()?["type"] == "urn:horizon:problem:too-many-requests",
                "{}",
                answer.text()
            );
        }
        statuses.push(answer.status.as_u16());
    }
    ensure!(
        statuses.starts_with(&[201]) && statuses.ends_with(&[429]),
        "the answers were {statuses:?}"
    );
    is_alive(&server).await
}
