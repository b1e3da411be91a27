use super::selection::Selection;
use crate::Timestamp;
use crate::reports::engine::groups::{Key, QueryGroups};
use crate::reports::time_zone::HOUR_MILLIS;
use crate::reports::{Dimension, LocalTime, MAX_DIMENSIONS, Period, SessionColumns};

/// The maximum number of groups that [`LocalGroups`] keeps in a table: 65,536.
const MAX_TABLE: usize = 1 << 16;

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
    /// The number in [`QueryGroups`] of each value.
    values: Vec<u32>,
    /// The position in `values` of the value of each selected session or page. Empty if all are at 0.
    indices: Vec<u32>,
}

impl LocalGroups {
    /// Reads the values of the selected sessions or, with the dimension `page`, of the selected pages.
    pub(super) fn read(&mut self, columns: &SessionColumns<'_>, selection: &Selection, groups: &mut QueryGroups<'_>) {
        for (position, column) in self.columns.iter_mut().enumerate() {
            column.read(position, columns, selection, groups);
        }
        let sizes = self.columns.each_ref().map(|column| column.values.len());
        let size = sizes.into_iter().fold(1, usize::saturating_mul);
        self.table.clear();
        self.table.resize(if size <= MAX_TABLE { size } else { 0 }, 0);
    }

    /// Returns the group of the selected session or page at a position.
    #[inline]
    pub(super) fn group(&mut self, position: usize, groups: &mut QueryGroups<'_>) -> usize {
        let [firsts, seconds] = &self.columns;
        let (first, second) = (firsts.index(position), seconds.index(position));
        let entry = first.saturating_mul(seconds.values.len()).saturating_add(second);
        match self.table.get_mut(entry) {
            Some(0) | None => {
                let key: Key = [firsts.value(first), seconds.value(second)];
                let group = groups.group(key);
                if let Some(entry) = self.table.get_mut(entry) {
                    *entry = group + 1;
                }
                group
            }
            Some(group) => *group - 1,
        }
    }
}

impl KeyColumn {
    fn read(
        &mut self,
        position: usize,
        columns: &SessionColumns<'_>,
        selection: &Selection,
        groups: &mut QueryGroups<'_>,
    ) {
        self.values.clear();
        self.indices.clear();
        let Some(dimension) = groups.dimensions().get(position).copied() else {
            self.values.push(0);
            return;
        };
        let (texts, rows) = match dimension {
            Dimension::Page => (columns.pages.as_ref().map(|pages| &pages.page), &selection.pages),
            _ => {
                let index = dimension.session_index();
                (index.and_then(|index| columns.values.get(index)), &selection.sessions)
            }
        };
        if let Some(texts) = texts {
            let values = texts.dictionary.iter().map(|text| groups.value(position, text));
            self.values.extend(values);
            texts.indices.copy_rows_to(&mut self.indices, rows, 1);
        } else if dimension == Dimension::Hour {
            self.read_hours(position, columns, &selection.sessions, groups);
        } else {
            self.values.push(groups.period(position, Period::Day(columns.day())));
        }
    }

    fn read_hours(
        &mut self,
        position: usize,
        columns: &SessionColumns<'_>,
        sessions: &[u32],
        groups: &mut QueryGroups<'_>,
    ) {
        let day = columns.day();
        let day_start = groups.zone().day_start(day);
        let hour_of = |at| LocalTime::in_day(day, day_start, Timestamp::from_millis(at));
        let starts = sessions.iter().map(|session| columns.start_millis(to_usize(*session)));
        self.indices
            .extend(starts.map(|start| u32::from(hour_of(start).hour_index)));
        let last = self.indices.iter().max().copied().unwrap_or(0);
        for hour in 0..=last {
            let start = day_start.as_millis().saturating_add(i64::from(hour) * HOUR_MILLIS);
            let number = groups.period(position, Period::Hour(hour_of(start).hour));
            self.values.push(number);
        }
    }

    #[inline]
    fn index(&self, position: usize) -> usize {
        self.indices.get(position).map_or(0, |index| to_usize(*index))
    }

    fn value(&self, index: usize) -> u32 {
        self.values.get(index).copied().unwrap_or(0)
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
