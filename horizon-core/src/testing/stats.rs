//! What every [`StatsStore`](crate::StatsStore) keeps.

use std::time::Duration;

use futures::future::join_all;

use super::model::{Dice, Model};
use super::pipe::give_up_after;
use super::script::{Script, page};
use super::store::{apply, expect_likes, expect_visits, forget, total};
use super::{StoreHarness, Violation, same, suite};
use crate::{DEDUPE_WINDOW, Event, ReaderId, Stats, StatsStoreExt, Topic, Update, VISIT_GAP, VISITOR_MEMORY};

suite! { $
    /// Proves a [`StatsStore`](crate::StatsStore): `make` is an async function that answers a fresh
    /// [`StoreHarness`](crate::testing::StoreRig).
    #[doc = include_str!("stores.md")]
    stats_suite, stats:
    an_event_counts_once_within_a_batch
    an_event_counts_once_across_batches
    an_event_counts_once_when_many_bring_it_at_the_same_time
    a_repeat_is_answered_with_the_totals
    every_topic_that_is_named_is_answered_once
    a_batch_is_counted_whole_or_not_at_all
    get_answers_in_the_order_asked
    where_nothing_was_counted_is_nothing
    likes_are_a_set
    likes_says_who_likes_it_now
    of_likes_and_unlikes_the_latest_holds_whichever_comes_last
    an_unlike_past_the_window_is_erased
    visits_without_a_visitor_count_each
    a_visit_counts_again_only_after_the_gap
    being_seen_again_extends_the_visit
    a_late_event_is_no_visit_of_its_own
    topics_do_not_touch_each_other
    the_revision_grows_with_every_change_and_only_then
    forgetting_changes_no_total_and_no_like
    an_id_is_remembered_for_the_whole_window
    an_id_past_the_window_is_erased
    a_visitor_is_remembered_for_a_day
    a_visitor_not_seen_for_a_day_is_erased
    random_events_equal_a_naive_model
}

const MILLI: Duration = Duration::from_millis(1);

/// A batch that brings an id twice counts it once.
pub async fn an_event_counts_once_within_a_batch(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = Script::new().hit(&Topic::Site);
    apply(rig, &[hit.clone(), hit]).await?;
    expect_visits("twice in one batch", rig, 1).await
}

/// A batch that brings a known id counts the rest.
pub async fn an_event_counts_once_across_batches(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let (first, second) = (script.hit(&Topic::Site), script.hit(&Topic::Site));
    apply(rig, std::slice::from_ref(&first)).await?;
    apply(rig, &[first, second]).await?;
    expect_visits("one of two was known", rig, 2).await
}

/// Callers at the same time, each with the event that all have and one of its own.
pub async fn an_event_counts_once_when_many_bring_it_at_the_same_time(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut script = Script::new();
    let shared = script.hit(&Topic::Site);
    let batches: Vec<_> = (0..16).map(|_| [shared.clone(), script.hit(&Topic::Site)]).collect();
    let store = rig.open().await?;
    for answer in join_all(batches.iter().map(|batch| store.apply(batch))).await {
        answer?;
    }
    drop(store);
    expect_visits("sixteen and a shared one", rig, 17).await
}

/// Whoever missed the first answer gets it again.
pub async fn a_repeat_is_answered_with_the_totals(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = Script::new().hit(&Topic::Site);
    let first = apply(rig, std::slice::from_ref(&hit)).await?;
    let again = apply(rig, &[hit]).await?;
    same("the first answer", &first.first().map(|u| u.stats.visits), &Some(1))?;
    same("the answer to the repeat", &again, &first)
}

/// One answer a topic, also where an event changes nothing.
pub async fn every_topic_that_is_named_is_answered_once(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let (one, two) = (page("one")?, page("two")?);
    let events = [
        script.hit(&one),
        script.unlike(&two, 1),
        script.hit(&one),
        script.hit(&Topic::Site),
    ];
    let mut named: Vec<_> = apply(rig, &events).await?.into_iter().map(|u| u.topic).collect();
    named.sort();
    same("the topics answered", &named, &vec![Topic::Site, one, two])
}

/// A caller that goes away leaves the whole batch or nothing of it, and can repeat it.
pub async fn a_batch_is_counted_whole_or_not_at_all(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let topics = [Topic::Site, page("one")?, page("two")?];
    for (polls, counted) in (0..6).zip(1..) {
        let batch: Vec<_> = topics.iter().map(|topic| script.hit(topic)).collect();
        let store = rig.open().await?;
        give_up_after(polls, store.apply(&batch)).await;
        let visits: Vec<_> = store.get(&topics).await?.iter().map(|u| u.stats.visits).collect();
        drop(store);
        if visits.windows(2).any(|pair| pair.first() != pair.last()) {
            return Err(Violation::new(format!("a batch was counted in part: {visits:?}")));
        }
        apply(rig, &batch).await?;
        for topic in &topics {
            same("after the repeat", &total(rig, topic).await?.visits, &counted)?;
        }
    }
    Ok(())
}

/// `get` answers each topic at its place, also one that is asked for twice.
pub async fn get_answers_in_the_order_asked(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let (one, two) = (page("one")?, page("two")?);
    apply(rig, &[script.hit(&one), script.hit(&two), script.hit(&two)]).await?;
    let asked = [two.clone(), page("nothing")?, one.clone(), two];
    let answers = rig.open().await?.get(&asked).await?;
    let answered: Vec<_> = answers.iter().map(|u| u.topic.clone()).collect();
    same("the topics", &answered, &asked.to_vec())?;
    let visits: Vec<_> = answers.iter().map(|u| u.stats.visits).collect();
    same("their visits", &visits, &vec![2, 0, 1, 2])
}

/// A topic that never saw an event, or only one that changed nothing, is empty.
pub async fn where_nothing_was_counted_is_nothing(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let empty = vec![Update::empty(Topic::Site)];
    same("never named", &rig.open().await?.get(&[Topic::Site]).await?, &empty)?;
    let unlike = Script::new().unlike(&Topic::Site, 1);
    same("nothing changed", &apply(rig, &[unlike]).await?, &empty)
}

/// Liking twice is liking once; what is not there cannot be taken back.
pub async fn likes_are_a_set(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    for (what, event, want) in [
        ("nothing to take back", script.unlike(&site, 1), 0),
        ("liked", script.like(&site, 1), 1),
        ("liked twice", script.like(&site, 1), 1),
        ("liked by another", script.like(&site, 2), 2),
        ("taken back", script.unlike(&site, 1), 1),
        ("taken back twice", script.unlike(&site, 1), 1),
        ("liked again", script.like(&site, 1), 2),
    ] {
        apply(rig, &[event]).await?;
        expect_likes(what, rig, want).await?;
    }
    apply(
        rig,
        &[script.unlike(&site, 2), script.like(&site, 2), script.like(&site, 3)],
    )
    .await?;
    expect_likes("several in one batch", rig, 3).await
}

/// `likes` knows each reader's own.
pub async fn likes_says_who_likes_it_now(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    apply(
        rig,
        &[script.like(&site, 1), script.like(&site, 2), script.unlike(&site, 2)],
    )
    .await?;
    for (reader, topic, want) in [
        (1, &site, true),
        (2, &site, false),
        (3, &site, false),
        (1, &page("one")?, false),
    ] {
        let likes = rig
            .open()
            .await?
            .is_liked_by(topic, ReaderId::from_u128(reader))
            .await?;
        same(&format!("reader {reader} on {topic}"), &likes, &want)?;
    }
    Ok(())
}

/// What a reader said first changes nothing when it comes last, also within a batch, and also after a forgetting.
pub async fn of_likes_and_unlikes_the_latest_holds_whichever_comes_last(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    let (early_like, early_unlike) = (script.like(&site, 1), script.unlike(&site, 2));
    script.wait(MILLI);
    let (unlike, like) = (script.unlike(&site, 1), script.like(&site, 2));
    apply(rig, &[unlike.clone(), like]).await?;
    forget(rig, unlike.at.plus(DEDUPE_WINDOW)).await?;
    apply(rig, &[early_like, early_unlike]).await?;
    expect_likes("one took it back, one likes it", rig, 1).await?;
    for (reader, want) in [(1, false), (2, true)] {
        let likes = rig
            .open()
            .await?
            .is_liked_by(&site, ReaderId::from_u128(reader))
            .await?;
        same(&format!("reader {reader}"), &likes, &want)?;
    }
    let (first, second) = (script.like(&site, 3), script.unlike(&site, 3));
    apply(rig, &[second, first]).await?;
    expect_likes("two words in one millisecond", rig, 1).await
}

/// Behind the window the word is gone, which shows in that an earlier one counts.
pub async fn an_unlike_past_the_window_is_erased(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    let early = script.like(&site, 1);
    script.wait(MILLI);
    let unlike = script.unlike(&site, 1);
    apply(rig, std::slice::from_ref(&unlike)).await?;
    forget(rig, unlike.at.plus(DEDUPE_WINDOW + MILLI)).await?;
    apply(rig, &[early]).await?;
    expect_likes("the unlike is gone", rig, 1).await
}

/// Nobody can tell them apart, so all count.
pub async fn visits_without_a_visitor_count_each(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    apply(rig, &[script.hit(&Topic::Site), script.hit(&Topic::Site)]).await?;
    expect_visits("two without a visitor", rig, 2).await
}

/// Thirty minutes away is the same visit, a millisecond more is another.
pub async fn a_visit_counts_again_only_after_the_gap(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    for (what, wait, want) in [
        ("the first", Duration::ZERO, 1),
        ("a reload", MILLI, 1),
        ("just within the gap", VISIT_GAP, 1),
        ("just past the gap", VISIT_GAP + MILLI, 2),
    ] {
        script.wait(wait);
        let visit = script.visit(&Topic::Site, 1);
        apply(rig, &[visit]).await?;
        expect_visits(what, rig, want).await?;
    }
    let other = script.visit(&Topic::Site, 2);
    apply(rig, &[other]).await?;
    expect_visits("another visitor", rig, 3).await
}

/// The gap runs from when the visitor was last seen, not from when the visit began.
pub async fn being_seen_again_extends_the_visit(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    for _ in 0..5 {
        let seen = script.visit(&Topic::Site, 1);
        apply(rig, &[seen]).await?;
        script.wait(VISIT_GAP * 2 / 3);
    }
    expect_visits("seen every twenty minutes", rig, 1).await
}

/// Out of order, the gap counts backwards too, and the later sighting is the one remembered.
pub async fn a_late_event_is_no_visit_of_its_own(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let (much_earlier, _) = (script.visit(&Topic::Site, 1), script.wait(VISIT_GAP));
    let (earlier, _) = (script.visit(&Topic::Site, 1), script.wait(VISIT_GAP));
    let (now, _) = (script.visit(&Topic::Site, 1), script.wait(VISIT_GAP));
    let later = script.visit(&Topic::Site, 1);
    for (what, event, want) in [
        ("the first to come", now, 1),
        ("one from before, within the gap", earlier, 1),
        ("one from long before", much_earlier, 2),
        ("one that follows the latest", later, 2),
    ] {
        apply(rig, &[event]).await?;
        expect_visits(what, rig, want).await?;
    }
    Ok(())
}

/// The same visitor and reader on other pages, also where only the case differs.
pub async fn topics_do_not_touch_each_other(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    let topics = [Topic::Site, page("site")?, page("Site")?, page("other")?];
    for (topic, hits) in topics.iter().zip(0..) {
        let mut events = vec![script.visit(topic, 1), script.like(topic, 1)];
        events.extend((0..hits).map(|_| script.hit(topic)));
        apply(rig, &events).await?;
    }
    apply(rig, &[script.unlike(&topics[3], 1)]).await?;
    for (topic, (visits, likes)) in topics.iter().zip([(1, 1), (2, 1), (3, 1), (4, 0)]) {
        let want = Stats::new(visits, likes, 0);
        same(&topic.to_string(), &total(rig, topic).await?, &want)?;
    }
    Ok(())
}

/// Of two totals the newer has the higher revision; what changed nothing is not newer.
pub async fn the_revision_grows_with_every_change_and_only_then(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    let mut last = Update::empty(site.clone());
    for (event, changes) in [
        (script.hit(&site), true),
        (script.like(&site, 1), true),
        (script.like(&site, 1), false),
        (script.unlike(&site, 1), true),
        (script.hit(&page("other")?), false),
    ] {
        apply(rig, std::slice::from_ref(&event)).await?;
        let now = rig.open().await?.total(&site).await?;
        let what = format!(
            "whether revision and totals change with {:?}\nbefore {last:?}\n after {now:?}",
            event.kind
        );
        let changed = (now.revision > last.revision, now.stats != last.stats);
        same(&what, &changed, &(changes, changes))?;
        last = now;
    }
    Ok(())
}

/// Facts go, totals stay; a like is kept as long as it is liked.
pub async fn forgetting_changes_no_total_and_no_like(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut script, site) = (Script::new(), Topic::Site);
    apply(rig, &[script.hit(&site), script.visit(&site, 1), script.like(&site, 1)]).await?;
    let before = rig.open().await?.total(&site).await?;
    forget(rig, script.now().plus(DEDUPE_WINDOW * 12)).await?;
    same("the totals", &rig.open().await?.total(&site).await?, &before)?;
    let again = script.like(&site, 1);
    apply(rig, &[again]).await?;
    expect_likes("the same reader's like", rig, 1).await
}

/// Up to the last moment of the window a repeat is recognised.
pub async fn an_id_is_remembered_for_the_whole_window(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = Script::new().hit(&Topic::Site);
    apply(rig, std::slice::from_ref(&hit)).await?;
    forget(rig, hit.at.plus(DEDUPE_WINDOW)).await?;
    apply(rig, &[hit]).await?;
    expect_visits("a repeat at the end of the window", rig, 1).await
}

/// Behind the window the id is gone, which shows in that nobody recognises the repeat any more.
pub async fn an_id_past_the_window_is_erased(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = Script::new().hit(&Topic::Site);
    apply(rig, std::slice::from_ref(&hit)).await?;
    forget(rig, hit.at.plus(DEDUPE_WINDOW + MILLI)).await?;
    apply(rig, &[hit]).await?;
    expect_visits("the id is gone", rig, 2).await
}

/// Up to the last moment of 24 hours the visitor is known.
pub async fn a_visitor_is_remembered_for_a_day(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    seen_and_forgotten(rig, VISITOR_MEMORY, 1).await
}

/// After 24 hours unseen the visitor is gone, which shows in that a late event is a visit again.
pub async fn a_visitor_not_seen_for_a_day_is_erased(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    seen_and_forgotten(rig, VISITOR_MEMORY + MILLI, 2).await
}

async fn seen_and_forgotten(rig: &mut dyn StoreHarness, after: Duration, want: u64) -> Result<(), Violation> {
    let mut script = Script::new();
    let (early, seen, late) = (
        script.now(),
        script.visit(&Topic::Site, 1),
        script.visit(&Topic::Site, 1),
    );
    apply(rig, &[seen]).await?;
    forget(rig, early.plus(after)).await?;
    apply(rig, &[late]).await?;
    expect_visits(&format!("forgotten after {after:?}"), rig, want).await
}

/// Random events in random batches, with repeats, add up to what a plain replay says.
pub async fn random_events_equal_a_naive_model(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut script = Script::new();
    for seed in 1..=8 {
        let (mut dice, mut model) = (Dice::new(seed), Model::default());
        let topics = [page(&format!("a{seed}"))?, page(&format!("b{seed}"))?];
        let mut past: Vec<Event> = Vec::new();
        for _ in 0..12 {
            let mut batch = Vec::new();
            for _ in 0..=dice.below(8) {
                let event = dice.event(&mut script, &topics, &past);
                past.push(event.clone());
                batch.push(event);
            }
            model.apply(&batch);
            apply(rig, &batch).await?;
            for topic in &topics {
                let what = format!("seed {seed}, {topic}, after {} events", past.len());
                same(&what, &total(rig, topic).await?, &model.total(topic))?;
            }
        }
    }
    Ok(())
}
