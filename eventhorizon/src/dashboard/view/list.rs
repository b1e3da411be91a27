//! Lists of values, with their numbers.

use horizon_core::reports::{Dimension, Metric, OTHER_VALUE};
use maud::{Markup, html};

use super::{links, names, shown};
use crate::dashboard::model::{Dashboard, List, ListRow, Shown};

/// The rows of a page of the list view.
const PAGE_ROWS: usize = 100;

/// The longest text of a number in a narrow column, in characters: 7, as in `123,456`.
const MAX_NARROW: usize = 7;

/// Returns the list view: one list with all its rows, page by page.
pub(super) fn page(dashboard: &Dashboard) -> Markup {
    let state = &dashboard.state;
    let Some(card) = dashboard.cards.first() else {
        return html! {};
    };
    let list = &card.list;
    html! {
        section.card.whole #list aria-label=(names::list(list.kind)) {
            div.list-head {
                a.back href=(state.with_list(None).link()) { "← Overview" }
                nav.tabs aria-label="Lists" {
                    @for kind in &card.lists {
                        @let current = (*kind == list.kind).then_some("true");
                        a href=(state.with_list(Some(*kind)).link()) aria-current=[current] { (names::list(*kind)) }
                    }
                }
                @if !dashboard.is_public { a.csv href=(csv(dashboard, list)) download { "CSV" } }
            }
            @if list.rows.is_empty() {
                (nothing(dashboard, list))
            } @else {
                div.scroll { (table(dashboard, list)) }
            }
            (paging(dashboard, list))
        }
    }
}

/// Returns the address of the list as a file, with the same days and filters.
fn csv(dashboard: &Dashboard, list: &List) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in dashboard.state.parameters() {
        if !["list", "offset", "compare", "metric"].contains(&name.as_str()) {
            query.append_pair(&name, &value);
        }
    }
    format!("reports/{}.csv?{}", list.kind.name(), query.finish())
}

fn paging(dashboard: &Dashboard, list: &List) -> Markup {
    let state = &dashboard.state;
    let last = state.offset.saturating_add(list.rows.len());
    let number = |row: usize| super::number(row as u64);
    html! {
        @if list.total_rows > list.rows.len() && !list.rows.is_empty() {
            nav.paging aria-label="Pages of the list" {
                @if state.offset > 0 {
                    @let previous = state.offset.saturating_sub(PAGE_ROWS);
                    a href=(state.with_offset(previous).link()) rel="prev" { "‹ Previous" }
                }
                span { (number(state.offset.saturating_add(1))) "–" (number(last)) " of " (number(list.total_rows)) }
                @if last < list.total_rows {
                    a href=(state.with_offset(last).link()) rel="next" { "Next ›" }
                }
            }
        }
    }
}

/// Returns why a list has no rows.
pub(super) fn nothing(dashboard: &Dashboard, list: &List) -> Markup {
    let reason = if list.is_missing {
        "Not available for these days and filters."
    } else if dashboard.is_public {
        "Nothing, or too few visitors to show it."
    } else {
        "Nothing in this period."
    };
    html! { p.nobody { (reason) } }
}

/// Returns the rows. Each is a link that filters by its value, if the store can.
pub(super) fn table(dashboard: &Dashboard, list: &List) -> Markup {
    html! {
        table.rows.wide[is_wide(list)] {
            thead {
                tr {
                    th scope="col" { (names::column(list.kind)) }
                    @for metric in &list.metrics {
                        th scope="col" title=(names::meaning(*metric)) { (names::metric(*metric)) }
                    }
                }
            }
            tbody { @for row in ordered(list) { (self::row(dashboard, list, row)) } }
        }
    }
}

/// Returns the rows in the order of the report, and last the one of the visits without a value.
fn ordered(list: &List) -> impl Iterator<Item = &ListRow> {
    let (without, with): (Vec<_>, Vec<_>) = list.rows.iter().partition(|row| row.is_without_value(list.kind));
    with.into_iter().chain(without)
}

/// Returns whether the columns need more space: for large numbers, or in the list view.
fn is_wide(list: &List) -> bool {
    let is_long = |(metric, value): (&Metric, &Shown)| match value {
        Shown::Value(value) => metric.format(*value).len() > MAX_NARROW,
        Shown::Hidden => false,
    };
    list.metrics.len() > 2
        || list
            .rows
            .iter()
            .any(|row| list.metrics.iter().zip(&row.values).any(is_long))
}

fn row(dashboard: &Dashboard, list: &List, row: &ListRow) -> Markup {
    let dimension = list.kind.dimension();
    let name = names::value(dimension, &row.value, &dashboard.descriptions);
    let is_filter = links::value_filter(&dashboard.state, dimension, &row.value).is_some();
    let has_link = list.can_filter && !dashboard.is_public && *row.value != *OTHER_VALUE;
    html! {
        tr {
            th scope="row" title=[title(dashboard, dimension, &row.value)] {
                (bar(row.bar))
                @if has_link {
                    a href=(links::toggle_value(&dashboard.state, dimension, &row.value))
                        dir="auto" aria-current=[is_filter.then_some("true")] { (name) }
                } @else {
                    span dir="auto" { (name) }
                }
            }
            @for (metric, value) in list.metrics.iter().zip(&row.values) { td { (shown(*metric, *value)) } }
        }
    }
}

/// Returns the text of a cell that may be too long for its column.
fn title(dashboard: &Dashboard, dimension: Dimension, value: &str) -> Option<String> {
    let text = names::text(dimension, value, &dashboard.descriptions);
    match dimension {
        Dimension::Page | Dimension::EntryPage | Dimension::ExitPage if *text != format!("/{value}") => {
            Some(format!("{text}\n/{}", value.trim_start_matches('/')))
        }
        _ => (text.chars().count() > 24).then_some(text),
    }
}

/// Returns the bar behind a row.
pub(super) fn bar(share: f64) -> Markup {
    html! {
        svg aria-hidden="true" {
            rect width={ (format!("{:.1}", share.clamp(0.0, 1.0) * 100.0)) "%" } height="100%" {}
        }
    }
}
