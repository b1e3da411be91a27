use horizon_core::{
    Day,
    reports::{DayRange, Dimension, Metric, OTHER_VALUE, Query, Row, Value, hour_value},
};

use super::site::DashboardSite;
use crate::dashboard::{
    load::lists::{CARD_ROWS, LIST_ROWS},
    model::{Card, Chart, ChartStep, Dashboard, Figure, ListKind, Shown},
};

impl DashboardSite {
    /// Compares every number of a page with the model.
    pub(super) async fn check(&self, url: &str) -> Dashboard {
        let page = self.load(url).await;
        for figure in &page.figures {
            self.check_figure(url, &page, figure);
        }
        for card in &page.cards {
            self.check_card(url, &page, card);
        }
        if let Some(chart) = &page.chart {
            self.check_chart(url, &page, chart);
        }
        page
    }

    fn query(&self, page: &Dashboard, range: DayRange) -> Query {
        let mut query = Query::new(range);
        query.filters.clone_from(&page.state.filters);
        query
    }

    fn value(&self, page: &Dashboard, range: DayRange, metric: Metric) -> Option<Shown> {
        self.value_of(&self.query(page, range), metric)
    }

    fn value_of(&self, query: &Query, metric: Metric) -> Option<Shown> {
        let table = self.table(&query.clone().metrics([metric]))?;
        Some(Shown::Value(table.rows[0].metrics[0]))
    }

    fn check_figure(&self, url: &str, page: &Dashboard, figure: &Figure) {
        let what = format!("{} {url}: {}", self.name, figure.metric);
        let value = self.value(page, page.period.range, figure.metric);
        assert_eq!(Some(figure.value), value, "{what}");
        let previous = page.period.previous.filter(|_| page.state.compares);
        let previous = previous.and_then(|range| self.value(page, range, figure.metric));
        assert_eq!(figure.previous, previous, "{what}, before");
        if let Some(of_site) = figure.of_site {
            let value = self.value_of(&Query::new(page.period.range), figure.metric);
            assert_eq!(Some(of_site), value, "{what}, site");
        }
    }

    fn check_card(&self, url: &str, page: &Dashboard, card: &Card) {
        let what = format!("{} {url}: {:?}", self.name, card.list.kind);
        assert_eq!(card.list.kind.card(), card.kind, "{what}");
        let is_tab = card.lists.contains(&card.list.kind);
        assert!(is_tab || page.state.list.is_some(), "{what}");
        let mut query = self.query(page, page.period.range);
        query = query.metrics(card.list.metrics.iter().copied());
        if card.list.metrics.is_empty() {
            assert_eq!((card.list.rows.len(), card.list.total_rows), (0, 0), "{what}");
            return;
        }
        let mut table = self.table(&query.dimensions([card.list.kind.dimension()])).unwrap();
        if card.list.kind == ListKind::OldPages {
            // The only page that is old enough.
            table.rows.retain(|row| *row.dimensions[0] == *"hello");
            table.total_rows = table.rows.len();
        }
        let (offset, rows) = page
            .state
            .list
            .map_or((0, CARD_ROWS), |_| (page.state.offset, LIST_ROWS));
        let is_none = |row: &Row| {
            let lists = [
                ListKind::Campaigns,
                ListKind::Mediums,
                ListKind::Terms,
                ListKind::Contents,
            ];
            row.dimensions[0].is_empty() && lists.contains(&card.list.kind)
        };
        let greatest = table
            .rows
            .iter()
            .filter(|row| !is_none(row))
            .filter_map(|row| row.metrics[0].to_f64())
            .fold(0.0, f64::max);
        let expected: Vec<_> = table.rows.iter().skip(offset).take(rows).collect();
        assert_eq!(card.list.rows.len(), expected.len(), "{what}");
        for (row, expected) in card.list.rows.iter().zip(expected) {
            let values: Vec<Shown> = expected.metrics.iter().copied().map(Shown::Value).collect();
            assert_eq!((&row.value, &row.values), (&expected.dimensions[0], &values), "{what}");
            let bar = expected.metrics[0].to_f64().unwrap_or(0.0) / greatest;
            let has_bar = greatest > 0.0 && !is_none(expected);
            assert!(
                (row.bar - if has_bar { bar } else { 0.0 }).abs() < 1e-9,
                "{what}: {}",
                row.bar
            );
        }
        assert_eq!(card.list.total_rows, table.total_rows, "{what}");
        let has_other = table.rows.iter().any(|row| *row.dimensions[0] == *OTHER_VALUE);
        assert_eq!(card.list.has_other, has_other, "{what}");
    }

    fn check_chart(&self, url: &str, page: &Dashboard, chart: &Chart) {
        let what = format!("{} {url}: chart of {}", self.name, chart.metric);
        let expected = self.course(page, page.period.range, chart);
        let before = page.period.previous.filter(|_| page.state.compares);
        let before = before.map(|range| self.course(page, range, chart)).unwrap_or_default();
        assert_eq!(chart.points.len(), expected.len(), "{what}");
        for (position, point) in chart.points.iter().enumerate() {
            let (days, value) = &expected[position];
            assert_eq!(
                point.days,
                days.map(|days| (days.first, days.last)),
                "{what} {}",
                point.label
            );
            match point.value {
                Some(shown) => assert_eq!(Some(shown), *value, "{what} {}", point.label),
                None => assert!(
                    days.is_none_or(|days| days.first > page.period.today),
                    "{what} {}",
                    point.label
                ),
            }
            let before = before.get(position).and_then(|(_, value)| *value);
            assert_eq!(point.previous, before, "{what} before {}", point.label);
        }
    }

    /// Returns the days and the value of each point, each asked for alone.
    fn course(&self, page: &Dashboard, range: DayRange, chart: &Chart) -> Vec<(Option<DayRange>, Option<Shown>)> {
        if self.value(page, range, chart.metric).is_none() {
            // The sessions of a day are erased.
            return Vec::new();
        }
        if chart.step == ChartStep::Hour {
            return self.hours(page, range.first, chart.metric);
        }
        let starts = |day: Day| match chart.step {
            ChartStep::Week => day == day.monday(),
            ChartStep::Month => day.to_string().ends_with("-01"),
            _ => true,
        };
        let days = range.first.number()..=range.last.number();
        let days: Vec<Day> = days.map(Day::from_number).collect();
        let spans = days.chunk_by(|_, day| !starts(*day));
        let spans = spans.map(|days| DayRange::new(days[0], days[days.len() - 1]));
        spans
            .map(|days| (Some(days), self.value(page, days, chart.metric)))
            .collect()
    }

    fn hours(&self, page: &Dashboard, day: Day, metric: Metric) -> Vec<(Option<DayRange>, Option<Shown>)> {
        let query = self.query(page, DayRange::new(day, day)).dimensions([Dimension::Hour]);
        let rows = self.table(&query.metrics([metric])).unwrap().rows;
        let hours = self.horizon.time_zone().hours(day).into_iter().map(|hour| {
            let row = rows.iter().find(|row| *row.dimensions[0] == *hour_value(hour));
            let value = row.map_or(Value::Count(0), |row| row.metrics[0]);
            (None, Some(Shown::Value(value)))
        });
        hours.collect()
    }
}
