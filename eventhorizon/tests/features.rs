//! What a site does with and without each Cargo feature. CI runs these tests with all of them and with none.

#[cfg(test)]
mod tests {
    use eventhorizon::{Horizon, Live, LiveOptions, ResponseBody, Slug, http::Request};
    use futures::StreamExt;

    const HAS_COMMENTS: bool = cfg!(feature = "comments");
    const BROWSER: &str = "Mozilla/5.0 Firefox/130.0";

    async fn site() -> Horizon {
        let is_page = |slug: &Slug| slug.as_str() == "bread";
        Horizon::in_memory().start(is_page).await.unwrap()
    }

    /// Requests a path. Returns the status and the body.
    async fn get(horizon: &Horizon, path: &str) -> (u16, String) {
        let request = Request::get(path).body(String::new()).unwrap();
        let response = horizon.handle([192, 0, 2, 1].into(), request).await;
        let status = response.status().as_u16();
        let ResponseBody::Bytes(body) = response.into_body() else {
            panic!("{path} is a stream")
        };
        (status, String::from_utf8(body.into()).unwrap())
    }

    /// Returns the messages up to the first that contains `part`.
    async fn read_until(live: &mut Live, part: &str) -> String {
        let mut text = String::new();
        while !text.contains(part) {
            text.push_str(str::from_utf8(&live.next().await.unwrap()).unwrap());
        }
        text
    }

    async fn viewers_with(agent: &str) -> u64 {
        let horizon = site().await;
        let page = horizon.page("bread").await.unwrap();
        let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", agent)]);
        let _live = horizon.live(&caller, LiveOptions::page(&page)).await.unwrap();
        horizon.stats(&[page.into()]).await.unwrap()[0].viewers
    }

    #[tokio::test]
    async fn likes_and_live_numbers_need_no_feature() {
        let horizon = site().await;
        let page = horizon.page("bread").await.unwrap();
        let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", BROWSER)]);
        assert_eq!(horizon.like(&page, &ada).await.unwrap().view.likes, 1);
        assert_eq!(get(&horizon, "/likes/bread").await.0, 200);
        assert_eq!(get(&horizon, "/client.js").await.0, 200);

        let mut live = horizon.live(&ada, LiveOptions::page(&page)).await.unwrap();
        let text = read_until(&mut live, "event: site\n").await;
        assert!(text.contains("event: live\ndata: {\"viewers\":1,"), "{text}");
        // The first frame is complete.
        if HAS_COMMENTS {
            assert!(read_until(&mut live, "event: ").await.starts_with("event: comments\n"));
        }
        horizon.like(&page, &ada).await.unwrap();
        let next = read_until(&mut live, "\"likes\":2").await;
        assert!(!next.contains("event: comments\n"), "{next}");
        drop(live);
        horizon.close().await.unwrap();
    }

    #[tokio::test]
    async fn the_routes_of_comments_exist_only_with_their_feature() {
        let horizon = site().await;
        let expected = if HAS_COMMENTS { 200 } else { 404 };
        for path in ["/comments/bread", "/comments.js"] {
            assert_eq!(get(&horizon, path).await.0, expected, "{path}");
        }
        let (status, contract) = get(&horizon, "/openapi.json").await;
        assert_eq!(status, 200);
        assert!(contract.contains("\"/likes/{slug}\""));
        assert_eq!(contract.contains("\"/comments/{slug}\""), HAS_COMMENTS);
        let has_module = eventhorizon::client_modules()
            .iter()
            .any(|(name, _)| *name == "comments.js");
        assert_eq!(has_module, HAS_COMMENTS);
    }

    #[tokio::test]
    async fn the_dashboard_exists_only_with_its_feature_and_the_api_always() {
        let (_, contract) = get(&site().await, "/openapi.json").await;
        assert_eq!(contract.contains("\"/dashboard\""), cfg!(feature = "dashboard"));
        for path in ["\"/api/v2/query\"", "\"/reports/{name}.csv\""] {
            assert!(contract.contains(path), "{path}");
        }
    }

    #[tokio::test]
    async fn crawlers_are_known_only_with_the_feature_bots() {
        let crawlers = viewers_with("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)").await;
        assert_eq!(crawlers, u64::from(!cfg!(feature = "bots")));
        assert_eq!(viewers_with(BROWSER).await, 1);
        assert_eq!(viewers_with("").await, 0);
        assert_eq!(viewers_with("HeadlessChrome/130.0").await, 0);
    }

    #[cfg(feature = "metrics")]
    #[tokio::test]
    async fn a_lost_visit_has_a_metric_from_the_start() {
        let metrics = site().await.metrics();
        assert!(
            metrics.contains("horizon_events_failed_total{kind=\"visit\"} 0"),
            "{metrics}"
        );
    }
}
