use std::num::NonZeroUsize;

use horizon_core::{
    Slug,
    reports::{Filter, FilterOperator, Query, ReportError, Row, Table},
};

use super::{DashboardLoader, scope::FilterScope, store_reports::MissingNumbers};
use crate::dashboard::{
    is_old_page,
    model::{Card, CardKind, List, ListKind, ListRow, Shown, set_bars},
};

/// The rows of a card.
pub(super) const CARD_ROWS: usize = 9;

/// The rows of a page of the only list.
pub(super) const LIST_ROWS: usize = 100;

impl DashboardLoader<'_> {
    /// Returns the cards of the overview that the store can fill.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn cards(&self) -> Result<(Vec<Card>, MissingNumbers), ReportError> {
        let (mut cards, mut missing) = (Vec::new(), MissingNumbers::default());
        let loaded = futures::future::try_join_all(CardKind::ALL.map(|kind| self.card(kind))).await?;
        for (card, missing_of_card) in loaded {
            cards.extend(card);
            missing.merge(missing_of_card);
        }
        Ok((cards, missing))
    }

    /// Returns the card of the only list, with a page of its rows.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn only_list(&self, kind: ListKind) -> Result<(Vec<Card>, MissingNumbers), ReportError> {
        let (list, missing) = self.list(kind, true).await?;
        let mut lists = self.lists(kind.card());
        if self.has_dates(&list) || kind == ListKind::OldPages {
            lists.push(ListKind::OldPages);
        }
        let kind = kind.card();
        Ok((vec![Card { kind, lists, list }], missing))
    }

    async fn card(&self, kind: CardKind) -> Result<(Option<Card>, MissingNumbers), ReportError> {
        let mut lists = self.lists(kind);
        let Some(first) = lists.first().copied() else {
            return Ok((None, self.store.missing(&self.list_query(kind.first_list(), false))));
        };
        let tab = self.state.tabs.iter().copied().find(|tab| tab.card() == kind);
        let tab = tab.filter(|tab| lists.contains(tab) || *tab == ListKind::OldPages);
        let (mut list, mut missing) = self.list(tab.unwrap_or(first), false).await?;
        if self.has_dates(&list) {
            lists.push(ListKind::OldPages);
        } else if list.kind == ListKind::OldPages {
            (list, missing) = self.list(first, false).await?;
        }
        let is_empty = kind == CardKind::Events && list.rows.is_empty();
        Ok(((!is_empty).then_some(Card { kind, lists, list }), missing))
    }

    /// Returns the lists of a card that the store can answer, without old pages.
    fn lists(&self, kind: CardKind) -> Vec<ListKind> {
        let lists = ListKind::ALL.into_iter().filter(|list| {
            list.card() == kind
                && *list != ListKind::OldPages
                && self.scope.has_list(*list)
                && self.store.can_answer_some(&self.list_query(*list, false))
        });
        lists.collect()
    }

    fn list_query(&self, kind: ListKind, is_only: bool) -> Query {
        let columns = self.scope.columns(kind, is_only).iter().copied();
        self.query(self.period.range)
            .metrics(columns)
            .dimensions([kind.dimension()])
    }

    async fn list(&self, kind: ListKind, is_only: bool) -> Result<(List, MissingNumbers), ReportError> {
        let (offset, rows) = if is_only {
            (self.state.offset, LIST_ROWS)
        } else {
            (0, CARD_ROWS)
        };
        let mut query = self.list_query(kind, is_only);
        if kind != ListKind::OldPages {
            // From the first row on: bars are relative to it.
            query.limit = NonZeroUsize::new(offset.saturating_add(rows));
        }
        let reply = self.store.query(query).await?;
        let is_missing = reply.table.is_none();
        let mut table = reply.table.unwrap_or_default();
        if kind == ListKind::OldPages {
            table.rows.retain(|row| self.is_old(row));
            table.total_rows = table.rows.len();
        }
        let list = List {
            can_filter: self.can_filter(kind, &table),
            is_missing,
            ..new_list(kind, &table, offset, rows)
        };
        Ok((list, reply.missing))
    }

    /// Returns whether the store has a number of a value of the list, with the other filters.
    fn can_filter(&self, kind: ListKind, table: &Table) -> bool {
        let Some(value) = table.rows.first().and_then(|row| row.dimensions.first()) else {
            return false;
        };
        let filter = Filter::new(kind.dimension(), FilterOperator::Is, [&**value]);
        let filters = self.state.with_filter(filter).filters;
        let figures = FilterScope::new(&filters).figures().iter().copied();
        let query = Query::new(self.period.range).metrics(figures);
        self.store
            .can_answer_some(&filters.into_iter().fold(query, Query::filter))
    }

    fn is_old(&self, row: &Row) -> bool {
        let page = row.dimensions.first().and_then(|page| Slug::new(page).ok());
        let description = page.and_then(|page| self.describe(&page));
        description.is_some_and(|description| is_old_page(&description, self.period.range))
    }

    /// Returns whether the application says when a page of the list was published.
    fn has_dates(&self, list: &List) -> bool {
        let pages = list.rows.iter().filter_map(|row| Slug::new(&row.value).ok());
        list.kind.card() == CardKind::Pages
            && pages
                .filter_map(|page| self.describe(&page))
                .any(|page| page.published.is_some())
    }
}

fn new_list(kind: ListKind, table: &Table, offset: usize, rows: usize) -> List {
    let new_row = |row: &Row| ListRow {
        value: row.dimensions.first().cloned().unwrap_or_default(),
        values: row.metrics.iter().copied().map(Shown::Value).collect(),
        bar: 0.0,
    };
    let mut all: Vec<_> = table.rows.iter().map(new_row).collect();
    set_bars(kind, &mut all);
    List {
        kind,
        metrics: table.metrics.clone(),
        rows: all.into_iter().skip(offset).take(rows).collect(),
        total_rows: table.total_rows,
        has_other: table.has_other,
        can_filter: false,
        is_missing: false,
    }
}
