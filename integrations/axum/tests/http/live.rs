//! The live streams.

use horizon_core::{
    Topic,
    wire::{CommentView, ObservedStats, PageStats},
};
use serde_json::json;

use crate::site::{AxumSite, eventually, topic};

#[tokio::test]
async fn a_stream_starts_with_the_retry_time_and_all_numbers() {
    let site = AxumSite::start().await;
    let mut live = site.client().live("/live/hello").await;
    assert_eq!(live.headers["content-type"], "text/event-stream");
    assert_eq!(live.headers["cache-control"], "no-store");
    assert_eq!(live.headers["x-accel-buffering"], "no");
    let greeting = live.next().await.unwrap();
    assert!((1000..=4000).contains(&greeting.retry.parse::<u32>().unwrap()));
    assert!(!greeting.id.is_empty());
    let first = live.next().await.unwrap();
    assert_eq!(first.event, "live");
    let numbers: PageStats = serde_json::from_str(&first.data).unwrap();
    assert_eq!(numbers.viewers, 1, "the first frame counts its own reader");
    assert_eq!(live.next().await.unwrap().event, "site");
    let comments = live.next().await.unwrap();
    assert_eq!((comments.event.as_str(), comments.data.as_str()), ("comments", "[]"));
}

#[tokio::test]
async fn retry_times_of_connections_differ() {
    let site = AxumSite::start().await;
    let mut waits = std::collections::HashSet::new();
    for _ in 0..20 {
        waits.insert(site.client().live("/live").await.next().await.unwrap().retry);
    }
    assert!(waits.len() > 10, "{waits:?}");
}

#[tokio::test]
async fn viewers_join_and_leave() {
    let site = AxumSite::start().await;
    let mut first = site.client().agent(1).live("/live/hello").await;
    first.viewers(1).await;
    let second = site.client().agent(2).live("/live/hello").await;
    first.viewers(2).await;
    let third = site.client().agent(3).live("/live/other").await;
    first.until("site", |numbers: &PageStats| numbers.viewers == 3).await;
    drop((second, third));
    first.viewers(1).await;
    first.until("site", |numbers: &PageStats| numbers.viewers == 1).await;
}

#[tokio::test]
async fn the_site_has_its_own_stream() {
    let site = AxumSite::start().await;
    let mut live = site.client().agent(1).live("/live").await;
    live.viewers(1).await;
    let _page = site.client().agent(2).live("/live/hello").await;
    let numbers = live.until("live", |numbers: &PageStats| numbers.visits == 2).await;
    assert_eq!(numbers.viewers, 2);
    assert_eq!(site.client().numbers("/stats").await.visits, 2);
}

#[tokio::test]
async fn a_second_tab_is_neither_a_viewer_nor_a_visit() {
    let site = AxumSite::start().await;
    let mut first = site.client().live("/live/hello").await;
    first.until("live", |numbers: &PageStats| numbers.visits == 1).await;
    let second = site.client().live("/live/hello").await;
    site.metric_is("horizon_live_connections", 2).await;
    site.metric_is("horizon_events_tracked_total{kind=\"visit\"}", 4).await;
    drop(second);
    // Leaving tracks the visit again, for the page and for the site.
    site.metric_is("horizon_events_tracked_total{kind=\"visit\"}", 6).await;
    let numbers = site.client().numbers("/stats/hello").await;
    assert_eq!((numbers.viewers, numbers.visits), (1, 1));
}

#[tokio::test]
async fn likes_and_comments_reach_all_streams_of_a_page() {
    let site = AxumSite::start().await;
    let (writer, mut live) = (site.client(), site.client().live("/live/hello").await);
    writer.send("PUT", "/likes/hello", "").await;
    live.until("live", |numbers: &PageStats| numbers.likes == 1).await;
    for number in 0..7 {
        writer
            .json("/comments/hello", &json!({"body": format!("number {number}")}))
            .await;
    }
    live.until("live", |numbers: &PageStats| numbers.comments == 7).await;
    let newest = live
        .until("comments", |newest: &Vec<CommentView>| {
            newest.first().is_some_and(|comment| comment.html.contains("number 6"))
        })
        .await;
    assert_eq!(newest.len(), 5);
}

#[tokio::test]
async fn the_last_reader_to_leave_frees_the_page() {
    let site = AxumSite::start().await;
    let pages: Vec<_> = [site.client().live("/live/a").await, site.client().live("/live/b").await].into();
    site.metric_is("horizon_live_pages", 3).await;
    drop(pages);
    site.metric_is("horizon_live_pages", 0).await;
    site.metric_is("horizon_live_connections", 0).await;
}

#[tokio::test]
async fn joining_while_the_last_reader_leaves_always_gives_a_live_page() {
    let site = AxumSite::start().await;
    for round in 0..200 {
        let leaving = site.client().agent(0).live("/live/hello").await;
        let left = tokio::spawn(async move { drop(leaving) });
        let mut joined = site.client().agent(1).live("/live/hello").await;
        assert!(
            joined
                .until("live", |numbers: &PageStats| numbers.viewers > 0)
                .await
                .viewers
                > 0,
            "{round}"
        );
        left.await.unwrap();
    }
    site.metric_is("horizon_live_pages", 0).await;
}

#[tokio::test]
async fn an_unavailable_bus_delays_no_stream_and_loses_no_visit() {
    let site = AxumSite::start().await;
    site.bus.set_down(true);
    let mut live = site.client().live("/live/hello").await;
    assert_eq!(live.viewers(1).await.visits, 0);
    site.bus.set_down(false);
    live.until("live", |numbers: &PageStats| numbers.visits == 1).await;
    assert_eq!(site.visits(Topic::Site).await, 1);
}

#[tokio::test]
async fn a_head_request_is_not_counted() {
    let site = AxumSite::start().await;
    let response = site.client().send("HEAD", "/live/hello", "").await;
    assert_eq!((response.status.as_u16(), response.body.as_str()), (200, ""));
    let _live = site.client().agent(1).live("/live/hello").await;
    eventually("the visit", async || site.visits(topic("hello")).await > 0).await;
    assert_eq!(site.visits(topic("hello")).await, 1);
}

#[tokio::test]
async fn pages_of_the_application_show_the_same_numbers() {
    let site = AxumSite::start().await;
    let numbers = async || {
        site.horizon
            .stats(&[topic("hello"), topic("idle"), Topic::Site])
            .await
            .unwrap()
    };
    let mut live = site.client().live("/live/hello").await;
    live.until("live", |numbers: &PageStats| numbers.visits == 1).await;
    let viewers = |numbers: &[PageStats]| numbers.iter().map(|n| n.viewers).collect::<Vec<_>>();
    eventually("the site's visit", async || numbers().await[2].visits == 1).await;
    assert_eq!(viewers(&numbers().await), [1, 0, 1]);
    drop(live);
    eventually("the reader's leaving", async || viewers(&numbers().await) == [0, 0, 0]).await;
    assert_eq!(numbers().await[0].visits, 1);
}

#[tokio::test]
async fn one_stream_carries_several_pages_without_being_a_viewer_of_them() {
    let site = AxumSite::start().await;
    for path in ["/live/list", "/live"] {
        let list = format!("{path}?page=hello&page=no-such-page&page=other");
        let mut list = site.client().agent(0).live(&list).await;
        let is = |page: &str, viewers| {
            let page = page.to_owned();
            move |observed: &ObservedStats| observed.page.as_str() == page && observed.stats.viewers == viewers
        };
        list.until("page", is("other", 0)).await;
        let reader = site.client().agent(1).live("/live/hello").await;
        let observed = list.until("page", is("hello", 1)).await;
        assert_eq!((observed.stats.likes, observed.stats.comments), (0, 0));
        site.client().json("/comments/other", &json!({"body": "Hello"})).await;
        list.until("page", |observed: &ObservedStats| observed.stats.comments > 0)
            .await;
        drop(reader);
        list.until("page", is("hello", 0)).await;
    }
    assert_eq!(site.visits(topic("other")).await, 0);
    site.metric_is("horizon_live_pages", 0).await;
}

#[tokio::test]
async fn a_page_in_the_path_and_in_a_parameter_is_sent_as_both() {
    let site = AxumSite::start().await;
    let mut live = site.client().live("/live/hello?page=hello").await;
    live.viewers(1).await;
    live.until("page", |observed: &ObservedStats| observed.stats.viewers == 1)
        .await;
    assert_eq!(
        site.metric("horizon_live_pages"),
        3,
        "the page, the site, the observed page"
    );
}

#[tokio::test]
async fn invalid_observed_pages_are_a_problem_that_names_the_parameter() {
    let site = AxumSite::start().await;
    let list = |pages: usize| (0..pages).map(|page| format!("&page=no-{page}")).collect::<String>();
    let too_many = list(101);
    for query in [
        "&page=",
        "&page=a&page=a",
        "&page=no-a&page=no-a",
        "&page=a%2F%2Fb",
        "&page=%2Fa",
        "&page=%00",
        &too_many,
    ] {
        for path in ["/live", "/live/hello"] {
            let response = site.client().get(&format!("{path}?{}", &query[1..])).await;
            assert_eq!(
                response.problem(),
                (422, "invalid-field".into(), Some("page".into())),
                "{query}"
            );
        }
    }
    assert_eq!(site.metric("horizon_live_pages"), 0);
    let _live = site.client().live(&format!("/live?{}", &list(100)[1..])).await;
    assert_eq!(site.metric("horizon_live_pages"), 1, "unknown pages have no task");
}
