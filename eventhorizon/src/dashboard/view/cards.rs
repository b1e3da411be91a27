//! The boxes with lists.

use maud::{Markup, html};

use super::{list, names};
use crate::dashboard::model::{Card, Dashboard};

/// Returns a card: the names of its lists, and the first rows of one.
pub(super) fn card(dashboard: &Dashboard, card: &Card) -> Markup {
    let (state, shown) = (&dashboard.state, &card.list);
    let id = format!("card-{}", card.kind.name());
    html! {
        section.card #(id) aria-label=(names::card(card.kind)) {
            @if card.lists.len() > 1 {
                h2.sr { (names::card(card.kind)) }
                nav.tabs aria-label={ "Lists of " (names::card(card.kind)) } {
                    @for list in &card.lists {
                        @let current = (*list == shown.kind).then_some("true");
                        a href={ (state.with_tab(*list).link()) "#" (id) } aria-current=[current] {
                            (names::list(*list))
                        }
                    }
                }
            } @else {
                h2.tabs { (names::list(shown.kind)) }
            }
            @if shown.rows.is_empty() {
                (list::nothing(dashboard, shown))
            } @else {
                (list::table(dashboard, shown))
            }
            // Also if there are no more rows: the list has more columns, and a file.
            @if !shown.rows.is_empty() && !dashboard.is_public {
                a.all href=(state.with_list(Some(shown.kind)).link()) {
                    @if shown.total_rows == 1 {
                        "All columns"
                    } @else {
                        "All " (super::number(shown.total_rows as u64)) " " (names::rows(shown.kind))
                    }
                }
            }
        }
    }
}
