//! The API of the reports.

mod files;
mod queries;
mod wrong_queries;

use std::time::Duration;

use bytes::Bytes;
use eventhorizon::{
    Caller, Horizon, LiveOptions, PageDescription, ReportAccess, ResponseBody, SiteTimeZone, Slug, Timestamp,
    http::{HeaderMap, Request, StatusCode},
};
use horizon_memory::testing::{Clock, Fake};
use serde_json::Value;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// A response.
struct HttpAnswer {
    status: StatusCode,
    headers: HeaderMap,
    text: Bytes,
}

impl HttpAnswer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.text).unwrap()
    }
}

/// A site in Berlin whose reports are for callers with the header `x-staff`. Its clock starts at nine o'clock on 15
/// January 2027, a Friday.
struct QueriedSite {
    horizon: Horizon,
    clock: Clock,
}

impl QueriedSite {
    async fn start() -> Self {
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let (fake, now) = (Fake::new(clock.clone()), clock.clone());
        let zone = SiteTimeZone::new("Europe/Berlin").unwrap();
        let is_staff = |caller: &Caller| match caller.headers().contains_key("x-staff") {
            true => ReportAccess::Full,
            false => ReportAccess::Denied,
        };
        let describe = |slug: &Slug| {
            let published = (slug.as_str() == "bread").then(|| "2026-01-01".parse().unwrap());
            Some(PageDescription::new("A title").published(published))
        };
        let horizon = Horizon::from_ports(fake.ports())
            .clock(move || now.now())
            .time_zone(zone)
            .report_policy(is_staff)
            .describe_pages(describe)
            .start(|_: &Slug| true)
            .await
            .unwrap();
        Self { horizon, clock }
    }

    /// Starts a site that people read on two days: on the first, two readers come from a search engine to the bread,
    /// one of whom then reads the soup. On the second, one comes to the soup without a source, and likes it.
    async fn with_readers() -> Self {
        let site = Self::start().await;
        for reader in 1..=2 {
            site.open(reader, "bread", Some("https://www.google.com/")).await;
        }
        site.clock.advance(Duration::from_secs(60));
        site.open(1, "docs/soup", None).await;
        site.clock.advance(Duration::from_secs(24 * 3_600));
        site.open(3, "docs/soup", None).await;
        let page = site.horizon.page("docs/soup").await.unwrap();
        site.horizon.like(&page, &site.reader(3)).await.unwrap();
        site.horizon.close().await.unwrap();
        site
    }

    fn reader(&self, number: u8) -> Caller {
        self.horizon
            .caller([192, 0, 2, number].into(), [("user-agent", FIREFOX)])
    }

    async fn open(&self, reader: u8, page: &str, referrer: Option<&str>) {
        let page = self.horizon.page(page).await.unwrap();
        let options = LiveOptions::page(&page).referrer(referrer);
        drop(self.horizon.live(&self.reader(reader), options).await.unwrap());
    }

    /// Sends a query to the API.
    async fn query(&self, body: Value) -> HttpAnswer {
        let request = Request::post("/api/v2/query").header("content-type", "application/json");
        self.send(request.header("x-staff", "1").body(body.to_string()).unwrap())
            .await
    }

    /// Returns the answer to a query that has one.
    async fn answer(&self, body: Value) -> Value {
        let answer = self.query(body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {:?}", answer.text);
        answer.json()
    }

    /// Returns the values of dimensions and metrics of the rows of an answer.
    async fn rows(&self, body: Value) -> Vec<(Value, Value)> {
        let answer = self.answer(body).await;
        let rows = answer["results"].as_array().unwrap().iter();
        rows.map(|row| (row["dimensions"].clone(), row["metrics"].clone()))
            .collect()
    }

    async fn get(&self, path: &str) -> HttpAnswer {
        self.send(Request::get(path).header("x-staff", "1").body(String::new()).unwrap())
            .await
    }

    async fn send(&self, request: Request<String>) -> HttpAnswer {
        let response = self.horizon.handle([192, 0, 2, 200].into(), request).await;
        let (parts, body) = response.into_parts();
        let ResponseBody::Bytes(text) = body else {
            panic!("the response is a stream")
        };
        HttpAnswer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }
}
