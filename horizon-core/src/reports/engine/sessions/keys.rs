use crate::Timestamp;
use crate::reports::engine::groups::{Groups, Key};
use crate::reports::{Dimension, LocalTime, MAX_DIMENSIONS, Period, SessionColumns};

/// The maximum number of groups that [`LocalGroups`] keeps in a table: 65,536.
const MAX_TABLE: usize = 1 << 16;

const HOUR_MILLIS: i64 = 3600 * 1000;

/// The groups of a part, found by the numbers that the part has for its values.
#[derive(Debug, Default)]
pub(super) struct LocalGroups {
    columns: [KeyColumn; MAX_DIMENSIONS],
    /// The group of each pair of values plus 1, 0 if it is not known yet. Empty if there are too many pairs.
    table: Vec<usize>,
}

/// The values of a dimension of the query in a part.
#[derive(Debug, Default)]
struct KeyColumn {
    is_page: bool,
    /// The number in [`Groups`] of each value.
    values: Vec<u32>,
    /// The position in `values` of each session's value. Empty if all are at 0.
    indices: Vec<u32>,
}

impl LocalGroups {
    pub(super) fn read(&mut self, columns: &SessionColumns<'_>, groups: &mut Groups<'_>) {
        for (position, column) in self.columns.iter_mut().enumerate() {
            match groups.dimensions().get(position) {
                Some(dimension) => column.read(position, *dimension, columns, groups),
                None => column.values = vec![0],
            }
        }
        let sizes = self.columns.each_ref().map(|column| column.values.len());
        let size = sizes.into_iter().fold(1, usize::saturating_mul);
        self.table.clear();
        self.table.resize(if size <= MAX_TABLE { size } else { 0 }, 0);
    }

    /// Returns whether pages are a dimension of the query.
    pub(super) fn has_pages(&self) -> bool {
        self.columns.iter().any(|column| column.is_page)
    }

    pub(super) fn group_of_session(&mut self, row: usize, groups: &mut Groups<'_>) -> usize {
        let indices = self.columns.each_ref().map(|column| column.index(row));
        self.group(indices, groups)
    }

    /// Returns the group of a session and one of its pages.
    pub(super) fn group_of_page(&mut self, row: usize, page: u32, groups: &mut Groups<'_>) -> usize {
        let page = to_usize(page);
        let indices = self
            .columns
            .each_ref()
            .map(|column| if column.is_page { page } else { column.index(row) });
        self.group(indices, groups)
    }

    fn group(&mut self, [first, second]: [usize; MAX_DIMENSIONS], groups: &mut Groups<'_>) -> usize {
        let [firsts, seconds] = &self.columns;
        let mut find = || {
            let key: Key = [firsts.value(first), seconds.value(second)];
            groups.group(key)
        };
        match self.table.get_mut(first * seconds.values.len() + second) {
            Some(0) => {
                let group = find();
                if let Some(entry) = self.table.get_mut(first * seconds.values.len() + second) {
                    *entry = group + 1;
                }
                group
            }
            Some(group) => *group - 1,
            None => find(),
        }
    }
}

impl KeyColumn {
    fn read(&mut self, position: usize, dimension: Dimension, columns: &SessionColumns<'_>, groups: &mut Groups<'_>) {
        self.values.clear();
        self.indices.clear();
        self.is_page = dimension == Dimension::Page;
        let texts = if self.is_page {
            columns.pages.as_ref().map(|pages| &pages.page)
        } else {
            dimension.session_index().and_then(|index| columns.values.get(index))
        };
        if let Some(texts) = texts {
            let values = texts.dictionary.iter().map(|text| groups.value(position, text));
            self.values.extend(values);
            if !self.is_page {
                texts.indices.copy_to(&mut self.indices, columns.len());
            }
        } else if dimension == Dimension::Hour {
            self.read_hours(position, columns, groups);
        } else {
            self.values.push(groups.period(position, Period::Day(columns.day())));
        }
    }

    fn read_hours(&mut self, position: usize, columns: &SessionColumns<'_>, groups: &mut Groups<'_>) {
        let day = columns.day();
        let day_start = groups.zone().day_start(day);
        let hour_of = |at| LocalTime::in_day(day, day_start, Timestamp::from_millis(at));
        let hours = (0..columns.len()).map(|row| u32::from(hour_of(columns.start_millis(row)).hour_index));
        self.indices.extend(hours);
        let last = self.indices.iter().max().copied().unwrap_or(0);
        for hour in 0..=last {
            let start = day_start.as_millis().saturating_add(i64::from(hour) * HOUR_MILLIS);
            let number = groups.period(position, Period::Hour(hour_of(start).hour));
            self.values.push(number);
        }
    }

    fn index(&self, row: usize) -> usize {
        self.indices.get(row).map_or(0, |index| to_usize(*index))
    }

    fn value(&self, index: usize) -> u32 {
        self.values.get(index).copied().unwrap_or(0)
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
