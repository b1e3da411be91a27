//! The context of a visit: where the visitor came from, and with which browser.

#[cfg_attr(not(feature = "context"), path = "visit_context/site_context_disabled.rs")]
mod site_context;

use std::fmt;

use horizon_core::VisitContext;

use crate::{Caller, Horizon};

/// The countries of addresses, if a file is configured. Empty without the feature `context`.
#[derive(Debug, Default)]
pub(crate) struct SiteCountries(#[cfg(feature = "context")] pub(crate) Option<horizon_context::CountryFile>);

/// Reads the contexts of visits. Empty without the feature `context`.
#[derive(Debug)]
pub(crate) struct SiteContext {
    #[cfg(feature = "context")]
    reader: std::sync::Arc<horizon_context::ContextReader>,
    #[cfg(feature = "context")]
    country_header: Option<http::HeaderName>,
}

/// What a page or the client reports about the load of a page.
#[derive(Clone, Copy, Default)]
pub(crate) struct OpenedPage<'a> {
    /// The referrer of the page: parameter `r`, or the `Referer` header of a page load.
    pub(crate) referrer: Option<&'a str>,
    /// The query of the page's URL, encoded: parameter `q`, or the query of a page load.
    pub(crate) query: Option<&'a str>,
    /// The width of the viewport in CSS pixels: parameter `w`.
    pub(crate) viewport_width: Option<u32>,
}

impl fmt::Debug for OpenedPage<'_> {
    /// Writes no content, so that no referrer gets into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedPage(…)")
    }
}

impl Horizon {
    /// Returns the context of a visit by this caller; `None` without the feature `context`. Only the returned values
    /// may get into events and logs.
    pub(crate) fn visit_context(&self, caller: &Caller, page: OpenedPage<'_>) -> Option<Box<VisitContext>> {
        let mut context = self.0.context.read(caller, page)?;
        let limits = &self.0.limits;
        limits.limit_values(&mut context, limits.networks(caller.address()), self.0.clock.now());
        Some(Box::new(context))
    }
}
