//! The checks of a [`StatsStore`](crate::StatsStore) without reports: it keeps when each visitor was last seen.

pub use super::retention::expire_erases_visitors_after_a_day;

use super::event_factory::{EventFactory, page_topic};
use super::reference_model::{Model, RandomEvents};
use super::store::{apply, expect_visits, total};
use super::{StoreHarness, Violation, expect_eq, suite};
use crate::{Event, Topic, VISIT_GAP};

suite! { $
    /// Generates the tests of how a store without reports tells visits apart; see
    /// [`store_suite!`](crate::store_suite). `make` is an async function that returns a new
    /// [`StoreHarness`](crate::testing::StoreHarness).
    last_seen_suite, last_seen:
    a_late_event_is_not_a_new_visit
    expire_erases_visitors_after_a_day
    random_events_match_a_reference_model
}

/// The gap counts in both directions, and an older event does not move the last time seen back.
pub async fn a_late_event_is_not_a_new_visit(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (much_earlier, _) = (factory.visit(&Topic::Site, 1), factory.advance(VISIT_GAP));
    let (earlier, _) = (factory.visit(&Topic::Site, 1), factory.advance(VISIT_GAP));
    let (now, _) = (factory.visit(&Topic::Site, 1), factory.advance(VISIT_GAP));
    let later = factory.visit(&Topic::Site, 1);
    for (what, event, want) in [
        ("the first to come", now, 1),
        ("one from before, within the gap", earlier, 1),
        ("one from long before", much_earlier, 2),
        ("one that follows the latest", later, 2),
    ] {
        apply(harness, &[event]).await?;
        expect_visits(what, harness, want).await?;
    }
    Ok(())
}

/// Random events in random batches, with repeats, have the totals of a simple model.
pub async fn random_events_match_a_reference_model(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    for seed in 1..=8 {
        let (mut random, mut model) = (RandomEvents::new(seed), Model::default());
        let topics = [page_topic(&format!("a{seed}"))?, page_topic(&format!("b{seed}"))?];
        let mut past: Vec<Event> = Vec::new();
        for _ in 0..12 {
            let mut batch = Vec::new();
            for _ in 0..=random.below(8) {
                let event = random.event(&mut factory, &topics, &past);
                past.push(event.clone());
                batch.push(event);
            }
            model.apply(&batch);
            apply(harness, &batch).await?;
            for topic in &topics {
                let what = format!("seed {seed}, {topic}, after {} events", past.len());
                expect_eq(&what, &total(harness, topic).await?, &model.total(topic))?;
            }
        }
    }
    Ok(())
}
