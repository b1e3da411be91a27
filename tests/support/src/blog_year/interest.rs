//! How many sessions start on each day with each page.

use fastrand::Rng;
use horizon_core::{Day, Timestamp, reports::DayRange};

use super::{posts, posts::SeededPost, readers};

/// The days after which the interest in a new post is a third of that of its first day.
const LAUNCH_DAYS: f64 = 2.2;

/// The sessions that start with the home page, relative to [`SeededPost::launch`].
const HOME: f64 = 9.0;

/// The share of a usual Monday to Sunday.
const WEEK: [f64; 7] = [1.05, 1.08, 1.1, 1.04, 0.95, 0.62, 0.66];

/// How many times as many readers as its first day a post has at its peak.
const PEAK: f64 = 2.0;

/// The largest share by which a day differs from what is expected, by chance.
const CHANCE: f64 = 0.35;

/// The first page of a session.
#[derive(Clone, Copy, Debug)]
pub(super) enum FirstPage<'a> {
    Home,
    Post(&'a SeededPost),
}

/// The interest in each page on each day.
pub(super) struct Interest<'a> {
    posts: &'a [SeededPost],
    range: DayRange,
    now: Timestamp,
}

impl<'a> Interest<'a> {
    pub(super) fn new(posts: &'a [SeededPost], range: DayRange, now: Timestamp) -> Self {
        Self { posts, range, now }
    }

    /// Returns days, first pages, and the number of sessions; together about `sessions`.
    pub(super) fn entries(&self, sessions: u32, rng: &mut Rng) -> Vec<(Day, FirstPage<'a>, u32)> {
        let mut weights = Vec::new();
        for entry in self.posts.iter().map(FirstPage::Post).chain([FirstPage::Home]) {
            for day in (self.range.first.number()..=self.range.last.number()).map(Day::from_number) {
                let chance = 1.0 + CHANCE * (2.0 * rng.f64() - 1.0);
                weights.push((day, entry, chance * self.weight(day, entry)));
            }
        }
        let sum: f64 = weights.iter().map(|(_, _, weight)| weight).sum();
        let scale = f64::from(sessions) / sum;
        let mut rest = 0.0;
        let count = |(day, entry, weight): (Day, FirstPage<'a>, f64)| {
            rest += weight * scale;
            let whole = f64::floor(rest);
            rest -= whole;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number"
            )]
            let count = whole as u32;
            (day, entry, count)
        };
        weights.into_iter().map(count).collect()
    }

    fn weight(&self, day: Day, entry: FirstPage<'_>) -> f64 {
        let weekday = usize::try_from(day.number() - day.monday().number()).unwrap_or_default();
        let week = WEEK.get(weekday).copied().unwrap_or(1.0);
        // The blog grows by 80 % within the year.
        let growth = 0.7 + 0.56 * days_between(self.range.first, day) / days_between(self.range.first, self.range.last);
        let today = if day == self.range.last {
            readers::share_of_day(self.now)
        } else {
            1.0
        };
        week * growth * today * self.interest(day, entry)
    }

    fn interest(&self, day: Day, entry: FirstPage<'_>) -> f64 {
        let post = match entry {
            FirstPage::Home => return HOME,
            FirstPage::Post(post) if post.published > day => return 0.0,
            FirstPage::Post(post) => post,
        };
        let age = days_between(post.published, day);
        let peak = match post.has_peak && day >= posts::peak(self.range.last) {
            true => PEAK * post.launch * f64::exp(-1.4 * days_between(posts::peak(self.range.last), day)),
            false => 0.0,
        };
        post.launch * f64::exp(-age / LAUNCH_DAYS) + post.lasting + peak
    }
}

/// Returns the days from `first` to `last`.
#[expect(clippy::cast_precision_loss, reason = "a few hundred days")]
fn days_between(first: Day, last: Day) -> f64 {
    (last.number() - first.number()) as f64
}
