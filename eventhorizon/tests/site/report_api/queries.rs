use std::time::Duration;

use eventhorizon::{DayRange, Metric, http::Request};
use serde_json::{Value, json};

use super::QueriedSite;

#[tokio::test]
async fn a_query_in_the_words_of_plausible_has_an_answer_in_its_form() {
    let site = QueriedSite::with_readers().await;
    let answer = site
        .answer(json!({
            "site_id": "shop.example.com",
            "metrics": ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"],
            "date_range": "7d",
            "dimensions": ["visit:source"],
            "filters": [["is_not", "visit:country", ["DE"]]],
        }))
        .await;
    let expected = json!({
        "results": [
            { "dimensions": ["google"], "metrics": [2, 2, 3, 1.5, 50.0, 30] },
            { "dimensions": [""], "metrics": [1, 1, 1, 1.0, 0.0, 0] },
        ],
        "meta": {
            "time_zone": "Europe/Berlin",
            "metric_warnings": {
                "visitors": {
                    "code": "sum_of_days",
                    "warning": "Visitors are the sum of the days: nobody is recognised on another day.",
                },
            },
            "has_other": false,
        },
        "query": {
            "site_id": "shop.example.com",
            "metrics": ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"],
            "date_range": ["2027-01-10", "2027-01-16"],
            "filters": [["is_not", "visit:country", ["DE"]]],
            "dimensions": ["visit:source"],
            "order_by": [["visitors", "desc"]],
            "include": { "time_labels": false, "total_rows": false, "imports": false },
            "pagination": { "limit": 10_000, "offset": 0 },
        },
    });
    assert_eq!(answer, expected, "{answer:#}");
}

#[tokio::test]
async fn every_metric_and_dimension_has_a_name_of_our_own() {
    let site = QueriedSite::with_readers().await;
    let pages = json!({
        "metrics": ["pageviews", "finished_share", "likes", "comments", "median_time_on_page", "time_on_page"],
        "date_range": "day",
        "dimensions": ["page"],
    });
    // Nobody spent a second on the page.
    let expected = [(json!(["docs/soup"]), json!([1, 0.0, 1, 0, 0.0, 0]))];
    assert_eq!(site.rows(pages).await, expected);
    for dimension in eventhorizon::Dimension::ALL {
        let metric = if dimension.name() == "event" {
            "events"
        } else {
            "pageviews"
        };
        site.answer(json!({ "metrics": [metric], "date_range": "7d", "dimensions": [dimension.name()] }))
            .await;
    }
    for metric in Metric::ALL {
        site.answer(json!({ "metrics": [metric.name()], "date_range": "7d" }))
            .await;
    }
}

#[tokio::test]
async fn an_unknown_number_is_null() {
    let site = QueriedSite::start().await;
    let rows = site.rows(json!({ "metrics": ["visitors", "bounce_rate", "median_time_on_page"], "date_range": "day" }));
    assert_eq!(rows.await, [(json!([]), json!([0, null, null]))]);
}

#[tokio::test]
async fn events_are_custom_events_and_the_answer_says_so() {
    let site = QueriedSite::with_readers().await;
    let answer = site.answer(json!({ "metrics": ["events"], "date_range": "day" })).await;
    assert_eq!(
        answer["meta"]["metric_warnings"]["events"]["code"],
        "custom_events_only"
    );
}

#[tokio::test]
async fn periods_end_today_in_the_zone_of_the_site() {
    let site = QueriedSite::with_readers().await;
    for (range, first, last) in [
        (json!("day"), "2027-01-16", "2027-01-16"),
        (json!("7d"), "2027-01-10", "2027-01-16"),
        (json!("28d"), "2026-12-20", "2027-01-16"),
        (json!("30d"), "2026-12-18", "2027-01-16"),
        (json!("91d"), "2026-10-18", "2027-01-16"),
        (json!("month"), "2027-01-01", "2027-01-16"),
        (json!("6mo"), "2026-08-01", "2027-01-16"),
        (json!("12mo"), "2026-02-01", "2027-01-16"),
        (json!("year"), "2027-01-01", "2027-01-16"),
        (json!("all"), "2027-01-15", "2027-01-16"),
        (json!(["2027-01-01", "2027-01-31"]), "2027-01-01", "2027-01-31"),
        (
            json!(["2027-01-15T00:00:00+01:00", "2027-01-15T23:59:59+01:00"]),
            "2027-01-15",
            "2027-01-15",
        ),
        (
            json!(["2027-01-14T23:00:00Z", "2027-01-16"]),
            "2027-01-15",
            "2027-01-16",
        ),
    ] {
        let answer = site
            .answer(json!({ "metrics": ["visitors"], "date_range": range }))
            .await;
        assert_eq!(answer["query"]["date_range"], json!([first, last]), "{range}");
    }
    let site = QueriedSite::start().await;
    let answer = site
        .answer(json!({ "metrics": ["visitors"], "date_range": "all" }))
        .await;
    assert_eq!(answer["query"]["date_range"], json!(["2027-01-15", "2027-01-15"]));
}

#[tokio::test]
async fn all_days_start_with_a_like_before_the_first_pageview() {
    let site = QueriedSite::start().await;
    let page = site.horizon.page("bread").await.unwrap();
    site.horizon.like(&page, &site.reader(1)).await.unwrap();
    site.clock.advance(Duration::from_secs(24 * 3_600));
    site.open(2, "bread", None).await;
    site.horizon.close().await.unwrap();
    let query = json!({ "metrics": ["pageviews", "likes"], "date_range": "all" });
    let answer = site.answer(query).await;
    assert_eq!(answer["query"]["date_range"], json!(["2027-01-15", "2027-01-16"]));
    assert_eq!(answer["results"][0]["metrics"], json!([1, 1]));
}

#[tokio::test]
async fn times_are_written_as_their_name_promises() {
    let site = QueriedSite::with_readers().await;
    let times = async |dimension: &str, range: Value| -> Vec<Value> {
        let query = json!({ "metrics": ["pageviews"], "date_range": range, "dimensions": [dimension] });
        let rows = site.rows(query).await.into_iter();
        rows.map(|(dimensions, _)| dimensions[0].clone()).collect()
    };
    assert_eq!(
        times("time:hour", json!("7d")).await,
        ["2027-01-15 09:00:00", "2027-01-16 09:00:00"]
    );
    assert_eq!(times("hour", json!("day")).await, ["2027-01-16T08:00:00Z"]);
    assert_eq!(times("time:day", json!("7d")).await, ["2027-01-15", "2027-01-16"]);
    assert_eq!(times("time:week", json!("7d")).await, ["2027-01-11"]);
    assert_eq!(times("time:month", json!("7d")).await, ["2027-01-01"]);
    assert_eq!(times("month", json!("7d")).await, ["2027-01"]);
    // The length depends on the range.
    assert_eq!(times("time", json!("day")).await, ["2027-01-16 09:00:00"]);
    assert_eq!(times("time", json!("7d")).await, ["2027-01-15", "2027-01-16"]);
    assert_eq!(times("time", json!("12mo")).await, ["2027-01-01"]);
}

#[tokio::test]
async fn time_labels_are_all_times_of_the_range() {
    let site = QueriedSite::with_readers().await;
    let labels = async |dimension: &str, range: Value| -> Vec<String> {
        let answer = site.answer(json!({
            "metrics": ["visitors"], "date_range": range, "dimensions": [dimension], "include": { "time_labels": true },
        }));
        serde_json::from_value(answer.await["meta"]["time_labels"].clone()).unwrap()
    };
    let hours = labels("time:hour", json!("day")).await;
    assert_eq!((hours.len(), hours[9].as_str()), (24, "2027-01-16 09:00:00"));
    // The clocks change.
    assert_eq!(labels("time:hour", json!(["2026-10-25", "2026-10-25"])).await.len(), 25);
    assert_eq!(labels("hour", json!(["2026-03-29", "2026-03-29"])).await.len(), 23);
    let days = labels("time:day", json!(["2027-01-14", "2027-01-16"])).await;
    assert_eq!(days, ["2027-01-14", "2027-01-15", "2027-01-16"]);
    let months = labels("time:month", json!(["2026-12-31", "2027-01-16"])).await;
    assert_eq!(months, ["2026-12-01", "2027-01-01"]);
}

#[tokio::test]
async fn filters_are_those_of_the_reports() {
    let site = QueriedSite::with_readers().await;
    let pageviews = async |filters: Value| -> Value {
        let query = json!({ "metrics": ["pageviews"], "date_range": "7d", "filters": filters });
        site.rows(query).await[0].1[0].clone()
    };
    for (filters, count) in [
        (json!([]), 4),
        (json!([["is", "event:page", ["docs/soup"]]]), 2),
        (json!([["is", "event:page", ["/docs/soup"]]]), 2),
        (json!([["is", "page", ["docs/soup", "bread"]]]), 4),
        (json!([["contains", "event:page", ["docs/"]]]), 2),
        (json!([["contains_not", "visit:entry_page", ["docs/"]]]), 3),
        (
            json!([["is", "visit:source", ["google"]], ["is", "event:page", ["/bread"], { "case_sensitive": true }]]),
            2,
        ),
        (
            json!([[
                "and",
                [["is", "visit:source", [""]], ["and", [["is_not", "visit:device", [7]]]]]
            ]]),
            1,
        ),
        (json!([["is", "visit:source", []]]), 0),
    ] {
        assert_eq!(pageviews(filters.clone()).await, count, "{filters}");
    }
}

#[tokio::test]
async fn rows_have_an_order_and_pages() {
    let site = QueriedSite::with_readers().await;
    let query = |order: Value, pagination: Value| {
        json!({
            "metrics": ["pageviews"], "date_range": "7d", "dimensions": ["time:day", "event:page"],
            "order_by": order, "pagination": pagination, "include": { "total_rows": true, "imports": true },
        })
    };
    let rows = site.rows(query(json!([]), json!({}))).await;
    let expected = [
        (json!(["2027-01-15", "bread"]), json!([2])),
        (json!(["2027-01-15", "docs/soup"]), json!([1])),
        (json!(["2027-01-16", "docs/soup"]), json!([1])),
    ];
    assert_eq!(rows, expected);
    let order = json!([["event:page", "desc"], ["day", "desc"]]);
    let answer = site.answer(query(order, json!({ "limit": 1, "offset": 1 }))).await;
    assert_eq!(
        answer["results"],
        json!([{ "dimensions": ["2027-01-15", "docs/soup"], "metrics": [1] }])
    );
    assert_eq!(answer["meta"]["total_rows"], 3);
    assert_eq!(answer["meta"]["imports_skip_reason"], "no_imported_data");
    assert_eq!(
        answer["query"]["order_by"],
        json!([["event:page", "desc"], ["day", "desc"]])
    );
    assert_eq!(answer["query"]["pagination"], json!({ "limit": 1, "offset": 1 }));
}

#[tokio::test]
async fn nobody_without_access_learns_that_there_are_reports() {
    let site = QueriedSite::start().await;
    for request in [Request::post("/api/v2/query"), Request::get("/reports/pages.csv")] {
        let answer = site.send(request.body("no JSON".into()).unwrap()).await;
        let problem = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &problem["type"]),
            (404, &json!("urn:horizon:problem:not-found"))
        );
    }
}

#[tokio::test]
async fn the_top_pages_have_the_highest_numbers() {
    let site = QueriedSite::with_readers().await;
    let week = DayRange::ending(site.horizon.today(), 7);
    let top = async |metric, limit| -> Vec<(String, String)> {
        let pages = site.horizon.top(metric, week, limit).await.unwrap().into_iter();
        pages
            .map(|top| (top.page.to_string(), metric.format(top.value)))
            .collect()
    };
    let pages = [("bread".into(), "2".into()), ("docs/soup".into(), "2".into())];
    assert_eq!(top(Metric::Visitors, 10).await, pages);
    assert_eq!(top(Metric::Likes, 1).await, [("docs/soup".into(), "1".into())]);
    assert_eq!(top(Metric::Visitors, 0).await, []);
}
