//! Knows no contexts of visits, for builds without the feature `context`.

use std::convert::Infallible;

use horizon_core::VisitContext;

use super::OpenedPage;
use crate::{Caller, Config};

/// No countries.
pub(crate) type Countries = Option<Infallible>;

/// A reader of contexts that returns none.
#[derive(Debug)]
pub(crate) struct SiteContext(());

impl SiteContext {
    pub(crate) fn new(_: &Config, _: Countries) -> Self {
        Self(())
    }

    pub(super) fn read(&self, _: &Caller, _: OpenedPage<'_>) -> Option<VisitContext> {
        None
    }

    /// Returns at once.
    pub(crate) fn run_refresh(&self) -> impl Future<Output = ()> + Send + use<> {
        std::future::ready(())
    }
}
