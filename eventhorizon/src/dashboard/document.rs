//! The document and the part of it that the live stream replaces.

use horizon_core::reports::ReportError;

use super::{
    load::load,
    model::{Dashboard, PageTitles},
    public::hide_small_values,
    state::DashboardState,
    view,
};
use crate::{Horizon, NowSnapshot, Problem, ReportAccess, rules::Rules};

/// Returns the document of the dashboard for the query of its URL.
///
/// # Errors
/// The store does not respond.
pub(crate) async fn document(horizon: &Horizon, query: &str, is_public: bool) -> Result<String, Problem> {
    let dashboard = dashboard(horizon, query, is_public).await.map_err(problem)?;
    Ok(view::page(&dashboard))
}

async fn dashboard(horizon: &Horizon, query: &str, is_public: bool) -> Result<Dashboard, ReportError> {
    let (mut state, mut notes) = DashboardState::parse(query);
    if is_public {
        state = state.in_public(&mut notes);
    }
    let access = if is_public {
        ReportAccess::Public
    } else {
        ReportAccess::Full
    };
    let ignored = notes.clone();
    let mut dashboard = load(horizon, state, notes, &access).await?;
    if is_public {
        hide_small_values(&mut dashboard, ignored);
    }
    Ok(dashboard)
}

/// Returns the HTML of the inside of `<section id="now">`.
pub(super) fn now_section(rules: &Rules, snapshot: &NowSnapshot, is_public: bool) -> String {
    let slugs = snapshot.pages.iter().map(|page| &page.slug);
    let titles = slugs.filter_map(|slug| Some((slug.clone(), (rules.descriptions)(slug)?)));
    let titles = PageTitles(titles.collect());
    view::now_section(snapshot, &titles, !is_public).into_string()
}

fn problem(error: ReportError) -> Problem {
    match error {
        ReportError::Store(error) => error.into(),
        error => Problem::unavailable("The reports cannot be read.").detail(error.to_string()),
    }
}
