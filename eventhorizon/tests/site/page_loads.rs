//! Page loads that a server counts without a script.

use eventhorizon::{DayRange, Dimension, Horizon, LiveOptions, Metric, PageLoad, Query, Rate, Slug, Topic, Value};

const FIREFOX: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
);
const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");

/// A successful load of a page without a live stream.
const LOAD: PageLoad<'_> = PageLoad {
    method: "GET",
    status: 200,
    content_type: Some(b"text/html; charset=utf-8"),
    query: None,
    has_live_stream: false,
};

async fn site() -> Horizon {
    let builder = Horizon::in_memory();
    builder.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap()
}

fn visit(horizon: &Horizon, page: &str, headers: &[(&str, &str)], load: PageLoad<'_>) {
    let caller = horizon.caller([192, 0, 2, 1].into(), headers.iter().copied());
    horizon.track_page_load(page, &caller, load);
}

/// Records what is queued, and returns the visits of the page and of the site.
async fn visits(horizon: &Horizon) -> [u64; 2] {
    horizon.close().await.unwrap();
    let bread = Topic::from(Slug::new("bread").unwrap());
    let stats = horizon.stats(&[bread, Topic::Site]).await.unwrap();
    [stats[0].visits, stats[1].visits]
}

#[tokio::test]
async fn a_page_counts_only_if_it_was_delivered_to_a_reader() {
    let horizon = site().await;
    let with = |content_type: &'static str| PageLoad {
        content_type: Some(content_type.as_bytes()),
        ..LOAD
    };
    let counted = [
        (&[FIREFOX][..], LOAD),
        (&[FIREFOX], LOAD),
        (
            &[SAFARI],
            PageLoad {
                status: 203,
                ..with("Text/HTML")
            },
        ),
    ];
    for (headers, load) in counted {
        visit(&horizon, "bread", headers, load);
    }
    for (page, agent, load) in [
        ("bread", "Other/1.0", PageLoad { method: "HEAD", ..LOAD }),
        ("bread", "Other/2.0", PageLoad { method: "POST", ..LOAD }),
        ("bread", "Other/3.0", PageLoad { status: 404, ..LOAD }),
        ("bread", "Other/4.0", PageLoad { status: 304, ..LOAD }),
        (
            "bread",
            "Other/5.0",
            PageLoad {
                content_type: None,
                ..LOAD
            },
        ),
        ("bread", "Other/6.0", with("application/json")),
        ("bread", "Other/7.0", with("text")),
        ("cake", "Other/8.0", LOAD),
        ("no page", "Other/9.0", LOAD),
        ("bread", "Googlebot/2.1", LOAD),
        ("bread", "", LOAD),
    ] {
        visit(&horizon, page, &[("user-agent", agent)], load);
    }
    visit(
        &horizon,
        "bread",
        &[("user-agent", "Other/10.0"), ("sec-purpose", "prefetch")],
        LOAD,
    );
    assert_eq!(visits(&horizon).await, [2, 2]);
}

#[tokio::test]
async fn an_anonymous_page_load_and_its_stream_are_one_visit() {
    let horizon = site().await;
    let signal = [FIREFOX, ("sec-gpc", "1")];
    let live = PageLoad {
        has_live_stream: true,
        ..LOAD
    };
    visit(&horizon, "bread", &signal, LOAD);
    visit(&horizon, "bread", &signal, live);
    let bread = horizon.page("bread").await.unwrap();
    let caller = horizon.caller([192, 0, 2, 1].into(), signal);
    drop(horizon.live(&caller, LiveOptions::page(&bread)).await.unwrap());
    let stats = visits(&horizon).await;
    assert_eq!(stats, [2, 2], "one of the page alone, one of the stream");
}

#[tokio::test]
async fn a_page_load_and_its_stream_are_one_pageview() {
    let horizon = site().await;
    let live = PageLoad {
        query: Some("utm_source=letter"),
        has_live_stream: true,
        ..LOAD
    };
    visit(&horizon, "bread", &[FIREFOX], live);
    let bread = horizon.page("bread").await.unwrap();
    let caller = horizon.caller([192, 0, 2, 1].into(), [FIREFOX]);
    let options = LiveOptions::page(&bread).page_query(live.query);
    drop(horizon.live(&caller, options).await.unwrap());
    // A reader without JavaScript opens no stream.
    visit(&horizon, "bread", &[SAFARI], live);
    assert_eq!(visits(&horizon).await, [2, 2]);
    let query = Query::new(DayRange::ending(horizon.today(), 2))
        .metrics([Metric::Visits, Metric::Pageviews, Metric::BounceRate])
        .dimensions([Dimension::Source]);
    let rows = horizon.report(&query).await.unwrap().rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(&*rows[0].dimensions[0], "letter");
    let bounces = Value::Ratio {
        numerator: 2,
        denominator: 2,
    };
    assert_eq!(rows[0].metrics, [Value::Count(2), Value::Count(1), bounces]);
}

#[tokio::test]
async fn only_a_stream_that_counts_spends_the_limit_of_new_values() {
    let horizon = Horizon::in_memory()
        .configure(|config| config.network_limits.new_values = 3)
        .start(|_: &Slug| true)
        .await
        .unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let crawler = ("user-agent", "Googlebot/2.1");
    for (agent, query) in [
        (crawler, "ref=a"),
        (crawler, "ref=b"),
        (crawler, "ref=c"),
        (FIREFOX, "ref=letter"),
    ] {
        let caller = horizon.caller([192, 0, 2, 1].into(), [agent]);
        let options = LiveOptions::page(&bread).page_query(query);
        drop(horizon.live(&caller, options).await.unwrap());
    }
    horizon.close().await.unwrap();
    let query = Query::new(DayRange::ending(horizon.today(), 2))
        .metrics([Metric::Visits])
        .dimensions([Dimension::Source]);
    let rows = horizon.report(&query).await.unwrap().rows;
    let sources: Vec<&str> = rows.iter().map(|row| &*row.dimensions[0]).collect();
    assert_eq!(sources, ["letter"]);
}

#[test]
fn the_debug_form_of_a_page_load_has_no_query() {
    let load = PageLoad {
        query: Some("token=secret"),
        ..LOAD
    };
    let text = format!("{load:?}");
    assert!(text.contains("200") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn page_loads_of_one_network_count_up_to_its_rate() {
    let builder = Horizon::in_memory().configure(|config| config.rates.visits = Rate::new(1, 2));
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    for browser in ["Firefox/1.0", "Firefox/2.0", "Firefox/3.0"] {
        visit(&horizon, "bread", &[("user-agent", browser)], LOAD);
    }
    horizon.close().await.unwrap();
    let metrics = horizon.metrics();
    assert!(metrics.contains("horizon_server_visits_total 2"));
    assert!(metrics.contains("horizon_dropped_visits_total{reason=\"rate\"} 1"));
}
