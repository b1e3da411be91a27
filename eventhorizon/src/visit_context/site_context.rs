//! Reads the contexts of visits of a site.

use std::{sync::Arc, time::Duration};

use horizon_context::{ContextReader, CountryFile, PageRequest};
use horizon_core::VisitContext;
use http::{HeaderMap, HeaderName, header};
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::OpenedPage;
use crate::{Caller, Config, Origin};

/// How often the reader drops what it does not use, and looks for a new file of countries: 15 seconds.
const REFRESH_INTERVAL: Duration = Duration::from_secs(15);

/// The countries of addresses, if a file is configured.
pub(crate) type Countries = Option<CountryFile>;

/// Reads the contexts of visits.
#[derive(Debug)]
pub(crate) struct SiteContext {
    reader: Arc<ContextReader>,
    country_header: Option<HeaderName>,
}

impl SiteContext {
    pub(crate) fn new(config: &Config, countries: Countries) -> Self {
        let own_hosts = config.own_origin.iter().chain(&config.origins).map(Origin::authority);
        let reader = ContextReader::new(own_hosts);
        let reader = match countries {
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
