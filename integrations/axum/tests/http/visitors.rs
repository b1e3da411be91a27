//! Which requests count, and as which visitor.

use eventhorizon::PrivacySignals;
use horizon_core::reports::{DayRange, Dimension, Metric, Query};
use horizon_core::{Day, Topic, wire::PageStats};

use crate::{
    client::Client,
    site::{AxumSite, eventually, topic},
};

const SIGNALS: [(&str, &str); 2] = [("sec-gpc", "1"), ("dnt", "1")];

async fn with_signals(signals: PrivacySignals) -> AxumSite {
    AxumSite::with(|config, _| config.signals = signals).await
}

#[tokio::test]
async fn a_crawler_gets_the_stream_and_is_not_counted() {
    let site = AxumSite::start().await;
    let bots = [
        ("empty_agent", site.client().with("user-agent", "")),
        (
            "headless",
            site.client().with("user-agent", "Mozilla/5.0 HeadlessChrome/130.0.0.0"),
        ),
        ("crawler", site.client().with("user-agent", "Googlebot/2.1")),
        ("prefetch", site.client().with("sec-purpose", "prefetch;prerender")),
    ];
    for (reason, bot) in bots {
        assert_eq!(bot.live("/live/hello").await.viewers(0).await.viewers, 0, "{reason}");
        site.metric_is(&format!("horizon_dropped_visits_total{{reason=\"{reason}\"}}"), 1)
            .await;
    }
    let mut reader = site.client().live("/live/hello").await;
    assert_eq!(
        reader
            .until("live", |numbers: &PageStats| numbers.visits > 0)
            .await
            .visits,
        1
    );
}

#[tokio::test]
async fn a_visitor_with_a_privacy_signal_counts_without_a_key() {
    let site = with_signals(PrivacySignals::Count).await;
    for (number, (name, value)) in SIGNALS.into_iter().enumerate() {
        let reader = site.client().with(name, value);
        let mut first = reader.live("/live/hello").await;
        let mut second = reader.live("/live/hello").await;
        first.viewers(2).await;
        let visits = 2 * (number as u64 + 1);
        second
            .until("live", |numbers: &PageStats| numbers.visits == visits)
            .await;
        drop((first, second));
        eventually("leaving", async || {
            site.client().numbers("/stats/hello").await.viewers == 0
        })
        .await;
        assert_eq!(
            site.visits(topic("hello")).await,
            visits,
            "leaving is not another visit"
        );
    }
}

#[tokio::test]
async fn a_reconnect_without_a_key_is_not_a_new_visit() {
    let site = with_signals(PrivacySignals::Count).await;
    let reader = site.client().with("sec-gpc", "1");
    let mut live = reader.live("/live/hello").await;
    let id = live.next().await.unwrap().id;
    live.until("live", |numbers: &PageStats| numbers.visits == 1).await;
    drop(live);
    reader
        .clone()
        .with("last-event-id", &id)
        .live("/live/hello")
        .await
        .viewers(1)
        .await;
    reader.live("/live/hello?again=1").await.viewers(1).await;
    let mut new = reader.live("/live/hello").await;
    new.until("live", |numbers: &PageStats| numbers.visits > 1).await;
    assert_eq!(site.visits(topic("hello")).await, 2);
}

#[tokio::test]
async fn the_site_selects_the_policy_for_privacy_signals() {
    let ignoring = with_signals(PrivacySignals::Ignore).await;
    let reader = ignoring.client().with("dnt", "1");
    let (_one, mut two) = (reader.live("/live/hello").await, reader.live("/live/hello").await);
    let numbers = two.until("live", |numbers: &PageStats| numbers.visits > 0).await;
    assert_eq!((numbers.viewers, numbers.visits), (1, 1));

    let dropping = with_signals(PrivacySignals::Drop).await;
    let reader = dropping.client().with("dnt", "1");
    reader.live("/live/hello").await.viewers(0).await;
    assert_eq!(dropping.metric("horizon_dropped_visits_total{reason=\"signal\"}"), 1);
    assert_eq!(dropping.visits(Topic::Site).await, 0);
}

#[tokio::test]
async fn a_trusted_proxy_states_the_country_of_a_visitor() {
    let countries = async |trusted: &str| {
        let site = AxumSite::with(|config, _| {
            config.trusted_proxies = vec![trusted.parse().unwrap()];
            config.country_header = Some("cf-ipcountry".parse().unwrap());
        })
        .await;
        let reader = site
            .client()
            .with("x-forwarded-for", "192.0.2.1")
            .with("cf-ipcountry", "FR");
        let mut live = reader.live("/live/hello").await;
        live.until("site", |numbers: &PageStats| numbers.visits == 1).await;
        let range = DayRange::new(Day::from_number(0), Day::from_number(1_000_000));
        let query = Query::new(range)
            .metrics([Metric::Visits])
            .dimensions([Dimension::Country]);
        let table = site.horizon.report(&query).await.unwrap();
        table
            .rows
            .into_iter()
            .map(|row| row.dimensions[0].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(countries("127.0.0.0/8").await, ["FR"]);
    assert_eq!(countries("10.0.0.0/8").await, [""]);
}

#[tokio::test]
async fn visitors_of_a_trusted_proxy_differ_by_their_forwarded_address() {
    let behind = |site: &AxumSite, from: &str| -> Client { site.client().with("x-forwarded-for", from) };
    let site = AxumSite::with(|config, _| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let mut one = behind(&site, "192.0.2.1").live("/live/hello").await;
    let _same = behind(&site, "6.6.6.6, 192.0.2.1, 127.0.0.2").live("/live/hello").await;
    let _two = behind(&site, "192.0.2.2").live("/live/hello").await;
    one.viewers(2).await;

    let unproxied = AxumSite::start().await;
    let mut one = behind(&unproxied, "192.0.2.1").live("/live/hello").await;
    let _two = behind(&unproxied, "192.0.2.2").live("/live/hello").await;
    unproxied.metric_is("horizon_live_connections", 2).await;
    assert_eq!(one.viewers(1).await.viewers, 1);
    assert_eq!(unproxied.client().numbers("/stats/hello").await.viewers, 1);
}
