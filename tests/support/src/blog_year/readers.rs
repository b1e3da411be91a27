//! When readers come, from which country and with which browser.

use fastrand::Rng;
use horizon_core::{ContextValue, Timestamp, VisitContext};

/// How many sessions start in each hour of a day (UTC), relative to other hours.
const HOURS: [u32; 24] = [
    2, 2, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 9, 9, 10, 10, 9, 8, 8, 9, 9, 8, 5, 0,
];

/// Countries, their language, and their weights.
const COUNTRIES: [(&str, &str, u32); 14] = [
    ("DE", "de", 27),
    ("US", "en", 24),
    ("GB", "en", 9),
    ("FR", "fr", 7),
    ("NL", "nl", 5),
    ("CA", "en", 5),
    ("IN", "en", 5),
    ("AT", "de", 4),
    ("CH", "de", 4),
    ("PL", "pl", 3),
    ("BR", "pt", 3),
    ("JP", "ja", 2),
    ("ES", "es", 1),
    ("SE", "sv", 1),
];

/// Browsers and systems of phones, and their weights.
const PHONES: [(&str, &str, u32); 4] = [
    ("chrome 142", "android 16", 35),
    ("safari 26", "ios 26", 45),
    ("firefox 145", "android 15", 12),
    ("samsung internet 29", "android 16", 8),
];

/// Those of tablets.
const TABLETS: [(&str, &str, u32); 2] = [("safari 26", "ios 26", 70), ("chrome 142", "android 16", 30)];

/// Those of computers.
const COMPUTERS: [(&str, &str, u32); 6] = [
    ("firefox 145", "linux", 22),
    ("chrome 142", "windows 10", 24),
    ("chrome 142", "macos", 18),
    ("safari 26", "macos", 16),
    ("firefox 145", "windows 10", 12),
    ("edge 142", "windows 10", 8),
];

/// Returns the share of the sessions of a day that started before the hour of `now`.
pub(super) fn share_of_day(now: Timestamp) -> f64 {
    let hour = hour_of(now);
    let before: u32 = HOURS.iter().take(hour).sum();
    f64::from(before) / f64::from(HOURS.iter().sum::<u32>())
}

/// Returns an hour of the day, before that of `end` if it is given.
pub(super) fn hour(rng: &mut Rng, end: Option<Timestamp>) -> u64 {
    let hours = HOURS.iter().take(end.map_or(HOURS.len(), hour_of));
    let weights: Vec<_> = hours.enumerate().map(|(hour, weight)| (hour as u64, *weight)).collect();
    choose(rng, &weights, |(_, weight)| *weight).map_or(0, |(hour, _)| *hour)
}

fn hour_of(at: Timestamp) -> usize {
    usize::try_from(at.as_millis().div_euclid(3_600_000).rem_euclid(24)).unwrap_or_default()
}

/// Adds browser, system, device, country and language.
pub(super) fn describe(rng: &mut Rng, phones: u32, context: &mut VisitContext) {
    let (device, browsers): (_, &[_]) = match rng.u32(..100) {
        percent if percent < phones => ("phone", &PHONES),
        percent if percent > 96 => ("tablet", &TABLETS),
        percent if percent % 5 < 3 => ("laptop", &COMPUTERS),
        _ => ("desktop", &COMPUTERS),
    };
    let value = |text: &str| Some(ContextValue::new(text));
    context.device = value(device);
    if let Some((browser, system, _)) = choose(rng, browsers, |row| row.2) {
        (context.browser, context.system) = (value(browser), value(system));
    }
    if let Some((country, language, _)) = choose(rng, &COUNTRIES, |row| row.2) {
        context.country = value(country);
        let is_english = rng.u32(..100) < 15;
        context.language = value(if is_english { "en" } else { language });
    }
}

/// Returns one of the values, or `None` if all weights are 0.
pub(super) fn choose<'a, T>(rng: &mut Rng, values: &'a [T], weight: impl Fn(&T) -> u32) -> Option<&'a T> {
    let sum: u32 = values.iter().map(&weight).sum();
    let mut rest = if sum == 0 { return None } else { rng.u32(..sum) };
    values.iter().find(|value| {
        let is_chosen = rest < weight(value);
        rest = rest.saturating_sub(weight(value));
        is_chosen
    })
}
