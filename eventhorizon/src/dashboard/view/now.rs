//! What happens now.

use horizon_core::reports::Dimension;
use maud::{Markup, html};

use super::{names, number};
use crate::{NowSnapshot, dashboard::model::PageTitles};

/// The pages, and the sources, that are shown.
const MAX_ROWS: usize = 5;

/// The largest number that fits into a narrow column.
const MAX_NARROW: u64 = 999_999;

/// The height of the highest bar of the last 30 minutes.
const HEIGHT: u64 = 100;

/// Returns the inside of the section `now`. `has_links`: whether the reader may open the views of pages.
pub(crate) fn now_section(now: &NowSnapshot, titles: &PageTitles, has_links: bool) -> Markup {
    let pages = now.pages.iter().take(MAX_ROWS);
    let sources = now.sources.iter().take(MAX_ROWS);
    let highest = now.pages.first().map_or(1, |page| page.viewers.max(1));
    let highest_source = now.sources.first().map_or(1, |source| source.viewers.max(1));
    html! {
        div.viewers {
            p.live {
                "Reading now "
                b { @match now.viewers { Some(viewers) => (number(viewers)), None => "–" } }
            }
            (minutes(&now.minutes))
            @if now.silent_nodes > 0 {
                p.note { (number(now.silent_nodes as u64)) " of " (number((now.nodes + now.silent_nodes) as u64))
                    " servers sent nothing lately. Their viewers may be missing." }
            }
        }
        @if now.pages.is_empty() && now.sources.is_empty() {
            p.nobody { @if now.viewers == Some(0) { "Nobody is reading at the moment." } }
        } @else {
            (table("Pages", "Viewers", pages.map(|page| NowRow {
                name: names::value(Dimension::Page, page.slug.as_str(), titles),
                title: names::page(page.slug.as_str(), titles),
                link: has_links.then(|| page_link(page.slug.as_str())),
                viewers: page.viewers,
                highest,
            })))
            (table("Sources", if now.nodes > 1 { "Sum of servers" } else { "Viewers" }, sources.map(|source| NowRow {
                name: names::value(Dimension::Source, &source.source, titles),
                title: source.source.to_string(),
                link: None,
                viewers: source.viewers,
                highest: highest_source,
            })))
        }
    }
}

struct NowRow {
    name: Markup,
    title: String,
    link: Option<String>,
    viewers: u64,
    highest: u64,
}

fn table(heading: &str, column: &str, rows: impl Iterator<Item = NowRow>) -> Markup {
    let rows: Vec<_> = rows.collect();
    let is_wide = rows.iter().any(|row| row.highest > MAX_NARROW);
    html! {
        table.rows.wide[is_wide] {
            thead { tr { th scope="col" { (heading) } th scope="col" { (column) } } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" title=(row.title) {
                            (super::list::bar(share(row.viewers, row.highest)))
                            @match row.link {
                                Some(link) => a href=(link) dir="auto" { (row.name) },
                                None => span dir="auto" { (row.name) },
                            }
                        }
                        td { (number(row.viewers)) }
                    }
                }
            }
        }
    }
}

/// Returns the link to the view of a page, over the default period.
fn page_link(slug: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("?"));
    query.append_pair("page", slug).finish()
}

fn minutes(minutes: &[Option<u64>]) -> Markup {
    let known = || minutes.iter().flatten().copied();
    let (Some(lowest), Some(highest @ 1..)) = (known().min(), known().max()) else {
        return html! {};
    };
    let label = format!(
        "Viewers in the last {} minutes: between {} and {}",
        minutes.len(),
        number(lowest),
        number(highest)
    );
    html! {
        svg.minutes role="img" aria-label=(label) viewBox={ "0 0 " (minutes.len() * 10) " " (HEIGHT) }
            preserveAspectRatio="none" {
            @for (index, minute) in minutes.iter().enumerate() {
                @if let Some(viewers) = minute {
                    // A minute without readers keeps a line, unlike one without a sample.
                    @let height = (viewers * HEIGHT / highest).max(2);
                    rect x=(index * 10) y=(HEIGHT - height) width="8" height=(height) {}
                }
            }
        }
        p.scale aria-hidden="true" { span { (minutes.len()) " min ago" } span { "highest " (number(highest)) } }
    }
}

#[expect(clippy::cast_precision_loss, reason = "viewers are below 2^53")]
fn share(viewers: u64, highest: u64) -> f64 {
    viewers as f64 / highest as f64
}
