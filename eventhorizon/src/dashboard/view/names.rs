//! The words for metrics, dimensions and values.

use std::borrow::Cow;

use horizon_core::{
    Slug,
    reports::{Dimension, FilterOperator, Metric, OTHER_VALUE},
};
use maud::{Markup, html};

use super::spelling::spelled;
use crate::dashboard::model::{CardKind, ListKind, PageTitles};

/// Returns the label of a metric, which is also the heading of its column.
pub(super) const fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Visitors => "Visitors",
        Metric::Visits => "Visits",
        Metric::Pageviews => "Pageviews",
        Metric::PageVisits => "Page visits",
        Metric::ViewsPerVisit => "Views per visit",
        Metric::BounceRate => "Bounce rate",
        Metric::VisitDuration => "Visit duration",
        Metric::AnonymousShare => "Not recognised",
        Metric::Seconds => "Reading time",
        Metric::TimeOnPage => "Mean time on page",
        Metric::MedianTimeOnPage => "Time on page",
        Metric::FinishedShare => "Finished",
        Metric::Likes => "Likes",
        Metric::Comments => "Comments",
        Metric::Events => "Events",
        _ => metric.name(),
    }
}

/// Returns what a metric means, in one sentence.
pub(super) const fn meaning(metric: Metric) -> &'static str {
    match metric {
        Metric::Visitors => "Distinct visitors of each day, summed over the days.",
        Metric::Visits => "Sessions: the pages of a visitor without a gap of 30 minutes.",
        Metric::Pageviews => "Opened pages.",
        Metric::PageVisits => "Visits of a page without a gap of 30 minutes.",
        Metric::ViewsPerVisit => "Pageviews per visit.",
        Metric::BounceRate => "The share of visits with one pageview and no like, comment or event.",
        Metric::VisitDuration => "The mean time from the start to the end of a visit.",
        Metric::AnonymousShare => "The share of visits of readers who asked not to be recognised.",
        Metric::Seconds => "The time that pages were visible.",
        Metric::TimeOnPage => "The mean time that a page was visible in a page visit.",
        Metric::MedianTimeOnPage => "The median time that a page was visible in a page visit.",
        Metric::FinishedShare => "The share of page visits in which the end of the page was on screen.",
        Metric::Likes => "Likes, in the hour of each reader's latest like.",
        Metric::Comments => "Comments, in the hour in which they were written.",
        Metric::Events => "Events that the application tracked itself.",
        _ => "",
    }
}

/// Returns the label of a list in the tabs of its card.
pub(super) const fn list(list: ListKind) -> &'static str {
    match list {
        ListKind::Pages => "Pages",
        ListKind::EntryPages => "Entry",
        ListKind::ExitPages => "Exit",
        ListKind::OldPages => "Old posts",
        ListKind::Sources => "Sources",
        ListKind::Channels => "Channels",
        ListKind::Campaigns => "Campaigns",
        ListKind::Mediums => "Mediums",
        ListKind::Terms => "Terms",
        ListKind::Contents => "Contents",
        ListKind::Devices => "Devices",
        ListKind::Browsers => "Browsers",
        ListKind::Systems => "Systems",
        ListKind::Countries => "Countries",
        ListKind::Languages => "Languages",
        ListKind::Events => "Events",
    }
}

/// Returns the rows of a list as a word after their number.
pub(super) const fn rows(list: ListKind) -> &'static str {
    match list {
        ListKind::Pages => "pages",
        ListKind::EntryPages => "entry pages",
        ListKind::ExitPages => "exit pages",
        ListKind::OldPages => "old posts",
        ListKind::Sources => "sources",
        ListKind::Channels => "channels",
        ListKind::Campaigns => "campaigns",
        ListKind::Mediums => "mediums",
        ListKind::Terms => "terms",
        ListKind::Contents => "contents",
        ListKind::Devices => "devices",
        ListKind::Browsers => "browsers",
        ListKind::Systems => "systems",
        ListKind::Countries => "countries",
        ListKind::Languages => "languages",
        ListKind::Events => "events",
    }
}

/// Returns the heading of the first column of a list.
pub(super) const fn column(list: ListKind) -> &'static str {
    match list {
        ListKind::Pages => "Page",
        ListKind::EntryPages | ListKind::OldPages => "First page of the visit",
        ListKind::ExitPages => "Last page of the visit",
        _ => dimension(list.dimension()),
    }
}

/// Returns the heading of a card, which names its lists for screen readers.
pub(super) const fn card(card: CardKind) -> &'static str {
    match card {
        CardKind::Pages => "Pages",
        CardKind::Sources => "Sources",
        CardKind::Devices => "Devices",
        CardKind::Places => "Places",
        CardKind::Events => "Events",
    }
}

/// Returns the label of a dimension in a filter.
pub(super) const fn dimension(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Page => "Page",
        Dimension::Event => "Event",
        Dimension::EntryPage => "Entry page",
        Dimension::ExitPage => "Exit page",
        Dimension::Source => "Source",
        Dimension::Channel => "Channel",
        Dimension::Medium => "Medium",
        Dimension::Campaign => "Campaign",
        Dimension::Term => "Term",
        Dimension::Content => "Content",
        Dimension::Browser => "Browser",
        Dimension::System => "System",
        Dimension::Device => "Device",
        Dimension::Country => "Country",
        Dimension::Language => "Language",
        _ => dimension.name(),
    }
}

/// Returns the words between the dimension and the values of a filter.
pub(super) const fn operator(operator: FilterOperator) -> &'static str {
    match operator {
        FilterOperator::IsNot => "is not",
        FilterOperator::Contains => "contains",
        FilterOperator::ContainsNot => "does not contain",
        _ => "is",
    }
}

/// Returns the value of a dimension for people.
///
/// Countries and languages are codes, which the script replaces by the names that the browser knows.
pub(super) fn value(dimension: Dimension, value: &str, titles: &PageTitles) -> Markup {
    match dimension {
        _ if value == OTHER_VALUE => html! { "Other values" },
        _ if value.is_empty() => html! { (without_value(dimension)) },
        Dimension::Country => html! { span data-names="region" { (value) } },
        Dimension::Language => html! { span data-names="language" { (value) } },
        Dimension::Channel if value == "ai" => html! { "AI assistant" },
        Dimension::Channel | Dimension::Device => html! { (capitalized(value)) },
        Dimension::Source | Dimension::Browser | Dimension::System => html! { (spelled(value)) },
        _ => html! { (text(dimension, value, titles)) },
    }
}

/// Returns what a row without a value stands for.
const fn without_value(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Source => "Direct or unknown",
        Dimension::Campaign => "No campaign",
        Dimension::Medium => "No medium",
        Dimension::Term => "No term",
        Dimension::Content => "No content",
        _ => "Unknown",
    }
}

/// Returns a value of a filter for people.
pub(super) fn filter_value(dimension: Dimension, value: &str, titles: &PageTitles) -> Markup {
    match dimension {
        Dimension::Campaign | Dimension::Medium | Dimension::Term | Dimension::Content if value.is_empty() => {
            html! { "none" }
        }
        _ => self::value(dimension, value, titles),
    }
}

/// Returns the whole text of a value, for a tooltip where the line may be cut.
pub(super) fn text(dimension: Dimension, value: &str, titles: &PageTitles) -> String {
    match dimension {
        Dimension::Page | Dimension::EntryPage | Dimension::ExitPage => page(value, titles),
        _ => value.to_owned(),
    }
}

/// Returns the title of a page, or its path if the application does not describe it.
pub(super) fn page(slug: &str, titles: &PageTitles) -> String {
    let description = Slug::new(slug).ok().and_then(|slug| titles.0.get(&slug));
    match description {
        Some(description) if !description.title.trim().is_empty() => description.title.clone().into_owned(),
        _ if slug == "/" => "/".to_owned(),
        _ => format!("/{slug}"),
    }
}

/// Returns the URL path of a page.
pub(super) fn path<'a>(slug: &Slug, titles: &'a PageTitles) -> Cow<'a, str> {
    let described = titles.0.get(slug).and_then(|description| description.path.as_deref());
    match described {
        Some(path) if path.starts_with('/') && !path.starts_with("//") => path.into(),
        _ => format!("/{}", slug.url_path()).into(),
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect()
}
