//! The period and the filters.

use horizon_core::{
    Day,
    reports::{DayRange, Dimension, Filter, RecentDays},
};
use maud::{Markup, html};

use super::{dates, links, names};
use crate::dashboard::{
    model::Dashboard,
    state::{DashboardState, PeriodChoice, ResolvedPeriod},
};

/// The periods that are one click away, with their labels.
const PRESETS: [(PeriodChoice, &str); 8] = [
    (PeriodChoice::Today, "Today"),
    (PeriodChoice::Yesterday, "Yesterday"),
    (PeriodChoice::Days7, "7 days"),
    (PeriodChoice::Days30, "30 days"),
    (PeriodChoice::Days90, "90 days"),
    (PeriodChoice::Month, "Month"),
    (PeriodChoice::Months12, "12 months"),
    (PeriodChoice::All, "All"),
];

/// The parameters that the form for a range sets, or that do not fit another range.
const REPLACED: [&str; 4] = ["period", "from", "to", "offset"];

/// Returns the choice of the period, and the days that it has.
pub(super) fn period(dashboard: &Dashboard) -> Markup {
    let state = &dashboard.state;
    html! {
        div #period .period {
            nav aria-label="Period" {
                @for (choice, label) in PRESETS {
                    @let current = (choice == state.period).then_some("true");
                    a href=(state.with_period(choice).link()) aria-current=[current] { (label) }
                }
            }
            (days(dashboard))
        }
    }
}

fn days(dashboard: &Dashboard) -> Markup {
    let (state, period) = (&dashboard.state, &dashboard.period);
    let has_steps = !dashboard.is_public && state.period != PeriodChoice::All;
    html! {
        div.days {
            @if has_steps { (step(state, earlier(state.period, period), "Earlier", "‹")) }
            h2 { (dates::period(state.period, &period.range)) }
            @let next = later(&period.range);
            @if has_steps && next.first <= period.today { (step(state, next, "Later", "›")) }
            @if let Some(previous) = period.previous.filter(|_| state.list.is_none()) {
                @let days = dates::period(state.period, &previous);
                p {
                    @if state.compares {
                        span.key { "compared with " (days) } " "
                        a href=(state.with_compare(false).link()) { "Don’t compare" }
                    } @else {
                        a href=(state.with_compare(true).link()) { "Compare with " (days) }
                    }
                }
            }
            @if !dashboard.is_public { (form(state, &period.range, period.today)) }
        }
    }
}

/// Returns the days before the period, as many as it has; for months, also this month until today, as many months.
fn earlier(choice: PeriodChoice, period: &ResolvedPeriod) -> DayRange {
    let range = period.range;
    let months = match choice {
        PeriodChoice::Month => Some(1),
        PeriodChoice::Months12 => Some(12),
        PeriodChoice::Range(range) if range == RecentDays::Months(1).ending(period.today) => Some(1),
        PeriodChoice::Range(range) => range.whole_months(),
        _ => None,
    };
    match months {
        Some(months) => DayRange::new(range.months_before(months).first, range.first.previous()),
        None => range.previous(),
    }
}

/// Returns the days after the period, as many as it has; for months, as many months.
fn later(range: &DayRange) -> DayRange {
    let ahead = |days: u64| {
        let days = i64::try_from(days).unwrap_or(i64::MAX);
        DayRange::new(
            range.last.next(),
            Day::from_number(range.last.number().saturating_add(days)),
        )
    };
    let days = range.days();
    let Some(months) = range.whole_months() else {
        return ahead(days);
    };
    // As many months differ by at most 3 days: from February to March.
    let mut ranges = (days.saturating_sub(3)..=days.saturating_add(3)).map(ahead);
    ranges
        .find(|range| range.whole_months() == Some(months))
        .unwrap_or(ahead(days))
}

fn step(state: &DashboardState, range: DayRange, label: &str, arrow: &str) -> Markup {
    let link = state.with_period(PeriodChoice::Range(range)).link();
    html! { a.step href=(link) aria-label={ (label) ": " (dates::range(&range)) } { (arrow) } }
}

/// Returns a form for any range. It needs no script.
fn form(state: &DashboardState, range: &DayRange, today: Day) -> Markup {
    html! {
        details #range {
            summary { "Other days" }
            form method="get" {
                @for (name, value) in state.parameters() {
                    @if !REPLACED.contains(&name.as_str()) { input type="hidden" name=(name) value=(value); }
                }
                label { "From " input type="date" name="from" required value=(range.first) max=(today); }
                label { "to " input type="date" name="to" required value=(range.last) max=(today); }
                button { "Show" }
            }
        }
    }
}

/// Returns the filters with links that remove them. The filter of a page's own view is its heading.
pub(super) fn filters(dashboard: &Dashboard) -> Markup {
    let state = &dashboard.state;
    let page = dashboard.page.as_ref().map(|page| page.slug.as_str());
    let heading = page.and_then(|slug| links::value_filter(state, Dimension::Page, slug));
    let mut filters = state
        .filters
        .iter()
        .enumerate()
        .filter(|(index, _)| Some(*index) != heading)
        .peekable();
    html! {
        @if filters.peek().is_some() {
            ul #filters .filters aria-label="Filters" {
                @for (index, filter) in filters { li { (chip(dashboard, index, filter)) } }
            }
        }
    }
}

fn chip(dashboard: &Dashboard, index: usize, filter: &Filter) -> Markup {
    html! {
        span {
            (names::dimension(filter.dimension)) " " (names::operator(filter.operator)) " "
            @for (position, value) in filter.values.iter().enumerate() {
                @if position > 0 { " or " }
                bdi { (names::filter_value(filter.dimension, value, &dashboard.descriptions)) }
            }
        }
        a href=(dashboard.state.without_filter(index).link()) aria-label="Remove this filter" { "×" }
    }
}
