//! Reads URLs of the dashboard.

use horizon_core::{
    Day, clean_text,
    reports::{DayRange, Dimension, Filter, FilterOperator, MAX_FILTER_VALUES, MAX_FILTERS, Metric},
};

use super::{
    list_kind::{CardKind, ListKind},
    state::{DashboardState, MAX_RANGE_DAYS, PeriodChoice},
};

/// The operators at the end of a dimension's name. A longer one comes before its end.
pub(super) const OPERATORS: [(&str, FilterOperator); 4] = [
    ("!~", FilterOperator::ContainsNot),
    ("~", FilterOperator::Contains),
    ("!", FilterOperator::IsNot),
    ("", FilterOperator::Is),
];

/// The longest text of a URL in a note, in characters: 60.
const MAX_NOTE_TEXT: usize = 60;

/// The maximum number of notes: 20.
const MAX_NOTES: usize = 20;

impl DashboardState {
    /// Returns the state of a URL, and a sentence for each parameter that is ignored because of its value. Parameters
    /// of other names are ignored, as are empty ones: a form without a choice sends them.
    ///
    /// `query` is the URL's part after `?`.
    pub(crate) fn parse(query: &str) -> (Self, Vec<String>) {
        let mut parser = Parser::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            parser.read(&name, &value);
        }
        parser.finish()
    }
}

#[derive(Default)]
struct Parser {
    state: DashboardState,
    from: Option<Day>,
    to: Option<Day>,
    notes: Vec<String>,
}

impl Parser {
    fn read(&mut self, name: &str, value: &str) {
        match name {
            "period" => self.read_period(value),
            "from" => self.from = self.day(name, value).or(self.from),
            "to" => self.to = self.day(name, value).or(self.to),
            "compare" => self.state.compares = value != "off",
            "metric" => self.read_metric(value),
            "list" => self.state.list = self.list(name, value).or(self.state.list),
            "offset" => self.read_offset(value),
            name => match CardKind::ALL.into_iter().find(|card| card.name() == name) {
                Some(card) => self.read_tab(card, value),
                None => self.read_filter(name, value),
            },
        }
    }

    fn read_period(&mut self, value: &str) {
        let mut named = PeriodChoice::NAMED.into_iter();
        match named.find(|period| period.name() == Some(value)) {
            Some(period) => self.state.period = period,
            None if value.is_empty() => {}
            None => self.note(format!("There is no period “{}”.", shortened(value))),
        }
    }

    fn day(&mut self, name: &str, value: &str) -> Option<Day> {
        let day = value.parse().ok();
        if day.is_none() && !value.is_empty() {
            let value = shortened(value);
            self.note(format!("“{name}” is not a day such as 2026-11-29: “{value}”."));
        }
        day
    }

    fn read_metric(&mut self, value: &str) {
        match value.parse::<Metric>() {
            Ok(metric) => self.state.metric = Some(metric).filter(|metric| *metric != Metric::Visitors),
            Err(_) if value.is_empty() => {}
            Err(_) => self.note(format!("There is no metric “{}”.", shortened(value))),
        }
    }

    fn list(&mut self, name: &str, value: &str) -> Option<ListKind> {
        let list = ListKind::ALL.into_iter().find(|list| list.name() == value);
        if list.is_none() && !value.is_empty() {
            self.note(format!("“{name}” is not a list: “{}”.", shortened(value)));
        }
        list
    }

    fn read_offset(&mut self, value: &str) {
        match value.parse() {
            Ok(offset) => self.state.offset = offset,
            Err(_) if value.is_empty() => {}
            Err(_) => self.note(format!("“offset” is not a number of rows: “{}”.", shortened(value))),
        }
    }

    fn read_tab(&mut self, card: CardKind, value: &str) {
        match self.list(card.name(), value) {
            Some(list) if list.card() == card => self.state.show_in_card(list),
            Some(list) => self.note(format!("“{}” has no list “{}”.", card.name(), list.name())),
            None => {}
        }
    }

    fn read_filter(&mut self, name: &str, value: &str) {
        let mut operators = OPERATORS.iter();
        let operator = operators.find_map(|(sign, operator)| Some((name.strip_suffix(sign)?, *operator)));
        let Some((dimension, operator)) = operator.and_then(|(name, of)| Some((name.parse::<Dimension>().ok()?, of)))
        else {
            return;
        };
        if dimension.is_time() {
            self.note(format!("“{dimension}” cannot be a filter; choose the days instead."));
            return;
        }
        let filters = &mut self.state.filters;
        let is_same = |filter: &Filter| filter.dimension == dimension && filter.operator == operator;
        let is_full = filters.len() >= MAX_FILTERS;
        let same = filters.iter().position(is_same);
        match same.and_then(|position| filters.get_mut(position)) {
            Some(filter) if filter.values.iter().any(|known| known == value) => {}
            Some(filter) if filter.values.len() < MAX_FILTER_VALUES => filter.values.push(value.to_owned()),
            None if !is_full => filters.push(Filter::new(dimension, operator, [value])),
            _ => self.note(format!(
                "Too many filters: at most {MAX_FILTERS} with {MAX_FILTER_VALUES} values each are used."
            )),
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn finish(mut self) -> (DashboardState, Vec<String>) {
        match (self.from, self.to) {
            (Some(from), Some(to)) => self.set_range(DayRange::new(from.min(to), from.max(to))),
            (None, None) => {}
            _ => self.note("A range needs its first and its last day.".to_owned()),
        }
        if self.state.list.is_none() {
            self.state.offset = 0;
        }
        (self.state, self.notes)
    }

    fn set_range(&mut self, range: DayRange) {
        if range.days() <= MAX_RANGE_DAYS {
            self.state.period = PeriodChoice::Range(range);
        } else {
            self.note("A range has at most twenty years.".to_owned());
        }
    }
}

impl DashboardState {
    /// Shows a list in its card.
    pub(super) fn show_in_card(&mut self, list: ListKind) {
        self.tabs.retain(|tab| tab.card() != list.card());
        if list != list.card().first_list() {
            self.tabs.push(list);
            self.tabs.sort_unstable();
        }
    }
}

/// Returns the start of a text of a URL for a note.
fn shortened(text: &str) -> String {
    let text = clean_text(text);
    text.chars().filter(|c| !c.is_control()).take(MAX_NOTE_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> DashboardState {
        let (state, notes) = DashboardState::parse(query);
        assert_eq!(notes, [""; 0], "{query}");
        state
    }

    fn note(query: &str) -> String {
        let (state, notes) = DashboardState::parse(query);
        assert_eq!(state, DashboardState::default(), "{query}");
        notes.join(" ")
    }

    #[test]
    fn a_url_without_parameters_is_the_default() {
        for query in [
            "",
            "&",
            "period=30d",
            "utm_source=x&metric=visitors&compare=on&pages=pages",
            "offset=5",
        ] {
            assert_eq!(parse(query), DashboardState::default(), "{query}");
        }
        let empty = "period=&from=&to=&metric=&list=&offset=&pages=&devices=";
        assert_eq!(parse(empty), DashboardState::default());
    }

    #[test]
    fn every_parameter_has_its_field() {
        let state = parse(
            "period=12m&compare=off&metric=bounce_rate&list=campaigns&offset=100&sources=channels&pages=exit-pages\
             &page=docs%2Fa+b&source!=google&country=&page~=x&source!=bing&page!~=y",
        );
        assert_eq!(state.period, PeriodChoice::Months12);
        assert_eq!((state.compares, state.metric), (false, Some(Metric::BounceRate)));
        assert_eq!((state.list, state.offset), (Some(ListKind::Campaigns), 100));
        assert_eq!(state.tabs, [ListKind::ExitPages, ListKind::Channels]);
        assert_eq!(
            state.filters,
            [
                Filter::new(Dimension::Page, FilterOperator::Is, ["docs/a b"]),
                Filter::new(Dimension::Source, FilterOperator::IsNot, ["google", "bing"]),
                Filter::new(Dimension::Country, FilterOperator::Is, [""]),
                Filter::new(Dimension::Page, FilterOperator::Contains, ["x"]),
                Filter::new(Dimension::Page, FilterOperator::ContainsNot, ["y"]),
            ]
        );
        let range = DayRange::new("2026-11-01".parse().unwrap(), "2026-11-30".parse().unwrap());
        for query in [
            "from=2026-11-01&to=2026-11-30&period=7d",
            "to=2026-11-01&from=2026-11-30",
        ] {
            assert_eq!(parse(query).period, PeriodChoice::Range(range), "{query}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_and_ignored() {
        for (query, expected) in [
            ("period=8d", "There is no period “8d”."),
            ("metric=kpi", "There is no metric “kpi”."),
            (
                "from=yesterday&to=2026-02-30",
                "“from” is not a day such as 2026-11-29: “yesterday”. \
                 “to” is not a day such as 2026-11-29: “2026-02-30”.",
            ),
            (
                "from=9999-12-29&to=9999-12-31",
                "“to” is not a day such as 2026-11-29: “9999-12-31”. A range needs its first and its last day.",
            ),
            ("from=2026-01-01", "A range needs its first and its last day."),
            ("from=0001-01-01&to=2026-01-01", "A range has at most twenty years."),
            (
                "list=x&offset=-1",
                "“list” is not a list: “x”. “offset” is not a number of rows: “-1”.",
            ),
            ("pages=sources", "“pages” has no list “sources”."),
            (
                "month=2026-11&month=2026-10",
                "“month” cannot be a filter; choose the days instead.",
            ),
            ("period=%3Cb%3E%E2%80%AE%00%FF", "There is no period “<b>\u{fffd}”."),
        ] {
            assert_eq!(note(query), expected, "{query}");
        }
        let long = note(&format!("period={}", "é".repeat(1_000)));
        assert_eq!(
            long.chars().count(),
            "There is no period “”.".chars().count() + MAX_NOTE_TEXT
        );
    }

    #[test]
    fn a_hostile_url_has_bounded_filters_and_notes() {
        let many = |each: fn(usize) -> String| (0..2_000).map(each).collect::<String>();
        let (state, notes) = DashboardState::parse(&many(|number| format!("source={number}&")));
        assert_eq!(
            (state.filters.len(), state.filters[0].values.len()),
            (1, MAX_FILTER_VALUES)
        );
        assert_eq!(notes, ["Too many filters: at most 20 with 200 values each are used."]);
        let (state, notes) = DashboardState::parse(&many(|number| {
            let dimension = Dimension::OF_SESSIONS[number % 13];
            format!("{dimension}{}={number}&", OPERATORS[number % 4].0)
        }));
        assert_eq!((state.filters.len(), notes.len()), (MAX_FILTERS, 1));
        let (_, notes) = DashboardState::parse(&many(|number| format!("period={number}&")));
        assert_eq!(notes.len(), MAX_NOTES);
    }
}
