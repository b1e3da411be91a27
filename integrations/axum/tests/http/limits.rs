//! The limits of each client network, behind a trusted proxy.

use horizon_core::{Topic, wire::LikeView};
use http::header;
use serde_json::json;

use crate::{
    client::{Client, LiveConnection},
    site::{AxumSite, eventually, topic},
};

const ATTACKER: &str = "203.0.113.7";
const READER: &str = "192.0.2.1";

/// Starts a site behind a trusted proxy, with few places for each network.
async fn behind_proxy() -> AxumSite {
    AxumSite::with(|config, _| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.network_limits.live_streams = 8;
        config.network_limits.viewers = 4;
        config.network_limits.likes = 64;
        config.network_limits.likes_without_visit = 3;
    })
    .await
}

fn client(site: &AxumSite, address: &str) -> Client {
    site.client().with("x-forwarded-for", address)
}

/// Opens eight live streams of one address, each with another user agent.
async fn flood(site: &AxumSite) -> Vec<LiveConnection> {
    let mut streams = Vec::new();
    for agent in 0..8 {
        streams.push(client(site, ATTACKER).agent(agent).live("/live/hello").await);
    }
    streams
}

async fn assert_too_many(client: &Client, method: &str, path: &str) -> u64 {
    let response = client.send(method, path, "").await;
    assert_eq!(response.problem(), (429, "too-many-requests".into(), None));
    response.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_network_has_few_open_streams_whatever_its_user_agents() {
    let site = behind_proxy().await;
    let streams = flood(&site).await;
    let attacker = client(&site, ATTACKER).agent(99);
    assert_eq!(assert_too_many(&attacker, "GET", "/live/hello").await, 60);
    assert_too_many(&attacker, "GET", "/live").await;
    assert_eq!(site.metric("horizon_rate_limited_total{kind=\"open_streams\"}"), 2);
    client(&site, READER).live("/live/hello").await.viewers(5).await;
    drop(streams);
    eventually("a stream opens again", async || {
        attacker.status("GET", "/live/hello").await == 200
    })
    .await;
}

#[tokio::test]
async fn a_network_is_few_viewers_and_visitors_whatever_its_user_agents() {
    let site = behind_proxy().await;
    let mut streams = flood(&site).await;
    streams[7].viewers(4).await;
    let reader = client(&site, READER).live("/live/hello").await.viewers(5).await;
    assert_eq!(reader.viewers, 5);
    assert_eq!(site.metric("horizon_dropped_visits_total{reason=\"network\"}"), 4);
    for topic in [topic("hello"), Topic::Site] {
        eventually("the visits", async || site.visits(topic.clone()).await == 5).await;
    }
}

#[tokio::test]
async fn new_visitors_of_a_network_have_a_rate() {
    let site = AxumSite::with(|config, _| config.rates.visitors = eventhorizon::Rate::new(1, 2)).await;
    for agent in [1, 2, 1, 3, 4, 2] {
        drop(site.client().agent(agent).live("/live/hello").await);
    }
    let anonymous = site.client().with("sec-gpc", "1");
    drop(anonymous.live("/live/hello").await);
    site.metric_is("horizon_dropped_visits_total{reason=\"network\"}", 3)
        .await;
    anonymous.live("/live/hello?again=1").await.viewers(1).await;
    eventually("the visits", async || site.visits(topic("hello")).await == 2).await;
}

#[tokio::test]
async fn a_network_that_did_not_open_the_page_likes_it_a_few_times() {
    let site = behind_proxy().await;
    let stranger = client(&site, ATTACKER);
    let first = stranger.send("PUT", "/likes/hello", "").await;
    for likes in 2..=3 {
        let view = stranger.send("PUT", "/likes/hello", "").await.read::<LikeView>();
        assert_eq!(view, LikeView { liked: true, likes });
    }
    let wait = assert_too_many(&stranger, "PUT", "/likes/hello").await;
    assert!((1..=24 * 3600).contains(&wait), "{wait}");
    assert_eq!(site.metric("horizon_rate_limited_total{kind=\"like_day\"}"), 1);
    let form = stranger.form("/likes/hello", "liked=true").await;
    assert_eq!(form.status, 429);
    assert!(
        form.body.contains("Your network sent too many likes today."),
        "{}",
        form.body
    );

    let known = stranger.clone().keep_cookie(&first);
    assert_eq!(known.send("DELETE", "/likes/hello", "").await.status, 200);
    assert_eq!(known.send("PUT", "/likes/hello", "").await.status, 200);
    assert_eq!(known.send("PUT", "/likes/other", "").await.status, 200);
    assert_eq!(client(&site, READER).send("PUT", "/likes/hello", "").await.status, 200);

    drop(stranger.live("/live/hello").await);
    let view = stranger.send("PUT", "/likes/hello", "").await.read::<LikeView>();
    assert_eq!(view.likes, 5, "the network has opened the page");
}

#[tokio::test]
async fn a_retry_of_a_like_is_free() {
    let site = behind_proxy().await;
    let retry = client(&site, ATTACKER).with("idempotency-key", "01890a5d-ac96-774b-bcce-b302099a8057");
    for _ in 0..10 {
        let view = retry.send("PUT", "/likes/hello", "").await.read::<LikeView>();
        assert_eq!(view.likes, 1);
    }
    for _ in 0..2 {
        assert_eq!(
            client(&site, ATTACKER).send("PUT", "/likes/hello", "").await.status,
            200
        );
    }
    assert_too_many(&client(&site, ATTACKER), "PUT", "/likes/hello").await;
    assert_eq!(retry.send("PUT", "/likes/hello", "").await.status, 200);
}

#[tokio::test]
async fn unlikes_of_new_readers_count_like_their_likes() {
    let site = behind_proxy().await;
    let with_key = |number: u32| client(&site, ATTACKER).with("idempotency-key", &format!("{number:032x}"));
    for number in 1..=3 {
        for method in ["PUT", "DELETE", "PUT", "DELETE"] {
            let response = with_key(number).send(method, "/likes/hello", "").await;
            assert_eq!(response.status, 200, "the same reader again");
        }
    }
    assert_too_many(&with_key(4), "DELETE", "/likes/hello").await;
    assert_eq!(
        client(&site, ATTACKER).send("DELETE", "/likes/hello", "").await.status,
        200
    );
}

#[tokio::test]
async fn comments_of_a_network_have_a_limit_for_the_day() {
    let site = AxumSite::with(|config, _| config.network_limits.comments = 2).await;
    let id = json!({"body": "one", "id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    for body in [&id, &id, &json!({"body": "two"})] {
        assert_eq!(site.client().json("/comments/hello", body).await.status, 201);
    }
    let response = site.client().json("/comments/hello", &json!({"body": "three"})).await;
    assert_eq!(response.problem(), (429, "too-many-requests".into(), None));
    assert!(response.body.contains("too many comments today"), "{}", response.body);
}

#[tokio::test]
async fn after_a_flood_its_streams_and_viewers_are_forgotten() {
    let site = AxumSite::with(|config, _| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let mut reader = client(&site, READER).live("/live/hello").await;
    reader.viewers(1).await;
    let open = "horizon_limit_entries{kind=\"open\"}";
    assert_eq!(site.metric(open), 3, "the stream, the viewer, and the viewer's streams");
    for number in 0..200 {
        let address = format!("203.0.{}.{number}", number % 4);
        drop(client(&site, &address).agent(number).live("/live/hello").await);
    }
    site.metric_is("horizon_live_connections", 1).await;
    site.metric_is(open, 3).await;
    site.metric_is("horizon_live_pages", 2).await;
    reader.viewers(1).await;
}
