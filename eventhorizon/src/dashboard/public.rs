//! What public readers see of the dashboard: no values of fewer than three visitors, nor values from which such a
//! value could be computed. `docs/decisions/0034-public-dashboard.md` has the argument.

use horizon_core::reports::{Metric, Value};

use super::model::{Card, Chart, Dashboard, Figure, List, Shown, set_bars};
use crate::NowSnapshot;

/// The fewest visitors of a value that is shown: 3.
const MIN_VISITORS: i64 = 3;

const HIDDEN: &str = "Values of fewer than three visitors are hidden, and others from which they could be computed.";

const VISITORS: &str = "Visitors are counted anew each day: those of several days are the sum of the days.";

/// Hides what public readers may not see. `notes` are about the URL; the other notes are replaced, because they may
/// contain numbers.
pub(super) fn hide_small_values(dashboard: &mut Dashboard, notes: Vec<String>) {
    dashboard.is_public = true;
    dashboard.page = None;
    dashboard.notes = notes;
    dashboard.notes.extend([HIDDEN, VISITORS].map(String::from));
    let visitors = dashboard
        .figures
        .iter()
        .find(|figure| figure.metric == Metric::Visitors);
    let total = visitors.and_then(|figure| count(figure.value));
    let previous = visitors.and_then(|figure| count(figure.previous?));
    dashboard
        .figures
        .iter_mut()
        .for_each(|figure| hide_figure(figure, total, previous));
    dashboard.chart = dashboard.chart.take().filter(|chart| chart.metric == Metric::Visitors);
    if let Some(chart) = &mut dashboard.chart {
        hide_points(chart, total, previous);
    }
    // Nobody knows how many visitors are behind an event.
    dashboard
        .cards
        .retain(|card| card.list.is_missing || card.list.metrics.contains(&Metric::Visitors));
    for Card { list, .. } in &mut dashboard.cards {
        hide_rows(list, total);
    }
    if let Some(now) = &mut dashboard.now {
        hide_few_viewers(now);
    }
}

/// Hides numbers of fewer than three viewers, and removes their pages and sources.
pub(super) fn hide_few_viewers(now: &mut NowSnapshot) {
    let is_shown = |viewers: &u64| signed(*viewers) >= MIN_VISITORS;
    now.viewers = now.viewers.filter(is_shown);
    for minute in &mut now.minutes {
        *minute = minute.filter(is_shown);
    }
    let Some(total) = now.viewers.map(signed) else {
        now.pages.clear();
        now.sources.clear();
        return;
    };
    let pages = Cutoff::new(now.pages.iter().map(|page| signed(page.viewers)).collect(), 0, total);
    now.pages.retain(|page| pages.shows(signed(page.viewers)));
    let sources = Cutoff::new(
        now.sources.iter().map(|source| signed(source.viewers)).collect(),
        0,
        total,
    );
    now.sources.retain(|source| sources.shows(signed(source.viewers)));
}

fn hide_figure(figure: &mut Figure, total: Option<i64>, previous: Option<i64>) {
    figure.value = shown(figure.metric, figure.value, total);
    figure.previous = figure.previous.map(|value| shown(figure.metric, value, previous));
    figure.of_site = None;
}

/// Returns the value, or `Hidden` if it counts too few. `visitors` are those of the same days.
fn shown(metric: Metric, value: Shown, visitors: Option<i64>) -> Shown {
    let Shown::Value(number) = value else {
        return Shown::Hidden;
    };
    let is_enough = match number {
        Value::Count(count) => count >= MIN_VISITORS,
        Value::Ratio { numerator, denominator } if is_share(metric) => {
            numerator >= MIN_VISITORS && denominator - numerator >= MIN_VISITORS
        }
        Value::Ratio { denominator, .. } => denominator >= MIN_VISITORS,
        _ => true,
    };
    if is_enough && visitors.is_some_and(|visitors| visitors >= MIN_VISITORS) {
        value
    } else {
        Shown::Hidden
    }
}

/// Returns whether the numerator counts a part of what the denominator counts.
fn is_share(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::BounceRate | Metric::FinishedShare | Metric::AnonymousShare
    )
}

fn hide_points(chart: &mut Chart, total: Option<i64>, previous: Option<i64>) {
    chart.metrics = vec![Metric::Visitors];
    let values = chart.points.iter_mut().map(|point| &mut point.value);
    hide_series(values.collect(), total);
    let values = chart.points.iter_mut().map(|point| &mut point.previous);
    hide_series(values.collect(), previous);
}

/// Hides points of a series whose sum may be known.
fn hide_series(points: Vec<&mut Option<Shown>>, total: Option<i64>) {
    let numbers = points.iter().filter_map(|point| count((**point)?)).collect();
    let cutoff = total
        .filter(|&total| total >= MIN_VISITORS)
        .map(|total| Cutoff::new(numbers, 0, total));
    for point in points.into_iter().flatten() {
        let is_shown = cutoff
            .as_ref()
            .zip(count(*point))
            .is_some_and(|(cutoff, number)| cutoff.shows(number));
        if !is_shown {
            *point = Shown::Hidden;
        }
    }
}

/// Removes the rows of too few visitors, and the columns other than visitors. A visitor may count in several rows, but
/// a pageview in one: its total and the shown rows would tell the sum of the others.
fn hide_rows(list: &mut List, total: Option<i64>) {
    let visitors = list.metrics.iter().position(|metric| *metric == Metric::Visitors);
    let (Some(visitors), Some(total)) = (visitors, total.filter(|&total| total >= MIN_VISITORS)) else {
        list.rows.clear();
        list.total_rows = 0;
        return;
    };
    let number = |values: &[Shown]| values.get(visitors).and_then(|value| count(*value));
    let numbers = list.rows.iter().filter_map(|row| number(&row.values)).collect();
    let unlisted = list.total_rows.saturating_sub(list.rows.len());
    let cutoff = Cutoff::new(numbers, unlisted, total);
    list.rows
        .retain(|row| number(&row.values).is_some_and(|number| cutoff.shows(number)));
    list.total_rows = list.rows.len();
    list.metrics = vec![Metric::Visitors];
    for row in &mut list.rows {
        row.values = row.values.get(visitors).copied().into_iter().collect();
    }
    // The scale of the bars would tell the value of the highest row, which may be hidden.
    set_bars(list.kind, &mut list.rows);
}

/// Which numbers of a series or list are hidden: those up to a highest one.
///
/// All numbers below [`MIN_VISITORS`] are hidden. Somebody who knows the total knows the sum of the hidden numbers, so
/// the next higher ones are hidden, too, until the hidden numbers are at least two, not all equal, and together at
/// least [`MIN_VISITORS`]. Equal numbers are hidden together: then every permutation of the hidden numbers gives the
/// same dashboard, and none of them can be computed.
struct Cutoff(Option<i64>);

/// The numbers that are not shown, if all up to a certain one are hidden.
#[derive(Default)]
struct HiddenNumbers {
    count: usize,
    sum: i64,
    distinct: usize,
    /// Further numbers that have no place on the page. They are not higher than those on the page.
    unlisted: usize,
}

impl Cutoff {
    /// `unlisted` are the further numbers that have no place on the page.
    fn new(mut numbers: Vec<i64>, unlisted: usize, total: i64) -> Self {
        numbers.sort_unstable();
        let all: i64 = numbers.iter().sum();
        let mut highest = None;
        let mut hidden = HiddenNumbers {
            unlisted,
            ..HiddenNumbers::default()
        };
        for group in numbers.chunk_by(|one, other| one == other) {
            let number = group.first().copied().unwrap_or(0);
            let rest = total - (all - hidden.sum);
            if number >= MIN_VISITORS && hidden.is_safe(rest, number) {
                break;
            }
            highest = Some(number);
            hidden.count += group.len();
            hidden.sum += group.iter().sum::<i64>();
            hidden.distinct += 1;
        }
        Self(highest)
    }

    fn shows(&self, number: i64) -> bool {
        self.0.is_none_or(|highest| number > highest)
    }
}

impl HiddenNumbers {
    /// Returns whether none of these numbers can be computed. `rest` is the total without the shown numbers; it says
    /// nothing if it is not positive, because visitors count in each row that they belong to. `lowest` is the lowest
    /// shown number.
    fn is_safe(&self, rest: i64, lowest: i64) -> bool {
        let is_known = rest > 0;
        let is_rest_safe = !is_known || rest >= MIN_VISITORS;
        match (self.count, self.unlisted) {
            (0, 0) => is_rest_safe,
            // Unlisted numbers are at most `lowest`: a rest close to as many of these would tell each of them.
            (0, unlisted) => {
                let highest_rest = signed(unlisted as u64).saturating_mul(lowest - 1);
                unlisted >= 2 && is_rest_safe && (!is_known || rest < highest_rest)
            }
            (count, unlisted) => count + unlisted >= 2 && self.distinct >= 2 && is_rest_safe,
        }
    }
}

/// Returns the number of a count.
fn count(value: Shown) -> Option<i64> {
    match value {
        Shown::Value(Value::Count(count)) => Some(count),
        _ => None,
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
