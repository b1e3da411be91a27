use super::*;

fn number_of(year: i16, month: i8, day: i8) -> Day {
    crate::reports::time_zone::number_of(jiff::civil::date(year, month, day))
}

/// Returns the times of the answer if the site has one visit in each of the hours after an instant.
fn times(zone: &str, first: Day, days: i64, time: Dimension) -> Vec<String> {
    let zone = SiteTimeZone::new(zone).unwrap();
    let last = Day::from_number(first.number() + days - 1);
    let mut reader = MemoryReportReader::default();
    let mut at = zone.day_start(first.previous());
    while at < zone.day_start(last.next().next()) {
        let local = zone.local_time(at);
        let visit = counts(|counts| counts.visits = 1);
        reader.hours.entry((Topic::Site, local.hour)).or_default().counts += visit;
        reader.days.entry((Topic::Site, local.day)).or_default().counts += visit;
        at = Timestamp::from_millis(at.as_millis() + HOUR_MILLIS);
    }
    let query = Query::new(DayRange::new(first, last));
    let query = query.metrics([Metric::Visits]).dimensions([time]);
    texts(&answer(&reader, &query, &zone, &Capabilities::ALL, None).unwrap())
}

#[test]
fn a_day_on_which_the_clocks_change_has_23_or_25_hours() {
    let spring = times("Europe/Berlin", number_of(2025, 3, 30), 1, Dimension::Hour);
    assert_eq!(spring.len(), 23);
    assert_eq!(spring[0], "2025-03-29T23:00:00Z 1");
    assert_eq!(spring[22], "2025-03-30T21:00:00Z 1");
    let autumn = times("Europe/Berlin", number_of(2025, 10, 26), 1, Dimension::Hour);
    assert_eq!(autumn.len(), 25);
    assert_eq!(
        times("Europe/Berlin", number_of(2025, 10, 26), 1, Dimension::Day),
        ["2025-10-26 25"]
    );
    let half = times("Asia/Kolkata", number_of(2025, 1, 1), 1, Dimension::Hour);
    assert_eq!(half[0], "2024-12-31T18:30:00Z 1");
}

#[test]
fn weeks_start_on_monday_and_months_on_their_first_day() {
    let weeks = times("UTC", number_of(2025, 12, 28), 9, Dimension::Week);
    assert_eq!(weeks, ["2025-12-22 24", "2025-12-29 168", "2026-01-05 24"]);
    let months = times("UTC", number_of(2025, 12, 31), 3, Dimension::Month);
    assert_eq!(months, ["2025-12 24", "2026-01 48"]);
    let before_1970 = times("UTC", number_of(1969, 12, 31), 1, Dimension::Week);
    assert_eq!(before_1970, ["1969-12-29 24"]);
}

#[test]
fn sessions_are_in_the_hour_in_which_they_start() {
    let zone = SiteTimeZone::new("Europe/Berlin").unwrap();
    let day = number_of(2025, 10, 26);
    let mut reader = MemoryReportReader::default();
    // 02:30 twice, and the last hour of the day.
    for (number, minutes) in [(0, 150), (1, 210), (2, 25 * 60 - 1)] {
        add_session(&mut reader, (0, 0), Some(number), &[], &[]);
        let (_, mut row) = reader.sessions.pop_last().unwrap();
        row.id = SessionId { day, number };
        row.start = Timestamp::from_millis(zone.day_start(day).as_millis() + minutes * 60_000);
        row.last = row.start;
        reader.sessions.insert(row.id, row);
    }
    let query = Query::new(DayRange::new(day, day)).metrics([Metric::Visits]);
    let query = query.dimensions([Dimension::Hour]).filter(is(Dimension::Browser, ""));
    let table = answer(&reader, &query, &zone, &Capabilities::ALL, None).unwrap();
    assert_eq!(
        texts(&table),
        [
            "2025-10-26T00:00:00Z 1",
            "2025-10-26T01:00:00Z 1",
            "2025-10-26T22:00:00Z 1"
        ]
    );
}

#[test]
fn the_ends_of_time_are_no_panic() {
    let mut reader = MemoryReportReader::default();
    let (first, last) = (Day::from_number(i64::MIN), Day::from_number(i64::MAX));
    for day in [first, last] {
        reader.days.entry((Topic::Site, day)).or_default().counts.visits = i64::MAX;
        let hour = SiteTimeZone::utc().day_start(day);
        reader.hours.entry((Topic::Site, hour)).or_default().counts.visits = 1;
    }
    for time in [Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Month] {
        let query = Query::new(DayRange::new(first, last))
            .metrics([Metric::Visits])
            .dimensions([time]);
        assert!(!rows(&reader, &query).is_empty(), "{time}");
    }
}
