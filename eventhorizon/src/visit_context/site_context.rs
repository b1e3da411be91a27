//! Reads the contexts of visits of a site.

use std::{sync::Arc, time::Duration};

use horizon_context::{ContextReader, PageRequest};
use horizon_core::VisitContext;
use http::{HeaderMap, HeaderName, header};
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{OpenedPage, SiteContext, SiteCountries};
use crate::{Caller, Config, Origin};

/// How often the reader drops what it does not use, and looks for a new file of countries: 15 seconds.
const REFRESH_INTERVAL: Duration = Duration::from_secs(15);

impl SiteContext {
    pub(crate) fn new(config: &Config, countries: SiteCountries) -> Self {
        let own_hosts = config.own_origin.iter().chain(&config.origins).map(Origin::authority);
        let reader = ContextReader::new(own_hosts);
        let reader = match countries.0 {
            Some(file) => reader.with_countries(file),
            None => reader,
        };
        Self {
            reader: Arc::new(reader),
            country_header: config.country_header.clone(),
        }
    }

    /// Returns the context of a visit. The country header counts only in requests of trusted proxies.
    pub(super) fn read(&self, caller: &Caller, page: OpenedPage<'_>) -> Option<VisitContext> {
        let headers = caller.headers();
        let country = self.country_header.as_ref().filter(|_| caller.is_proxied());
        Some(self.reader.read(&PageRequest {
            user_agent: text(headers, &header::USER_AGENT),
            accept_language: text(headers, &header::ACCEPT_LANGUAGE),
            referrer: page.referrer,
            page_query: page.query,
            host: text(headers, &header::HOST),
            viewport_width: page.viewport_width,
            address: Some(caller.address()),
            country_header: country.and_then(|name| text(headers, name)),
        }))
    }

    /// Refreshes the reader until the future is dropped.
    pub(crate) fn run_refresh(&self) -> impl Future<Output = ()> + Send + use<> {
        let reader = Arc::clone(&self.reader);
        async move {
            let mut ticks = interval(REFRESH_INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                let reader = Arc::clone(&reader);
                if let Err(error) = spawn_blocking(move || reader.refresh()).await {
                    tracing::error!(%error, "looking for a new file of countries failed, retrying");
                }
            }
        }
    }
}

/// Returns a header that is text. If there are several, it is the first.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use horizon_core::{ContextValue, Slug};

    use super::*;
    use crate::{Builder, Horizon};

    const PEER: [u8; 4] = [192, 0, 2, 1];
    const PROXY: [u8; 4] = [10, 0, 0, 1];
    const FIREFOX: (&str, &str) = (
        "user-agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    );

    fn builder() -> Builder {
        Horizon::in_memory().configure(|config| {
            config.own_origin = Some("https://blog.example.org".parse().unwrap());
            config.origins = vec!["https://docs.example.net:8443".parse().unwrap()];
            config.secure_cookies = true;
            config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
            config.country_header = Some(HeaderName::from_static("cf-ipcountry"));
        })
    }

    async fn site() -> Horizon {
        builder().start(|_: &Slug| true).await.unwrap()
    }

    fn read(
        horizon: &Horizon,
        peer: impl Into<IpAddr>,
        headers: &[(&str, &str)],
        page: OpenedPage<'_>,
    ) -> VisitContext {
        let caller = horizon.caller(peer.into(), headers.iter().copied());
        *horizon.visit_context(&caller, page).unwrap()
    }

    fn text(value: Option<&ContextValue>) -> Option<&str> {
        value.map(ContextValue::as_str)
    }

    #[tokio::test]
    async fn a_context_has_what_the_request_and_the_page_state() {
        let page = OpenedPage {
            referrer: Some("https://www.google.co.uk/search?q=secret"),
            query: Some("utm_campaign=Spring&token=secret"),
            viewport_width: Some(600),
        };
        let context = read(&site().await, PEER, &[FIREFOX, ("accept-language", "de-AT,en")], page);
        assert_eq!(text(context.source.as_ref()), Some("google"));
        assert_eq!(text(context.channel.as_ref()), Some("search"));
        assert_eq!(text(context.campaign.as_ref()), Some("spring"));
        assert_eq!(text(context.browser.as_ref()), Some("firefox 132"));
        assert_eq!(text(context.system.as_ref()), Some("windows 10"));
        assert_eq!(text(context.device.as_ref()), Some("tablet"));
        assert_eq!(text(context.language.as_ref()), Some("de"));
        let all = format!("{page:?} {context:?}");
        assert!(!all.contains("secret") && !all.contains("co.uk"), "{all}");
    }

    #[tokio::test]
    async fn a_country_header_counts_only_in_requests_of_trusted_proxies() {
        let horizon = site().await;
        let country = |peer: [u8; 4], headers: &[(&str, &str)]| {
            let context = read(&horizon, peer, headers, OpenedPage::default());
            context.country.map(|value| value.as_str().to_owned())
        };
        let header = ("cf-ipcountry", "DE");
        let forwarded = ("x-forwarded-for", "192.0.2.7");
        assert_eq!(country(PROXY, &[header, forwarded]).as_deref(), Some("DE"));
        assert_eq!(country(PEER, &[header, forwarded]), None);
        assert_eq!(country(PROXY, &[("cf-ipcountry", "XX"), forwarded]), None);
        assert_eq!(country(PROXY, &[("x-country", "DE"), forwarded]), None);
    }

    #[tokio::test]
    async fn hosts_of_the_site_and_of_the_request_are_no_sources() {
        let horizon = site().await;
        let source = |referrer| {
            let page = OpenedPage {
                referrer: Some(referrer),
                ..OpenedPage::default()
            };
            let context = read(&horizon, PEER, &[("host", "www.example.com:3000")], page);
            context.source.map(|value| value.as_str().to_owned())
        };
        for own in [
            "https://blog.example.org/",
            "https://docs.example.net:8443/a",
            "http://example.com/b",
        ] {
            assert_eq!(source(own), None, "{own}");
        }
        assert_eq!(source("https://shop.example.org/").as_deref(), Some("example.org"));
    }

    #[tokio::test]
    async fn settings_that_cannot_work_stop_the_start() {
        let untrusted = builder().configure(|config| config.trusted_proxies.clear());
        let error = untrusted.start(|_: &Slug| true).await.unwrap_err();
        assert!(
            error.to_string().contains("`country_header` needs `trusted_proxies`"),
            "{error}"
        );
        let error = builder().country_file("/no/such/countries.mmdb").unwrap_err();
        assert!(error.to_string().contains("/no/such/countries.mmdb"), "{error}");
    }
}
