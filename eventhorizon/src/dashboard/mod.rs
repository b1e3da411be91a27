//! The dashboard: what happens now, and the history in charts and lists, as HTML from the server.
//!
//! The state of a URL and the lists exist without the feature `dashboard`, too: CSV files have the same parameters.

#[cfg(feature = "dashboard")]
mod document;
#[cfg(feature = "dashboard")]
mod link;
mod list_kind;
mod list_metrics;
#[cfg(feature = "dashboard")]
mod live;
#[cfg(feature = "dashboard")]
mod load;
#[cfg(feature = "dashboard")]
mod model;
mod parse;
mod period;
#[cfg(feature = "dashboard")]
mod public;
mod state;
#[cfg(feature = "dashboard")]
mod view;

#[cfg(feature = "dashboard")]
pub use self::model::DashboardLink;
#[cfg(feature = "dashboard")]
pub(crate) use self::{
    document::document,
    live::live,
    view::{SCRIPT, STYLE},
};
pub(crate) use self::{
    list_kind::{ListKind, is_old_page},
    list_metrics::{PAGE_METRICS, nothing_of},
    period::PeriodChoice,
    state::DashboardState,
};
