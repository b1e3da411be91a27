//! The texts about privacy state what the constants say.

use std::time::Duration;

use horizon_backend::SessionRetention;
use horizon_core::{DEDUPE_WINDOW, Day, Timestamp, VISIT_GAP, reports::ReportSite, reports::SiteTimeZone};

const PRIVACY: &str = include_str!("../../content/pages/privacy.md");
const NO_COOKIE_BANNER: &str = include_str!("../../content/no-cookie-banner.md");
const VISIT: &str = include_str!("../../content/what-a-visit-is.md");

/// Returns a text without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns how many hours after its end a day is closed, by events and by the clock.
fn hours_until_closed() -> [u64; 2] {
    let (zone, day) = (SiteTimeZone::utc(), Day::from_number(20_000));
    let (start, end) = (zone.day_start(day), zone.day_start(day.next()));
    let closes: [fn(&mut ReportSite, Timestamp); 2] = [ReportSite::close_by_event, ReportSite::close_by_clock];
    closes.map(|close| {
        let is_closed = |hours: &u64| {
            let mut site = ReportSite::stored(zone.clone(), Some(start), 0);
            close(&mut site, end.plus(Duration::from_secs(hours * 3600)));
            site.is_late(start)
        };
        (0..1_000).find(is_closed).expect("a day is closed")
    })
}

#[test]
fn the_texts_about_privacy_state_the_retention() {
    let [by_event, by_clock] = hours_until_closed();
    let closed = format!("{by_event} to {by_clock} hours after its end");
    let sessions = format!("{} days", SessionRetention::default());
    for text in [PRIVACY, NO_COOKIE_BANNER, VISIT].map(words) {
        assert!(text.contains(&closed), "{closed}: {text}");
        assert!(text.contains(&sessions), "{sessions}: {text}");
    }
    let ids = format!("| ids of counted events | {} days |", DEDUPE_WINDOW.as_secs() / 86_400);
    assert!(words(NO_COOKIE_BANNER).contains(&ids), "{ids}");
    let gap = format!("again after {} minutes without one", VISIT_GAP.as_secs() / 60);
    assert!(words(VISIT).contains(&gap), "{gap}");
    let midnight = "at midnight in the time zone of the site";
    assert!(words(PRIVACY).contains(midnight) && words(VISIT).contains(midnight));
}
