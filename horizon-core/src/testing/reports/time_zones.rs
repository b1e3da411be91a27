use crate::reports::{Dimension, Metric, SiteTimeZone};
use crate::testing::{StoreHarness, Violation, expect_eq};
use crate::{Error, Timestamp, Topic};

use super::ReportAnswer;
use super::comparison::{ReportComparison, reports, time_zone};
use super::visit_factory::VisitFactory;

/// A day has the hours of the time zone: 23 when the clocks go forward, 25 when they go back. An hour is named by the
/// instant at which it starts.
pub async fn hours_and_days_follow_the_clocks(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::new(harness, "Europe/Berlin")?);
    // 2026-10-24T22:00:00Z, the start of a day with 25 hours, and 2027-03-27T23:00:00Z, that of one with 23.
    let days = [
        (1_792_879_200_000, 25, "2026-10-25"),
        (1_806_188_400_000, 23, "2027-03-28"),
    ];
    let zone = time_zone("Europe/Berlin")?;
    for (start, hours, name) in days {
        let mut events = Vec::new();
        for hour in -1..=hours {
            let mut event = factory.open(&Topic::Site, 1, 0);
            event.at = Timestamp::from_millis(start + hour * 3_600_000);
            events.push(event);
        }
        comparison.apply(&events).await?;
        let mut by_day = factory.query((0, 0), [Metric::Visits, Metric::Pageviews], [Dimension::Day]);
        let day = zone.day_of(Timestamp::from_millis(start));
        (by_day.range.first, by_day.range.last) = (day, day);
        comparison
            .expect_rows("the day", &by_day, &[(name, &[hours, hours])])
            .await?;
        let by_hour = by_day.dimensions([Dimension::Hour]);
        let answer = comparison.expect_answer(&by_hour).await?;
        if let ReportAnswer::Table(table) = answer {
            expect_eq(
                "the hours of the day",
                &i64::try_from(table.total_rows).unwrap_or_default(),
                &hours,
            )?;
        }
    }
    comparison.expect_totals().await
}

/// The first event stores the time zone. Then every process reads it, and another zone is refused permanently.
pub async fn the_time_zone_is_stored_with_the_first_event(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (kolkata, berlin) = (time_zone("Asia/Kolkata")?, time_zone("Europe/Berlin")?);
    reports(&*harness.open().await?)?.set_time_zone(&kolkata).await?;
    let other = harness.open_another().await?;
    if let Some(other) = &other {
        reports(&**other)?.set_time_zone(&kolkata).await?;
    }
    let mut factory = VisitFactory::new();
    let mut comparison = ReportComparison::new(harness, "Europe/Berlin")?;
    // 23:30 UTC is the next day in Berlin, and so is 18:45 in Kolkata.
    let open = factory.open(&Topic::Site, 1, 15 * 60 + 30);
    comparison.apply(&[open]).await?;
    // A process that started with another zone before the first event fails, or follows the stored one.
    let earlier = factory.open(&Topic::Site, 2, 10 * 60 + 45);
    if let Some(other) = other
        && other
            .apply(std::slice::from_ref(&earlier))
            .await
            .is_err_and(|error| error.is_retryable())
    {
        return Err(Violation::new("a process with another zone is told to try again"));
    }
    comparison.apply(&[earlier]).await?;
    let harness = comparison.harness();
    expect_eq("the stored zone", &stored_zone(harness).await?, &berlin)?;
    let outcome = reports(&*harness.open().await?)?.set_time_zone(&kolkata).await;
    expect_eq(
        "whether a retry may set another zone",
        &outcome.map_err(|e| e.is_retryable()),
        &Err(false),
    )?;
    expect_eq(
        "the zone after another one was refused",
        &stored_zone(harness).await?,
        &berlin,
    )?;
    let by_day = factory.query((0, 1), [Metric::Visits], [Dimension::Day]);
    comparison
        .expect_rows("the day", &by_day, &[("2027-01-15", &[1]), ("2027-01-16", &[1])])
        .await
}

/// Without a time zone, the first event stores UTC.
pub async fn a_store_without_a_time_zone_uses_utc(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let open = VisitFactory::new().open(&Topic::Site, 1, 0);
    expect_eq("the zone before", &stored_zone(harness).await?, &SiteTimeZone::utc())?;
    harness.open().await?.apply(&[open]).await?;
    expect_eq("the zone after", &stored_zone(harness).await?, &SiteTimeZone::utc())?;
    let berlin = time_zone("Europe/Berlin")?;
    let outcome = reports(&*harness.open().await?)?.set_time_zone(&berlin).await;
    let refused = outcome.map_err(|error: Error| error.is_retryable());
    expect_eq("whether a retry may set another zone", &refused, &Err(false))
}

/// [`expire`](crate::StatsStore::expire) keeps the salts of the site's today and yesterday, and erases older ones.
pub async fn expire_erases_salts_by_the_day_of_the_site(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    // 11 hours behind UTC, where it is still yesterday.
    let mut comparison = ReportComparison::new(harness, "Pacific/Pago_Pago")?;
    let now = VisitFactory::new().minute(0);
    let yesterday = time_zone("Pacific/Pago_Pago")?.day_of(now).previous();
    expect_eq("yesterday in UTC", &now.day().previous(), &yesterday.next())?;
    let store = comparison.open().await?;
    store.salt(yesterday.previous(), [1; 32]).await?;
    store.salt(yesterday, [2; 32]).await?;
    drop(store);
    comparison.open().await?.expire(now).await?;
    let store = comparison.open().await?;
    expect_eq("yesterday's salt", &store.salt(yesterday, [8; 32]).await?, &[2; 32])?;
    let older = store.salt(yesterday.previous(), [9; 32]).await?;
    expect_eq("the salt of the day before", &older, &[9; 32])
}

async fn stored_zone(harness: &mut dyn StoreHarness) -> Result<SiteTimeZone, Violation> {
    Ok(reports(&*harness.open().await?)?.status().await?.time_zone)
}
