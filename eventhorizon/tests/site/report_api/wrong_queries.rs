use serde_json::{Value, json};

use super::ReportSite;

/// A query with an answer.
fn good() -> Value {
    json!({ "metrics": ["visitors"], "date_range": "7d" })
}

#[tokio::test]
async fn an_error_names_the_place_in_the_query() {
    let site = ReportSite::with_readers().await;
    for (name, value, field, detail) in [
        (
            "metrics",
            json!([]),
            "metrics",
            "cannot be answered: the query has no metric.",
        ),
        (
            "metrics",
            json!(["visitors", "scroll_depth"]),
            "metrics[1]",
            "is `scroll_depth`, which is unknown. Use one of: visitors, visits, ",
        ),
        (
            "metrics",
            json!(["visitors", "visitors"]),
            "metrics",
            "`visitors` is named twice",
        ),
        ("metrics", json!([7]), "metrics[0]", "expected a string"),
        ("date_range", json!("24h"), "date_range", "must be `day`, "),
        ("date_range", json!(7), "date_range", "must be `day`, "),
        ("date_range", json!(["2027-01-01"]), "date_range", "must be `day`, "),
        (
            "date_range",
            json!(["2027-02-30", "2027-03-01"]),
            "date_range[0]",
            "must be a date",
        ),
        (
            "date_range",
            json!(["2027-01-02", "2027-01-01"]),
            "date_range",
            "the first day is after the last day",
        ),
        (
            "date_range",
            json!(["2027-01-01T12:00:00Z", "2027-01-01"]),
            "date_range[0]",
            "is not the start of a day in Europe/Berlin",
        ),
        (
            "date_range",
            json!(["2027-01-01", "2027-01-02T12:00:00Z"]),
            "date_range[1]",
            "is not the last second of a day in Europe/Berlin",
        ),
        (
            "dimensions",
            json!(["visit:city"]),
            "dimensions[0]",
            "is `visit:city`, which is unknown. Use one of: event:page, ",
        ),
        (
            "dimensions",
            json!(["day", "hour"]),
            "dimensions",
            "`day` and `hour` are both times",
        ),
        (
            "dimensions",
            json!(["page", "source", "browser"]),
            "dimensions",
            "a query has at most 2 dimensions",
        ),
        ("filters", json!("page"), "filters", "expected a sequence"),
        (
            "filters",
            json!([["or", []]]),
            "filters[0][0]",
            "is `or`, which is unknown. Use one of: is, is_not, contains, contains_not, and.",
        ),
        (
            "filters",
            json!([["matches", "page", ["a"]]]),
            "filters[0][0]",
            "is `matches`",
        ),
        (
            "filters",
            json!([["and", [["has_done", []]]]]),
            "filters[0][1][0][0]",
            "is `has_done`",
        ),
        (
            "filters",
            json!([["and", "x"]]),
            "filters[0]",
            "must be `and` and a list of filters.",
        ),
        (
            "filters",
            json!([["is", "segment", [1]]]),
            "filters[0][1]",
            "is `segment`, which is unknown",
        ),
        (
            "filters",
            json!([["is", "time:day", ["2027-01-01"]]]),
            "filters",
            "`day` cannot be a filter; use the range",
        ),
        (
            "filters",
            json!([["is", "page"]]),
            "filters[0]",
            "must be an operator, a dimension and values",
        ),
        (
            "filters",
            json!([["is", "page", [1.5]]]),
            "filters[0][2][0]",
            "must be a string or an integer.",
        ),
        (
            "filters",
            json!([["is", "page", ["a"], { "case_sensitive": false }]]),
            "filters[0][3]",
            "must be `{\"case_sensitive\": true}`",
        ),
        (
            "filters",
            json!(vec![json!(["is", "page", ["a"]]); 21]),
            "filters",
            "a query has at most 20 filters",
        ),
        (
            "filters",
            json!([["is", "page", vec!["a"; 201]]]),
            "filters",
            "at most 200 values in a filter",
        ),
        (
            "order_by",
            json!([["likes", "desc"]]),
            "order_by",
            "`likes` cannot order the rows",
        ),
        (
            "order_by",
            json!([["x", "desc"]]),
            "order_by[0][0]",
            "Use one of: visitors.",
        ),
        (
            "order_by",
            json!([["visitors", "up"]]),
            "order_by[0][1]",
            "unknown variant `up`",
        ),
        ("order_by", json!(["visitors"]), "order_by[0]", "is invalid"),
        (
            "include",
            json!({ "time_labels": true }),
            "include.time_labels",
            "needs a dimension that is a time.",
        ),
        (
            "include",
            json!({ "comparisons": {} }),
            "include.comparisons",
            "unknown field `comparisons`",
        ),
        ("pagination", json!({ "limit": 0 }), "pagination.limit", "is invalid"),
        (
            "pagination",
            json!({ "limit": 10_001 }),
            "pagination.limit",
            "must be at most 10000.",
        ),
        ("page", json!(1), "page", "unknown field `page`"),
    ] {
        let mut query = good();
        query[name] = value;
        let answer = site.query(query.clone()).await;
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{query}: {problem}");
        assert_eq!(problem["type"], "urn:horizon:problem:invalid-query");
        assert_eq!(problem["field"], field, "{query}: {problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(detail),
            "{query}: {problem}"
        );
    }
}

#[tokio::test]
async fn a_metric_that_cannot_be_grouped_is_named() {
    let site = ReportSite::with_readers().await;
    let query = json!({ "metrics": ["likes"], "date_range": "7d", "dimensions": ["visit:source"] });
    let problem = site.query(query).await.json();
    assert_eq!(
        (&problem["field"], &problem["detail"]),
        (
            &json!("metrics"),
            &json!("cannot be answered: `likes` cannot be grouped by `source`.")
        )
    );
}

#[tokio::test]
async fn time_labels_are_bounded() {
    let site = ReportSite::start().await;
    for dimension in ["time:hour", "time:day", "time:month"] {
        let mut query = good();
        query["date_range"] = json!(["0001-01-01", "9999-12-31"]);
        query["dimensions"] = json!([dimension]);
        query["include"] = json!({ "time_labels": true });
        let problem = site.query(query).await.json();
        assert_eq!(problem["field"], "include.time_labels", "{problem}");
    }
}

#[tokio::test]
async fn missing_parts_and_other_bodies_are_named() {
    let site = ReportSite::start().await;
    for (body, field) in [
        (json!({ "metrics": ["visits"] }), "body"),
        (json!([]), "body"),
        (json!("x"), "body"),
    ] {
        let answer = site.query(body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (400, &json!(field)));
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (media_type, body, status) in [
        ("application/json", "{", 400),
        ("application/json", deep.as_str(), 400),
        ("application/x-www-form-urlencoded", "metrics=visitors", 415),
    ] {
        let request = eventhorizon::http::Request::post("/api/v2/query").header("content-type", media_type);
        let request = request.header("x-staff", "1").body(body.to_owned()).unwrap();
        assert_eq!(site.send(request).await.status, status, "{media_type}");
    }
}

#[tokio::test]
async fn an_error_repeats_only_the_start_of_a_name() {
    let site = ReportSite::start().await;
    let mut query = good();
    query["metrics"] = json!(["x".repeat(10_000)]);
    let answer = site.query(query).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
}
