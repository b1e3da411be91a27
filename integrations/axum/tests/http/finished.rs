//! Reports that the end of a page was on screen.

use crate::site::AxumSite;

#[tokio::test]
async fn a_finished_page_is_a_visit_of_the_page_and_of_the_site() {
    let site = AxumSite::start().await;
    let response = site.client().send("POST", "/finished/hello", "").await;
    assert_eq!((response.status.as_u16(), response.body.as_str()), (204, ""));
    assert_eq!(response.headers["cache-control"], "no-store");
    site.metric_is("horizon_events_tracked_total{kind=\"visit\"}", 2).await;
}

#[tokio::test]
async fn a_report_needs_an_existing_page_and_a_page_of_this_site() {
    let site = AxumSite::start().await;
    let reader = site.client();
    assert_eq!(reader.status("POST", "/finished/no-such-page").await, 404);
    assert_eq!(reader.status("GET", "/finished/hello").await, 405);
    assert_eq!(reader.status("POST", "/finished").await, 404);
    let other = reader.with("sec-fetch-site", "cross-site");
    assert_eq!(
        other.send("POST", "/finished/hello", "").await.problem().1,
        "cross-site"
    );
}

#[tokio::test]
async fn a_crawler_finishes_no_page() {
    let site = AxumSite::start().await;
    let crawler = site.client().with("user-agent", "Googlebot/2.1");
    assert_eq!(crawler.status("POST", "/finished/hello").await, 204);
    assert_eq!(site.metric("horizon_events_tracked_total{kind=\"visit\"}"), 0);
}
