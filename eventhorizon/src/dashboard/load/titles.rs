use std::collections::BTreeMap;

use horizon_core::{Slug, reports::Dimension};

use super::DashboardLoader;
use crate::{
    NowSnapshot,
    dashboard::model::{Card, CardKind, PageTitles},
};

impl DashboardLoader<'_> {
    /// Returns what the application says about the pages in the lists, in the filters and now.
    pub(super) fn titles(&self, cards: &[Card], now: Option<&NowSnapshot>) -> PageTitles {
        let of_pages = cards.iter().filter(|card| card.kind == CardKind::Pages);
        let listed = of_pages.flat_map(|card| card.list.rows.iter().map(|row| row.value.as_ref()));
        let is_page = |dimension| matches!(dimension, Dimension::Page | Dimension::EntryPage | Dimension::ExitPage);
        let filters = self.state.filters.iter().filter(|filter| is_page(filter.dimension));
        let filtered = filters.flat_map(|filter| filter.values.iter().map(String::as_str));
        let active = now
            .into_iter()
            .flat_map(|now| now.pages.iter().map(|page| page.slug.as_str()));
        let slugs = listed
            .chain(filtered)
            .chain(active)
            .filter_map(|page| Slug::new(page).ok());
        let mut titles = BTreeMap::new();
        for slug in slugs {
            if !titles.contains_key(&slug)
                && let Some(description) = self.describe(&slug)
            {
                titles.insert(slug, description);
            }
        }
        PageTitles(titles)
    }
}
