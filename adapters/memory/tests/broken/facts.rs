//! A store that applies batches with [`Facts`]. If it forgets to read one kind of fact, the suite catches it.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use horizon_core::testing::Store;
use horizon_core::{
    BatchKeys, Changes, Comment, DEDUPE_WINDOW, Event, EventId, Facts, ReaderId, Result, Slug, Stamp, Thread,
    ThreadPage, Timestamp, Topic, Update, VISITOR_RETENTION, Visibility, VisitorKey,
};
use horizon_memory::MemoryStore;

use crate::store::{StoreDefect, harness};

/// The kinds of facts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactKind {
    EventIds,
    Visitors,
    Likes,
    Comments,
    Verdicts,
    Totals,
}

/// Reads all facts but those of one kind.
#[derive(Default)]
pub(crate) struct FactsStore {
    forgotten: Option<FactKind>,
    tables: Mutex<FactTables>,
}

#[derive(Default)]
pub(crate) struct FactTables {
    event_ids: HashMap<EventId, Timestamp>,
    visitors: HashMap<(Topic, VisitorKey), Timestamp>,
    likes: HashMap<(Topic, ReaderId), (bool, Stamp)>,
    comments: HashMap<EventId, Comment>,
    verdicts: HashMap<EventId, Stamp>,
    totals: HashMap<Topic, Update>,
}

impl FactTables {
    pub(crate) fn read(&self, keys: &BatchKeys, forgotten: Option<FactKind>) -> Facts {
        let reads = |kind| forgotten != Some(kind);
        let mut facts = Facts::default();
        for id in keys.event_ids.iter().filter(|_| reads(FactKind::EventIds)) {
            self.event_ids.get(id).iter().for_each(|_| facts.insert_event_id(*id));
        }
        for key in keys.visitors.iter().filter(|_| reads(FactKind::Visitors)) {
            let last = self.visitors.get(key);
            last.iter()
                .for_each(|last| facts.insert_visitor(key.0.clone(), key.1, **last));
        }
        for key in keys.likes.iter().filter(|_| reads(FactKind::Likes)) {
            let like = self.likes.get(key);
            like.iter()
                .for_each(|like| facts.insert_like(key.0.clone(), key.1, like.0, like.1));
        }
        for id in keys.comments.iter().filter(|_| reads(FactKind::Comments)) {
            let comment = self.comments.get(id).cloned();
            comment.into_iter().for_each(|comment| facts.insert_comment(comment));
        }
        for id in keys.verdicts.iter().filter(|_| reads(FactKind::Verdicts)) {
            let stamp = self.verdicts.get(id);
            stamp.iter().for_each(|stamp| facts.insert_verdict(*id, **stamp));
        }
        for topic in keys.topics.iter().filter(|_| reads(FactKind::Totals)) {
            facts.insert_totals(self.total(topic));
        }
        facts
    }

    pub(crate) fn write(&mut self, changes: Changes) {
        self.event_ids.extend(changes.event_ids);
        let visitors = changes.visitors.into_iter();
        self.visitors
            .extend(visitors.map(|change| ((change.topic, change.visitor), change.last_seen)));
        let likes = changes.likes.into_iter();
        self.likes
            .extend(likes.map(|change| ((change.topic, change.reader), (change.is_liked, change.stamp))));
        let comments = changes.comments.into_iter();
        self.comments.extend(comments.map(|comment| (comment.id, comment)));
        for change in changes.verdicts {
            self.verdicts.insert(change.comment, change.stamp);
            if let Some(comment) = self.comments.get_mut(&change.comment) {
                comment.visibility = change.visibility;
            }
        }
        let totals = changes.totals.into_iter();
        self.totals.extend(totals.map(|total| (total.topic.clone(), total)));
    }

    pub(crate) fn total(&self, topic: &Topic) -> Update {
        let total = self.totals.get(topic).cloned();
        total.unwrap_or_else(|| Update::empty(topic.clone()))
    }
    pub(crate) fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> bool {
        self.likes.get(&(topic.clone(), reader)).is_some_and(|like| like.0)
    }

    /// Returns the shown comments as threads, without replies.
    pub(crate) fn threads(&self, slug: &Slug) -> ThreadPage {
        let comments = self.comments.values().filter(|comment| comment.slug == *slug);
        let shown = comments.filter(|comment| comment.visibility == Visibility::Shown);
        let threads = shown.cloned().map(|head| Thread {
            head,
            replies: Vec::new(),
            has_more_replies: false,
        });
        ThreadPage {
            threads: threads.collect(),
            has_earlier: false,
        }
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.event_ids.retain(|_, at| *at >= now.minus(DEDUPE_WINDOW));
        self.visitors.retain(|_, seen| *seen >= now.minus(VISITOR_RETENTION));
        self.likes
            .retain(|_, (is_liked, stamp)| *is_liked || stamp.at >= now.minus(DEDUPE_WINDOW));
    }
}

#[async_trait]
impl StoreDefect for FactsStore {
    async fn apply(&self, _: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut tables = self.tables.lock().unwrap();
        let facts = tables.read(&BatchKeys::of(events), self.forgotten);
        let (changes, updates) = facts.apply(events);
        tables.write(changes);
        Ok(updates)
    }

    async fn totals(&self, _: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        let tables = self.tables.lock().unwrap();
        Ok(topics.iter().map(|topic| tables.total(topic)).collect())
    }

    async fn is_liked_by(&self, _: &MemoryStore, topic: &Topic, reader: ReaderId) -> Result<bool> {
        Ok(self.tables.lock().unwrap().is_liked_by(topic, reader))
    }

    /// Returns the shown comments as threads, without replies.
    async fn threads(&self, _: &MemoryStore, slug: &Slug, _: Option<EventId>, _: NonZeroUsize) -> Result<ThreadPage> {
        Ok(self.tables.lock().unwrap().threads(slug))
    }

    async fn expire(&self, _: &MemoryStore, now: Timestamp) -> Result<()> {
        self.tables.lock().unwrap().expire(now);
        Ok(())
    }
}

fn store(forgotten: Option<FactKind>) -> Arc<dyn Store> {
    harness(FactsStore {
        forgotten,
        tables: Mutex::default(),
    })
}

async fn store_with_all_facts() -> Arc<dyn Store> {
    store(None)
}

mod all_facts {
    horizon_core::stats_suite!(super::store_with_all_facts);
}

mod all_facts_of_visitors {
    horizon_core::last_seen_suite!(super::store_with_all_facts);
}

/// The check must catch a store that forgets one kind of fact. `store` of the module returns it.
macro_rules! forgotten {
    ($($test:ident: $kind:expr, $suite:ident::$check:ident => $violation:literal;)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let mut store = store(Some($kind));
                let check = horizon_core::testing::checks::$suite::$check(&mut store);
                let outcome = horizon_core::testing::run_check(check).await;
                let violation = outcome.expect_err("the check passed").to_string();
                assert!(violation.contains($violation), "caught for another reason: {violation}");
            }
        )*
    };
}
pub(crate) use forgotten;

forgotten! {
    a_store_that_forgets_event_ids_counts_repeats: FactKind::EventIds, stats::an_event_counts_once_across_batches
        => "one of two was known\n   got 3\nwanted 2";
    a_store_that_forgets_visitors_counts_reloads: FactKind::Visitors, stats::a_visit_counts_again_only_after_the_gap
        => "a reload\n   got 2\nwanted 1";
    a_store_that_forgets_likes_counts_them_again: FactKind::Likes, stats::likes_are_a_set
        => "liked twice\n   got 2\nwanted 1";
    a_store_that_forgets_comments_ignores_verdicts: FactKind::Comments, last_seen::random_events_match_a_reference_model
        => "comments_revision";
    a_store_that_forgets_verdicts_lets_older_ones_win: FactKind::Verdicts,
        comments::the_latest_verdict_wins_in_any_order => "removed last, the page";
    a_store_that_forgets_totals_starts_at_zero: FactKind::Totals, stats::an_event_counts_once_across_batches
        => "one of two was known\n   got 1\nwanted 2";
}
