//! Visits and the salt of the day.

use std::time::Duration;

use eventhorizon::{Builder, Caller, Horizon, LiveOptions, SiteTimeZone, Slug};
use horizon_core::{Day, Event, EventKind, Timestamp, VisitCause};
use horizon_memory::testing::{Call, Clock, Fake};
use tokio::time::{Instant, sleep};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// Longer than the interval of the maintenance.
const MAINTENANCE: Duration = Duration::from_secs(30);

const MINUTE: Duration = Duration::from_secs(60);

/// The site's clock stays at this hour until the test advances it. Tokio's clock advances by itself.
fn stage(hours: u64) -> (Fake, Clock, Builder) {
    let midnight = Timestamp::from_millis(20_000 * 24 * 3_600 * 1_000);
    let clock = Clock::at(midnight.plus(Duration::from_secs(hours * 3_600)));
    let (fake, now) = (Fake::new(clock.clone()), clock.clone());
    let builder = Horizon::from_ports(fake.ports()).clock(move || now.now());
    (fake, clock, builder)
}

fn any(_: &Slug) -> bool {
    true
}

fn reader(horizon: &Horizon, number: u8) -> Caller {
    horizon.caller([192, 0, 2, number].into(), [("user-agent", FIREFOX)])
}

async fn come_and_go(horizon: &Horizon, number: u8) {
    let bread = horizon.page("bread").await.unwrap();
    let live = horizon.live(&reader(horizon, number), LiveOptions::page(&bread)).await;
    drop(live.unwrap());
}

/// Returns the number of distinct visitors.
fn visitors(fake: &Fake) -> usize {
    let visitor = |event: &Event| match &event.kind {
        EventKind::Visit(visit) => visit.visitor,
        other => panic!("{other:?}"),
    };
    let mut keys: Vec<_> = fake.tracked().iter().map(visitor).collect();
    keys.sort();
    keys.dedup();
    keys.len()
}

#[tokio::test(start_paused = true)]
async fn todays_salt_is_read_before_the_first_visitor() {
    let (fake, _, builder) = stage(12);
    let horizon = builder.start(any).await.unwrap();
    assert_eq!(fake.attempts(Call::Salt), 1);
    come_and_go(&horizon, 1).await;
    assert_eq!(fake.attempts(Call::Salt), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_store_delays_the_start_by_a_second_and_is_retried() {
    let (fake, _, builder) = stage(12);
    fake.delay(Call::Salt, MINUTE);
    let start = Instant::now();
    let horizon = builder.start(any).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    fake.delay(Call::Salt, Duration::ZERO);
    sleep(MAINTENANCE).await;
    let attempts = fake.attempts(Call::Salt);
    come_and_go(&horizon, 1).await;
    assert_eq!(fake.attempts(Call::Salt), attempts, "it was read meanwhile");
}

#[tokio::test(start_paused = true)]
async fn tomorrows_salt_is_read_in_the_last_hour_and_the_same_for_all_processes() {
    let (fake, clock, builder) = stage(22);
    let horizon = builder.start(any).await.unwrap();
    sleep(MAINTENANCE).await;
    assert_eq!(fake.attempts(Call::Salt), 1, "it is too early");
    clock.advance(MINUTE * 61);
    sleep(MAINTENANCE).await;
    assert_eq!(fake.attempts(Call::Salt), 2);
    clock.advance(MINUTE * 60);
    come_and_go(&horizon, 1).await;
    assert_eq!(fake.attempts(Call::Salt), 2, "no visit waits at midnight");
    let (today, fresh) = (Day::from_number(20_001), [9; 32]);
    assert_ne!(fake.salts().salt(today, fresh).await.unwrap(), fresh);
    let yesterday = today.previous();
    assert_ne!(
        fake.salts().salt(yesterday, fresh).await.unwrap(),
        fresh,
        "it is erased too early"
    );
}

/// Berlin's day 20,001 starts at 22:00 UTC, which is two hours before it starts in UTC.
#[tokio::test(start_paused = true)]
async fn visitor_keys_change_at_the_midnight_of_the_site() {
    let (fake, clock, builder) = stage(20);
    let builder = builder.time_zone(SiteTimeZone::new("Europe/Berlin").unwrap());
    let horizon = builder.start(any).await.unwrap();
    let ada = reader(&horizon, 1);
    let key = async || horizon.visitor(&ada).await.unwrap().unwrap();
    assert_eq!(horizon.today(), Day::from_number(20_000));
    let first = key().await;
    clock.advance(MINUTE * 119);
    assert_eq!(key().await, first);
    sleep(MAINTENANCE).await;
    assert_eq!(fake.attempts(Call::Salt), 2, "no visit waits at midnight");
    clock.advance(MINUTE);
    let second = key().await;
    assert_ne!(second, first);
    assert_eq!(horizon.today(), Day::from_number(20_001));
    clock.advance(MINUTE * 120);
    assert_eq!(key().await, second, "midnight of UTC changes nothing");
    assert_eq!(fake.attempts(Call::Salt), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_one_key_over_midnight() {
    let (fake, clock, builder) = stage(20);
    let builder = builder.time_zone(SiteTimeZone::new("Europe/Berlin").unwrap());
    let horizon = builder.start(any).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let live = horizon.live(&reader(&horizon, 1), LiveOptions::page(&bread)).await;
    sleep(MINUTE).await;
    clock.advance(MINUTE * 180);
    drop(live.unwrap());
    horizon.close().await.unwrap();
    assert_eq!((visitors(&fake), fake.tracked().len()), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn another_time_zone_is_refused_at_the_start_or_once_the_store_responds() {
    let (fake, _, builder) = stage(12);
    let berlin = || SiteTimeZone::new("Europe/Berlin").unwrap();
    let first = builder.time_zone(berlin()).start(any).await.unwrap();
    come_and_go(&first, 1).await;
    first.close().await.unwrap();

    let error = Horizon::from_ports(fake.ports())
        .start(any)
        .await
        .unwrap_err()
        .to_string();
    for part in ["is UTC", "Europe/Berlin", "HORIZON_TIMEZONE", "Builder::time_zone"] {
        assert!(error.contains(part), "{error}");
    }
    fake.disconnect();
    let late = Horizon::from_ports(fake.ports()).start(any).await.unwrap();
    fake.reconnect();
    let (salts, visits) = (fake.attempts(Call::Salt), fake.tracked().len());
    sleep(MAINTENANCE).await;
    let problems = late.ready().await.unwrap_err();
    assert!(
        problems.to_string().starts_with("time-zone: the time zone is UTC, but"),
        "{problems}"
    );
    come_and_go(&late, 2).await;
    sleep(MAINTENANCE).await;
    assert_eq!(
        (fake.attempts(Call::Salt), fake.tracked().len()),
        (salts, visits),
        "nothing is counted"
    );
}

#[tokio::test(start_paused = true)]
async fn visitors_who_leave_before_the_salt_is_read_are_counted_afterwards() {
    let (fake, clock, builder) = stage(12);
    fake.delay(Call::Salt, MINUTE);
    let horizon = builder.start(any).await.unwrap();
    for number in 1..=100 {
        come_and_go(&horizon, number).await;
    }
    let bread = horizon.page("bread").await.unwrap();
    horizon.visit(&bread, &reader(&horizon, 101));
    sleep(MAINTENANCE).await;
    assert_eq!(fake.tracked(), []);
    clock.advance(MINUTE);
    horizon.close().await.unwrap();
    assert_eq!(visitors(&fake), 101);
    assert_eq!(horizon.stats(&[bread.into()]).await.unwrap()[0].visits, 101);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_before_the_salt_is_read_has_a_reading_time() {
    let (fake, clock, builder) = stage(12);
    fake.delay(Call::Salt, MINUTE);
    let horizon = builder.start(any).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let live = horizon.live(&reader(&horizon, 1), LiveOptions::page(&bread)).await;
    sleep(Duration::from_millis(7_900)).await;
    drop(live.unwrap());
    sleep(MAINTENANCE).await;
    clock.advance(MINUTE);
    horizon.close().await.unwrap();
    let visit = |event: &Event| match &event.kind {
        EventKind::Visit(visit) => (visit.cause(), visit.seconds),
        other => panic!("{other:?}"),
    };
    let visits: Vec<_> = fake.tracked().iter().map(visit).collect();
    let (open, end) = ((VisitCause::Open, None), (VisitCause::End, Some(7)));
    assert_eq!(visits, [open, open, end, end]);
}

#[tokio::test(start_paused = true)]
async fn a_visit_survives_minutes_without_the_store() {
    let (fake, _, builder) = stage(12);
    fake.disconnect();
    let horizon = builder.start(any).await.unwrap();
    come_and_go(&horizon, 1).await;
    sleep(MINUTE * 3).await;
    fake.reconnect();
    sleep(MAINTENANCE).await;
    assert_eq!(visitors(&fake), 1);
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_the_salt() {
    let (fake, _, builder) = stage(12);
    fake.delay(Call::Salt, MINUTE);
    let horizon = builder.start(any).await.unwrap();
    for number in 1..=100 {
        come_and_go(&horizon, number).await;
    }
    let start = Instant::now();
    horizon.close().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let failed = "horizon_events_failed_total{kind=\"visit\"} 100";
    assert!(horizon.metrics().contains(failed), "{}", horizon.metrics());
}
