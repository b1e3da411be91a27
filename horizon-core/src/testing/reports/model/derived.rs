use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{ToSpan, civil};

use super::{ModelValues, ModelVisitEvent, ReportModel};
use crate::reports::{Dimension, MAX_READING_SECONDS, OTHER_VALUE, SiteTimeZone};
use crate::{Day, Slug, Timestamp, Topic, VISIT_GAP, VisitCause, VisitContext, VisitorKey};

/// What the events of a model amount to. Each entry is in the periods to which it counts.
#[derive(Debug, Default)]
pub(super) struct Derived {
    pub(super) opens: Vec<ModelOpen>,
    /// The page visits, and the sessions on the topic `site`.
    pub(super) visits: Vec<ModelVisit>,
    pub(super) late_seconds: Vec<(Topic, Arc<ModelPeriods>, i64)>,
    pub(super) sessions: Vec<ModelSession>,
    pub(super) likes: Vec<(Topic, Arc<ModelPeriods>)>,
    pub(super) comments: Vec<(Topic, Arc<ModelPeriods>)>,
    pub(super) custom_events: Vec<(Topic, Arc<ModelPeriods>, Arc<str>)>,
}

/// The periods that contain an instant.
#[derive(Debug)]
pub(super) struct ModelPeriods {
    pub(super) day: Day,
    pub(super) hour: Timestamp,
    /// The values of the dimensions `hour`, `day`, `week` and `month`.
    labels: [Arc<str>; 4],
}

/// A pageview.
#[derive(Debug)]
pub(super) struct ModelOpen {
    pub(super) topic: Topic,
    pub(super) periods: Arc<ModelPeriods>,
    /// `None` for a reader without a key, and for a late event.
    pub(super) visitor: Option<VisitorKey>,
}

/// A visit of a topic.
#[derive(Debug)]
pub(super) struct ModelVisit {
    pub(super) topic: Topic,
    pub(super) periods: Arc<ModelPeriods>,
    /// What is known of a visitor with a key.
    pub(super) keyed: Option<ModelKeyedVisit>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ModelKeyedVisit {
    pub(super) seconds: i64,
    pub(super) is_finished: bool,
    pub(super) is_bounce: bool,
    pub(super) duration: i64,
}

/// A visit of the site.
#[derive(Debug)]
pub(super) struct ModelSession {
    pub(super) periods: Arc<ModelPeriods>,
    pub(super) visitor: Option<VisitorKey>,
    pub(super) pageviews: i64,
    pub(super) keyed: Option<ModelKeyedVisit>,
    /// In the order of [`Dimension::OF_SESSIONS`].
    pub(super) values: Vec<Arc<str>>,
    pub(super) pages: BTreeMap<Slug, ModelSessionPage>,
}

/// A page of a session.
#[derive(Debug, Default)]
pub(super) struct ModelSessionPage {
    pub(super) pageviews: i64,
    pub(super) visits: i64,
    pub(super) seconds: i64,
    pub(super) finished: i64,
}

/// Returns the periods of instants, and keeps those of each hour.
struct ModelCalendar<'a> {
    zone: &'a SiteTimeZone,
    hours: HashMap<Timestamp, Arc<ModelPeriods>>,
}

impl Derived {
    pub(super) fn new(model: &ReportModel) -> Self {
        let mut calendar = ModelCalendar {
            zone: &model.zone,
            hours: HashMap::new(),
        };
        let mut derived = Self::default();
        let mut by_visitor = BTreeMap::<(&Topic, VisitorKey), Vec<&ModelVisitEvent>>::new();
        for event in &model.visits {
            match event.visit.visitor {
                Some(visitor) if !event.is_late => {
                    let events = by_visitor.entry((&event.topic, visitor)).or_default();
                    events.push(event);
                }
                visitor => derived.add_without_key(event, visitor.is_some(), &mut calendar),
            }
        }
        for ((topic, visitor), mut events) in by_visitor {
            events.sort_by_key(|event| event.stamp);
            for visit in events.chunk_by(|one, next| is_same_visit(one, next)) {
                derived.add_visit(topic, visitor, visit, &mut calendar);
            }
        }
        derived.limit_values(&model.values);
        derived.add_interactions(model, &mut calendar);
        derived
    }

    /// Adds an event of a reader without a key, or a late event.
    fn add_without_key(&mut self, event: &ModelVisitEvent, has_key: bool, calendar: &mut ModelCalendar<'_>) {
        let periods = calendar.periods(event.stamp.at);
        if has_key && event.seconds() > 0 {
            let late = (event.topic.clone(), Arc::clone(&periods), event.seconds());
            self.late_seconds.push(late);
        }
        if event.visit.cause() != VisitCause::Open {
            return;
        }
        if event.topic == Topic::Site {
            let page = event
                .visit
                .page
                .clone()
                .map(|page| (page, ModelSessionPage::of_one_view()));
            self.sessions.push(ModelSession {
                periods: Arc::clone(&periods),
                visitor: None,
                pageviews: 1,
                keyed: None,
                values: values_without_key(event),
                pages: page.into_iter().collect(),
            });
        }
        self.opens.push(ModelOpen {
            topic: event.topic.clone(),
            periods: Arc::clone(&periods),
            visitor: None,
        });
        self.visits.push(ModelVisit {
            topic: event.topic.clone(),
            periods,
            keyed: None,
        });
    }

    /// Adds the visit with these events, which are in order.
    fn add_visit(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        events: &[&ModelVisitEvent],
        calendar: &mut ModelCalendar<'_>,
    ) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
        let opens = events.iter().filter(|event| event.is_open());
        let pageviews = count(opens.clone());
        for open in opens {
            self.opens.push(ModelOpen {
                topic: topic.clone(),
                periods: calendar.periods(open.stamp.at),
                visitor: Some(visitor),
            });
        }
        let is_interactive = events.iter().any(|event| event.visit.interactive);
        let duration = last.stamp.at.since(first.stamp.at).as_secs();
        let keyed = ModelKeyedVisit {
            seconds: events.iter().map(|event| event.seconds()).sum(),
            is_finished: events.iter().any(|event| event.visit.finished),
            is_bounce: pageviews <= 1 && !is_interactive,
            duration: i64::try_from(duration).unwrap_or(i64::MAX),
        };
        let periods = calendar.periods(first.stamp.at);
        if *topic == Topic::Site {
            self.sessions.push(ModelSession {
                periods: Arc::clone(&periods),
                visitor: Some(visitor),
                pageviews,
                keyed: Some(keyed),
                values: values_of_session(events),
                pages: session_pages(events),
            });
        }
        self.visits.push(ModelVisit {
            topic: topic.clone(),
            periods,
            keyed: Some(keyed),
        });
    }

    /// Replaces the values of a dimension beyond the limit of each day.
    fn limit_values(&mut self, counted: &ModelValues) {
        for session in &mut self.sessions {
            for (index, value) in session.values.iter_mut().enumerate() {
                let counted = counted.get(&(session.periods.day, index));
                if counted.is_none_or(|counted| !counted.contains(value)) {
                    *value = OTHER_VALUE.into();
                }
            }
        }
    }

    fn add_interactions(&mut self, model: &ReportModel, calendar: &mut ModelCalendar<'_>) {
        for ((topic, _), (stamp, is_liked)) in &model.likes {
            if *is_liked {
                self.likes.push((topic.clone(), calendar.periods(stamp.at)));
            }
        }
        for comment in model.comments.values().filter(|comment| comment.is_shown()) {
            self.comments
                .push((comment.topic.clone(), calendar.periods(comment.at)));
        }
        for event in &model.custom_events {
            let entry = (
                event.topic.clone(),
                calendar.periods(event.at),
                event.name.as_str().into(),
            );
            self.custom_events.push(entry);
        }
    }
}

impl ModelVisitEvent {
    pub(super) fn is_open(&self) -> bool {
        self.visit.cause() == VisitCause::Open
    }

    fn seconds(&self) -> i64 {
        i64::from(self.visit.seconds.unwrap_or_default().min(MAX_READING_SECONDS))
    }
}

impl ModelSessionPage {
    const fn of_one_view() -> Self {
        Self {
            pageviews: 1,
            visits: 1,
            seconds: 0,
            finished: 0,
        }
    }
}

impl ModelPeriods {
    /// Returns the value of a dimension that is a time.
    pub(super) fn label(&self, dimension: Dimension) -> Arc<str> {
        let [hour, day, week, month] = &self.labels;
        Arc::clone(match dimension {
            Dimension::Hour => hour,
            Dimension::Week => week,
            Dimension::Month => month,
            _ => day,
        })
    }
}

impl ModelCalendar<'_> {
    fn periods(&mut self, at: Timestamp) -> Arc<ModelPeriods> {
        let local = self.zone.local_time(at);
        let periods = self.hours.entry(local.hour).or_insert_with(|| {
            let date = civil::date(1970, 1, 1).saturating_add(local.day.number().days());
            let monday = date.saturating_sub(date.weekday().to_monday_zero_offset().days());
            let hour = jiff::Timestamp::from_millisecond(local.hour.as_millis()).unwrap_or_default();
            let month = format!("{:04}-{:02}", date.year(), date.month());
            let labels = [hour.to_string(), date.to_string(), monday.to_string(), month];
            Arc::new(ModelPeriods {
                day: local.day,
                hour: local.hour,
                labels: labels.map(Arc::from),
            })
        });
        Arc::clone(periods)
    }
}

pub(super) fn is_same_visit(one: &ModelVisitEvent, next: &ModelVisitEvent) -> bool {
    next.stamp.at.since(one.stamp.at) <= VISIT_GAP
}

fn count(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

/// Returns the values of the session with these events, which are in order.
pub(super) fn values_of_session(events: &[&ModelVisitEvent]) -> Vec<Arc<str>> {
    let mut pages = events.iter().filter_map(|event| event.visit.page.as_ref());
    let entry = pages.clone().next();
    let context = events.iter().find_map(|event| event.visit.context.as_deref());
    values(entry, pages.next_back(), context)
}

/// Returns the values of the session of a reader without a key, or of a late event.
pub(super) fn values_without_key(event: &ModelVisitEvent) -> Vec<Arc<str>> {
    values(None, None, event.visit.context.as_deref())
}

/// Returns the values of a session, in the order of [`Dimension::OF_SESSIONS`].
fn values(entry: Option<&Slug>, exit: Option<&Slug>, context: Option<&VisitContext>) -> Vec<Arc<str>> {
    let value = |dimension| match dimension {
        Dimension::EntryPage => entry.map(Slug::as_str),
        Dimension::ExitPage => exit.map(Slug::as_str),
        _ => context.and_then(|context| context_value(context, dimension)),
    };
    let values = Dimension::OF_SESSIONS.into_iter();
    values
        .map(|dimension| value(dimension).unwrap_or_default().into())
        .collect()
}

fn context_value(context: &VisitContext, dimension: Dimension) -> Option<&str> {
    let value = match dimension {
        Dimension::Source => &context.source,
        Dimension::Channel => &context.channel,
        Dimension::Medium => &context.medium,
        Dimension::Campaign => &context.campaign,
        Dimension::Term => &context.term,
        Dimension::Content => &context.content,
        Dimension::Browser => &context.browser,
        Dimension::System => &context.system,
        Dimension::Device => &context.device,
        Dimension::Country => &context.country,
        Dimension::Language => &context.language,
        _ => &None,
    };
    value.as_ref().map(crate::ContextValue::as_str)
}

/// Returns the pages of the session with these events, which are in order.
fn session_pages(events: &[&ModelVisitEvent]) -> BTreeMap<Slug, ModelSessionPage> {
    let mut by_page = BTreeMap::<&Slug, Vec<&ModelVisitEvent>>::new();
    for event in events {
        if let Some(page) = &event.visit.page {
            by_page.entry(page).or_default().push(event);
        }
    }
    let pages = by_page.into_iter().map(|(page, events)| {
        let visits = events.chunk_by(|one, next| is_same_visit(one, next));
        let summary = ModelSessionPage {
            pageviews: count(events.iter().filter(|event| event.is_open())),
            visits: count(visits.clone()),
            seconds: events.iter().map(|event| event.seconds()).sum(),
            finished: count(visits.filter(|visit| visit.iter().any(|event| event.visit.finished))),
        };
        (page.clone(), summary)
    });
    pages.collect()
}
