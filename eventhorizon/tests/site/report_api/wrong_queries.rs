use serde_json::{Value, json};

use super::QueriedSite;

/// A query with an answer.
fn good() -> Value {
    json!({ "metrics": ["visitors"], "date_range": "7d" })
}

/// Checks the errors of queries in which one part is wrong: the place that each names, and a text in its detail.
async fn assert_errors(part: &str, cases: &[(Value, &str, &str)]) {
    let site = QueriedSite::with_readers().await;
    for (value, field, detail) in cases {
        let mut query = good();
        query[part] = value.clone();
        let answer = site.query(query.clone()).await;
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{query}: {problem}");
        assert_eq!(problem["type"], "urn:horizon:problem:invalid-query");
        assert_eq!(problem["field"], *field, "{query}: {problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(detail),
            "{query}: {problem}"
        );
    }
}

#[tokio::test]
async fn an_unknown_metric_is_an_error_that_lists_the_known_ones() {
    let unknown = "is `scroll_depth`, which is unknown. Use one of: visitors, visits, ";
    let cases = [
        (json!([]), "metrics", "cannot be answered: the query has no metric."),
        (json!(["visitors", "scroll_depth"]), "metrics[1]", unknown),
        (json!(["visitors", "visitors"]), "metrics", "`visitors` is named twice"),
        (json!([7]), "metrics[0]", "expected a string"),
    ];
    assert_errors("metrics", &cases).await;
    assert_errors("page", &[(json!(1), "page", "unknown field `page`")]).await;
}

#[tokio::test]
async fn a_range_of_parts_of_days_is_an_error() {
    let (noon, first) = ("2027-01-02T12:00:00Z", "date_range[0]");
    let cases = [
        (json!("24h"), "date_range", "must be `day`, "),
        (json!(7), "date_range", "must be `day`, "),
        (json!(["2027-01-01"]), "date_range", "must be `day`, "),
        (json!(["2027-02-30", "2027-03-01"]), first, "must be a date"),
        (
            json!(["2027-01-02", "2027-01-01"]),
            "date_range",
            "the first day is after the last day",
        ),
        (
            json!([noon, "2027-01-03"]),
            first,
            "is not the start of a day in Europe/Berlin",
        ),
        (
            json!(["2027-01-01", noon]),
            "date_range[1]",
            "is not the last second of a day in Europe/Berlin",
        ),
    ];
    assert_errors("date_range", &cases).await;
}

#[tokio::test]
async fn dimensions_that_do_not_fit_together_are_an_error() {
    let cases = [
        (
            json!(["visit:city"]),
            "dimensions[0]",
            "is `visit:city`, which is unknown. Use one of: event:page, ",
        ),
        (json!(["day", "hour"]), "dimensions", "`day` and `hour` are both times"),
        (json!(["event:page", "page"]), "dimensions", "`page` is named twice"),
        (
            json!(["page", "source", "browser"]),
            "dimensions",
            "a query has at most 2 dimensions",
        ),
    ];
    assert_errors("dimensions", &cases).await;
}

#[tokio::test]
async fn an_operator_that_reports_lack_is_an_error() {
    let or = "is `or`, which is unknown. Use one of: is, is_not, contains, contains_not, and.";
    let cases = [
        (json!([["or", []]]), "filters[0][0]", or),
        (json!([["matches", "page", ["a"]]]), "filters[0][0]", "is `matches`"),
        (
            json!([["and", [["has_done", []]]]]),
            "filters[0][1][0][0]",
            "is `has_done`",
        ),
        (
            json!([["and", "x"]]),
            "filters[0]",
            "must be `and` and a list of filters.",
        ),
    ];
    assert_errors("filters", &cases).await;
}

#[tokio::test]
async fn a_filter_of_another_form_is_an_error() {
    let insensitive = json!([["is", "page", ["a"], { "case_sensitive": false }]]);
    let cases = [
        (json!("page"), "filters", "expected a sequence"),
        (
            json!([["is", "segment", [1]]]),
            "filters[0][1]",
            "is `segment`, which is unknown",
        ),
        (
            json!([["is", "time:day", ["2027-01-01"]]]),
            "filters",
            "`day` cannot be a filter; use the range",
        ),
        (
            json!([["is", "page"]]),
            "filters[0]",
            "must be an operator, a dimension and values",
        ),
        (
            json!([["is", "page", [1.5]]]),
            "filters[0][2][0]",
            "must be a string or an integer.",
        ),
        (insensitive, "filters[0][3]", "must be `{\"case_sensitive\": true}`"),
        (
            json!(vec![json!(["is", "page", ["a"]]); 21]),
            "filters",
            "a query has at most 20 filters",
        ),
        (
            json!([["is", "page", vec!["a"; 201]]]),
            "filters",
            "at most 200 values in a filter",
        ),
    ];
    assert_errors("filters", &cases).await;
}

#[tokio::test]
async fn rows_cannot_be_ordered_by_what_they_lack() {
    let cases = [
        (json!([["likes", "desc"]]), "order_by", "`likes` cannot order the rows"),
        (json!([["x", "desc"]]), "order_by[0][0]", "Use one of: visitors."),
        (json!([["visitors", "up"]]), "order_by[0][1]", "unknown variant `up`"),
        (json!(["visitors"]), "order_by[0]", "is invalid"),
    ];
    assert_errors("order_by", &cases).await;
}

#[tokio::test]
async fn options_have_their_limits() {
    let labels = (
        json!({ "time_labels": true }),
        "include.time_labels",
        "needs a dimension that is a time.",
    );
    let comparisons = (
        json!({ "comparisons": {} }),
        "include.comparisons",
        "unknown field `comparisons`",
    );
    assert_errors("include", &[labels, comparisons]).await;
    let zero = (json!({ "limit": 0 }), "pagination.limit", "is invalid");
    let many = (json!({ "limit": 10_001 }), "pagination.limit", "must be at most 10000.");
    assert_errors("pagination", &[zero, many]).await;
}

#[tokio::test]
async fn a_metric_that_cannot_be_grouped_is_named() {
    let site = QueriedSite::with_readers().await;
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
    let site = QueriedSite::start().await;
    for dimension in ["time:hour", "time:day", "time:month"] {
        let mut query = good();
        query["date_range"] = json!(["0001-01-01", "9999-12-29"]);
        query["dimensions"] = json!([dimension]);
        query["include"] = json!({ "time_labels": true });
        let problem = site.query(query).await.json();
        assert_eq!(problem["field"], "include.time_labels", "{problem}");
    }
}

#[tokio::test]
async fn missing_parts_and_other_bodies_are_named() {
    let site = QueriedSite::start().await;
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
    let site = QueriedSite::start().await;
    let mut query = good();
    query["metrics"] = json!(["x".repeat(10_000)]);
    let answer = site.query(query).await;
    assert!(answer.text.len() < 1_000, "{}", answer.text.len());
}
