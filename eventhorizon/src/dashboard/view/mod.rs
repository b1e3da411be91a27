//! The HTML of the dashboard.
//!
//! Each element serves a decision of the author; docs/decisions/0035-what-the-dashboard-shows.md lists them. All
//! links are relative, nothing needs the script, and there are no inline styles and scripts, so that the policy of the
//! page can forbid them.

mod assets;
mod cards;
mod chart;
mod dates;
mod delta;
mod figures;
mod header;
mod links;
mod list;
mod names;
mod now;
mod spelling;
#[cfg(test)]
mod tests;

pub(crate) use assets::{SCRIPT, STYLE};
use horizon_core::reports::{Dimension, Value};
use maud::{DOCTYPE, Markup, html};
pub(crate) use now::now_section;

use super::model::{Dashboard, PageHeading, Shown};
use crate::http::File;

/// Returns a page of the dashboard, a whole document.
pub(crate) fn page(dashboard: &Dashboard) -> String {
    let title = title(dashboard);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (dashboard.site) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href={ "dashboard.css?v=" (File::DashboardStyle.version()) };
                script type="module" src={ "dashboard.js?v=" (File::DashboardScript.version()) } {}
            }
            body {
                header {
                    a.site href="/" { bdi { (dashboard.site) } }
                    @if !dashboard.links.is_empty() {
                        nav aria-label="Site" {
                            @for link in &dashboard.links { a href=(link.href) { (link.title) } }
                        }
                    }
                }
                main #main tabindex="-1" data-live=[live(dashboard)] { (main(dashboard)) }
                p #status .sr role="status" {}
            }
        }
    };
    document.into_string()
}

/// Returns the address of the live stream, if the page shows what happens now.
fn live(dashboard: &Dashboard) -> Option<String> {
    if let Some(page) = &dashboard.page {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("page", page.slug.as_str())
            .finish();
        return Some(format!("dashboard/live?{query}"));
    }
    shows_now(dashboard).then(|| "dashboard/live".to_owned())
}

/// Returns whether the page shows what happens on the whole site. With filters it would look as if they applied to it.
fn shows_now(dashboard: &Dashboard) -> bool {
    dashboard.now.is_some() && dashboard.state.filters.is_empty() && dashboard.state.list.is_none()
}

/// Returns the title of the document, which differs between entries of the browser's history.
fn title(dashboard: &Dashboard) -> String {
    let subject = match (&dashboard.page, dashboard.state.list) {
        (Some(page), _) => names::page(page.slug.as_str(), &dashboard.descriptions),
        (None, Some(list)) => names::list(list).to_owned(),
        (None, None) => "Dashboard".to_owned(),
    };
    let days = dates::period(dashboard.state.period, &dashboard.period.range);
    format!("{subject}, {days}")
}

fn main(dashboard: &Dashboard) -> Markup {
    let is_overview = dashboard.state.list.is_none();
    html! {
        @match &dashboard.page {
            Some(page) => (page_heading(dashboard, page)),
            None => h1.sr { "Dashboard" },
        }
        @if let Some(now) = dashboard.now.as_ref().filter(|_| shows_now(dashboard)) {
            section #now .now aria-label="Now" { (now_section(now, &dashboard.descriptions, !dashboard.is_public)) }
        }
        (header::period(dashboard))
        (header::filters(dashboard))
        @if is_overview && is_empty(dashboard) {
            (empty(dashboard))
        } @else if is_overview {
            (overview(dashboard))
        } @else {
            (list::page(dashboard))
        }
        (notes(dashboard))
    }
}

fn overview(dashboard: &Dashboard) -> Markup {
    html! {
        @if !dashboard.figures.is_empty() || dashboard.chart.is_some() {
            section #chart .history aria-label="History" {
                (figures::figures(dashboard))
                @if let Some(chart) = &dashboard.chart { (chart::chart(dashboard, chart)) }
            }
        }
        div.cards { @for card in &dashboard.cards { (cards::card(dashboard, card)) } }
    }
}

/// Returns the name of the page, its address, and who reads it now.
fn page_heading(dashboard: &Dashboard, page: &PageHeading) -> Markup {
    let titles = &dashboard.descriptions;
    let path = names::path(&page.slug, titles);
    let published = titles.0.get(&page.slug).and_then(|description| description.published);
    let filter = links::value_filter(&dashboard.state, Dimension::Page, page.slug.as_str());
    html! {
        section #page .page-heading {
            @if let Some(index) = filter {
                a.back href=(dashboard.state.without_filter(index).link()) { "← All pages" }
            }
            h1 { bdi { (names::page(page.slug.as_str(), titles)) } }
            p.about {
                a href=(path) { bdi { (path) } }
                @if let Some(day) = published { span { "published " (dates::day(day)) } }
                @if let Some(viewers) = page.viewers {
                    span.live { b #viewers { (number(viewers)) } " reading now" }
                }
            }
        }
    }
}

/// Returns whether nothing was counted in the period, or the store has none of the numbers.
fn is_empty(dashboard: &Dashboard) -> bool {
    let is_nothing = |value: Shown| matches!(value, Shown::Value(value) if value.to_f64().is_none_or(|v| v == 0.0));
    dashboard.figures.iter().all(|figure| is_nothing(figure.value))
        && dashboard.cards.iter().all(|card| card.list.rows.is_empty())
}

fn empty(dashboard: &Dashboard) -> Markup {
    html! {
        section.empty {
            @if dashboard.figures.is_empty() {
                h2 { "These numbers are not available" }
                p { "The notes below say why." }
            } @else if !dashboard.has_visits {
                h2 { "No visits yet" }
                p {
                    "Visits are counted from the first page that loads " code { "client.js" }
                    " or is served through " code { "TrackVisits" } ". The first one appears here within seconds."
                }
            } @else {
                h2 { "No visits in this period" }
                p {
                    @if dashboard.state.filters.is_empty() { "Choose a longer period." }
                    @else { "Remove a filter, or choose a longer period." }
                }
            }
        }
    }
}

fn notes(dashboard: &Dashboard) -> Markup {
    html! {
        @if !dashboard.notes.is_empty() {
            footer.notes {
                h2.sr { "About these numbers" }
                ul { @for note in &dashboard.notes { li { (note) } } }
            }
        }
    }
}

/// Returns a number with commas.
fn number(number: u64) -> String {
    let count = i64::try_from(number).unwrap_or(i64::MAX);
    horizon_core::reports::Metric::Visitors.format(Value::Count(count))
}

/// Returns a value of a metric, or that it is hidden.
fn shown(metric: horizon_core::reports::Metric, value: Shown) -> Markup {
    html! {
        @match value {
            Shown::Value(value) => (metric.format(value)),
            Shown::Hidden => span.hidden { "hidden" },
        }
    }
}
