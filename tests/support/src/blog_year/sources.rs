//! Where readers come from.

use fastrand::Rng;
use horizon_core::{ContextValue, Day, VisitContext};

use super::{interest::FirstPage, posts};

/// A source of readers.
#[derive(Debug)]
pub(super) struct SeededSource {
    /// `None` for direct visits.
    name: Option<&'static str>,
    channel: &'static str,
    medium: Option<&'static str>,
    campaign: SeededCampaign,
    /// How often it leads to a post of the last four days, to an older one, and to the home page.
    weights: [u32; 3],
    /// The share of phones, in percent.
    pub(super) phones: u32,
    /// How engaged its readers are, in percent of the usual.
    pub(super) quality: u32,
}

/// The campaign of an [`SeededSource`].
#[derive(Debug)]
enum SeededCampaign {
    None,
    /// A letter each month, with the month in its name.
    Letter,
    /// A campaign that started this number of days ago and ended this number of days ago.
    Days(&'static str, i64, i64),
}

const fn site(name: &'static str, channel: &'static str, weights: [u32; 3], phones: u32, quality: u32) -> SeededSource {
    SeededSource {
        name: Some(name),
        channel,
        medium: None,
        campaign: SeededCampaign::None,
        weights,
        phones,
        quality,
    }
}

const DIRECT: SeededSource = SeededSource {
    name: None,
    ..site("", "direct", [26, 14, 50], 40, 100)
};

const HACKER_NEWS: SeededSource = site("hacker news", "social", [6, 1, 2], 38, 75);

const SOURCES: [SeededSource; 14] = [
    DIRECT,
    HACKER_NEWS,
    site("google", "search", [6, 56, 20], 36, 80),
    site("duckduckgo", "search", [2, 9, 5], 30, 95),
    site("bing", "search", [1, 5, 3], 8, 70),
    site("chatgpt", "ai", [1, 9, 2], 25, 60),
    site("mastodon", "social", [17, 1, 4], 66, 100),
    site("bluesky", "social", [8, 1, 2], 64, 90),
    site("lobsters", "social", [6, 1, 1], 30, 110),
    site("reddit", "social", [4, 3, 1], 60, 60),
    site("github", "social", [3, 5, 8], 4, 100),
    SeededSource {
        medium: Some("email"),
        campaign: SeededCampaign::Letter,
        ..site("newsletter", "mail", [20, 0, 4], 48, 145)
    },
    SeededSource {
        medium: Some("cpc"),
        campaign: SeededCampaign::Days("autumn-ad", 55, 3),
        ..site("carbon", "paid", [9, 1, 9], 45, 20)
    },
    SeededSource {
        medium: Some("slides"),
        campaign: SeededCampaign::Days("meetup-talk", 16, 8),
        ..site("talk", "other", [6, 4, 9], 70, 120)
    },
];

/// The posts of the last days are new.
const NEW_DAYS: i64 = 4;

/// The share of the source of the peak, in percent.
const PEAK_PERCENT: u32 = 90;

/// Returns where a reader comes from who starts with this page.
pub(super) fn source(rng: &mut Rng, day: Day, entry: FirstPage<'_>, today: Day) -> &'static SeededSource {
    let column = match entry {
        FirstPage::Post(post) if post.has_peak && day == posts::peak(today) => {
            if rng.u32(..100) < PEAK_PERCENT {
                return &HACKER_NEWS;
            }
            0
        }
        FirstPage::Post(post) if day.number() - post.published.number() < NEW_DAYS => 0,
        FirstPage::Post(_) => 1,
        FirstPage::Home => 2,
    };
    let weight = |source: &SeededSource| {
        let weight = source.weights.get(column).copied().unwrap_or_default();
        if source.is_active(day, today) { weight } else { 0 }
    };
    let sum: u32 = SOURCES.iter().map(weight).sum();
    let mut rest = rng.u32(..sum);
    let chosen = SOURCES.iter().find(|source| {
        let is_chosen = rest < weight(source);
        rest = rest.saturating_sub(weight(source));
        is_chosen
    });
    chosen.unwrap_or(&DIRECT)
}

impl SeededSource {
    fn is_active(&self, day: Day, today: Day) -> bool {
        match self.campaign {
            SeededCampaign::Days(_, first, last) => (last..=first).contains(&(today.number() - day.number())),
            SeededCampaign::None | SeededCampaign::Letter => true,
        }
    }

    /// Adds source, channel and campaign.
    pub(super) fn describe(&self, day: Day, context: &mut VisitContext) {
        let value = |text: &str| Some(ContextValue::new(text));
        context.source = self.name.and_then(value);
        context.channel = value(self.channel);
        context.medium = self.medium.and_then(value);
        context.campaign = match self.campaign {
            SeededCampaign::None => None,
            SeededCampaign::Letter => value(&format!("letter-{}", day.to_string().get(..7).unwrap_or_default())),
            SeededCampaign::Days(name, _, _) => value(name),
        };
    }
}
