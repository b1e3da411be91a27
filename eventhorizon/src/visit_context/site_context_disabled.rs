//! Knows no contexts of visits, for builds without the feature `context`.

use horizon_core::VisitContext;

use super::{OpenedPage, SiteContext, SiteCountries};
use crate::{Caller, Config};

impl SiteContext {
    pub(crate) fn new(_: &Config, _: SiteCountries) -> Self {
        Self {}
    }

    pub(super) fn read(&self, _: &Caller, _: OpenedPage<'_>) -> Option<VisitContext> {
        None
    }

    /// Returns at once.
    pub(crate) fn run_refresh(&self) -> impl Future<Output = ()> + Send + use<> {
        std::future::ready(())
    }
}
