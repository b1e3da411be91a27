use horizon_core::{
    Topic,
    reports::{Metric, OTHER_VALUE, ReportStatus, Value},
};

use super::{DashboardLoader, scope::FilterScope, store_reports::MissingNumbers};
use crate::dashboard::{
    model::{Card, Figure, Shown},
    state::PeriodChoice,
};

/// What the notes are about.
pub(super) struct NoteSubjects<'a> {
    pub(super) status: &'a ReportStatus,
    pub(super) figures: &'a [Figure],
    pub(super) anonymous_share: Option<Value>,
    pub(super) cards: &'a [Card],
    pub(super) missing: &'a MissingNumbers,
    /// The total of visits that a page or the site shows, if the period is `all`.
    pub(super) total_visits: Option<u64>,
}

impl DashboardLoader<'_> {
    /// Returns what a reader of the numbers should know, each as a sentence.
    pub(super) fn notes(&self, subjects: &NoteSubjects<'_>) -> Vec<String> {
        let notes = [
            sessions_note(subjects.missing),
            metrics_note(subjects.missing),
            refusal_note(subjects.missing),
            self.visitors_note(subjects),
            self.today_note(),
            anonymous_note(subjects.anonymous_share),
            other_note(subjects.cards),
            self.undated_note(subjects),
            late_note(subjects.status),
            Some(format!(
                "Days and hours are those of the time zone {}.",
                self.horizon.time_zone()
            )),
        ];
        notes.into_iter().flatten().collect()
    }

    fn visitors_note(&self, subjects: &NoteSubjects<'_>) -> Option<String> {
        let figures = subjects.figures.iter().map(|figure| figure.metric);
        let columns = subjects.cards.iter().flat_map(|card| card.list.metrics.iter().copied());
        let are_shown = figures.chain(columns).any(|metric| metric == Metric::Visitors);
        (are_shown && self.period.range.days() > 1).then(|| {
            "Visitors are the sum of the days: nobody is recognised on another day, so a reader who comes on two days \
             counts twice."
                .to_owned()
        })
    }

    fn today_note(&self) -> Option<String> {
        let is_compared = self.state.list.is_none() && self.previous().is_some();
        let is_unfair = is_compared && self.period.range.contains(self.period.today);
        is_unfair.then(|| "Today is not over, but the previous period has whole days.".to_owned())
    }

    /// The totals of pages and of the site include what was counted before the store kept reports.
    fn undated_note(&self, subjects: &NoteSubjects<'_>) -> Option<String> {
        let total = i64::try_from(subjects.total_visits?).ok()?;
        let metric = self.total_metric()?;
        let figure = subjects.figures.iter().find(|figure| figure.metric == metric)?;
        let Shown::Value(Value::Count(dated)) = figure.value else {
            return None;
        };
        let undated = total.saturating_sub(dated);
        (undated > 0).then(|| {
            let undated = metric.format(Value::Count(undated));
            format!("{undated} visits were counted before the store kept reports: their days are unknown.")
        })
    }

    /// Returns the metric that a total of visits is compared with.
    const fn total_metric(&self) -> Option<Metric> {
        match &self.scope {
            FilterScope::Site => Some(Metric::Visits),
            FilterScope::Page(_) => Some(Metric::PageVisits),
            _ => None,
        }
    }

    /// Reads the total of visits of the site or the page, before the figures, which may then only be higher. Returns
    /// `None` unless the period is `all`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn total_visits(&self) -> horizon_core::Result<Option<u64>> {
        let topic = match &self.scope {
            FilterScope::Site => Topic::Site,
            FilterScope::Page(page) => Topic::Page(page.clone()),
            _ => return Ok(None),
        };
        if self.state.period != PeriodChoice::All {
            return Ok(None);
        }
        let totals = self.horizon.ports().stats.totals(&[topic]).await?;
        Ok(totals.first().map(|update| update.stats.visits))
    }
}

fn sessions_note(missing: &MissingNumbers) -> Option<String> {
    let first = missing.sessions_before?;
    Some(format!(
        "Some numbers are missing, because they need the sessions of each day, which are erased before {first}. \
         Choose {first} or later as the first day."
    ))
}

fn metrics_note(missing: &MissingNumbers) -> Option<String> {
    let names: Vec<_> = missing
        .metrics
        .iter()
        .map(|metric| metric.name().replace('_', " "))
        .collect();
    let names = names.join(", ");
    (!names.is_empty()).then(|| format!("The store of this site does not have these numbers: {names}."))
}

fn refusal_note(missing: &MissingNumbers) -> Option<String> {
    let refusal = missing.refusal.as_ref()?;
    Some(format!("Some numbers are missing: {refusal}."))
}

fn anonymous_note(share: Option<Value>) -> Option<String> {
    let share = share.filter(|share| share.to_f64().is_some_and(|share| share > 0.0))?;
    let share = Metric::AnonymousShare.format(share);
    Some(format!(
        "{share} of the visits are of readers without a key (Global Privacy Control, Do Not Track). They have \
         pageviews, but are no visitors, and do not count for bounces, durations, entry and exit pages."
    ))
}

fn other_note(cards: &[Card]) -> Option<String> {
    let has_other = cards.iter().any(|card| card.list.has_other);
    has_other.then(|| format!("{OTHER_VALUE} is the sum of the values beyond the first 1,000 of a day."))
}

fn late_note(status: &ReportStatus) -> Option<String> {
    let late = i64::try_from(status.late_events).ok().filter(|late| *late > 0)?;
    let late = Metric::Events.format(Value::Count(late));
    Some(format!(
        "{late} events of visits came after their day was closed. Their pageviews count, but not their visitors."
    ))
}
