//! Texts for the server and the browser.

/// Returns the class of an item with a number of viewers. Without viewers, its dot is a circle.
pub(crate) fn now_class(viewers: Option<u64>) -> &'static str {
    if viewers.unwrap_or(0) == 0 {
        "now no-viewers"
    } else {
        "now"
    }
}

/// Formats milliseconds since the Unix epoch as `2026-05-04T13:05Z`.
#[cfg(feature = "ssr")]
pub(crate) fn html_datetime(millis: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(millis);
    time.map(|time| time.format("%Y-%m-%dT%H:%MZ").to_string())
        .unwrap_or_default()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_html_is_in_utc() {
        assert_eq!(html_datetime(1_777_899_900_000), "2026-05-04T13:05Z");
        assert_eq!(html_datetime(-1), "1969-12-31T23:59Z");
        assert_eq!(html_datetime(i64::MAX), "");
    }
}
