//! Random histories read as from the store in memory.

use std::num::NonZeroUsize;
use std::time::Duration;

use horizon_core::{
    CommentStore, DEDUPE_WINDOW, Draft, Event, EventId, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp, Topic,
    VISIT_GAP, Visibility, VisitorKey,
};
use horizon_memory::MemoryStore;
use horizon_redis::RedisStore;

use super::start;

const STATES: [Visibility; 3] = [Visibility::Shown, Visibility::Pending, Visibility::Removed];

struct History {
    rng: fastrand::Rng,
    now: Timestamp,
    topics: Vec<Topic>,
    past: Vec<Event>,
    comments: Vec<EventId>,
}

impl History {
    fn new(seed: u64) -> Self {
        let page = |slug: &str| Topic::from(Slug::new(slug).unwrap());
        Self {
            rng: fastrand::Rng::with_seed(seed),
            now: Timestamp::from_millis(1_800_000_000_000),
            topics: vec![Topic::Site, page("one"), page("two")],
            past: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn event(&mut self) -> Event {
        if self.rng.u64(..5) == 0
            && let Some(mut repeat) = self.rng.choice(&self.past).cloned()
        {
            repeat.at = repeat.at.plus(Duration::from_millis(self.rng.u64(..3_600_000)));
            return repeat;
        }
        if self.rng.u64(..4) == 0 {
            self.now = self.now.plus(Duration::from_millis(self.rng.u64(..1_200_000)));
        }
        let (topic, kind) = (self.rng.choice(&self.topics).unwrap().clone(), self.kind());
        // Some are old, some in the same millisecond, where ids that differ in one bit decide the order.
        let late = [0, 0, 1, 60_000, 3_600_000 * 20];
        let at = self.now.minus(Duration::from_millis(*self.rng.choice(&late).unwrap()));
        let at = Timestamp::from_millis(at.as_millis().div_euclid(1_000) * 1_000);
        let bits = [120, 88, 64, 40].map(|place| u128::from(self.rng.u64(..2)) << place);
        let odd = bits.into_iter().sum::<u128>() | u128::from(self.rng.u64(..1 << 32));
        let usual = EventId::new(self.now, [0; 10]).as_u128() | odd & (u128::MAX >> 66);
        let id = EventId::from_u128(*self.rng.choice(&[odd, usual]).unwrap());
        let event = Event::new(Stamp { at, id }, topic, kind);
        if matches!(event.kind, EventKind::Comment { .. }) {
            self.comments.push(id);
        }
        self.past.push(event.clone());
        event
    }

    fn kind(&mut self) -> EventKind {
        let reader = ReaderId::from_u128(self.rng.u64(..4).into());
        let some = self.rng.choice(&self.comments).copied();
        match (self.rng.u64(..8), some) {
            (0, _) => EventKind::visit(None),
            (1, _) => EventKind::visit(Some(VisitorKey::from_u128(self.rng.u64(..3).into()))),
            (2, _) => EventKind::Like { reader },
            (3, _) => EventKind::Unlike { reader },
            (4 | 5, Some(comment)) => EventKind::Moderate {
                comment,
                verdict: *self.rng.choice(&STATES).unwrap(),
            },
            (_, parent) => EventKind::Comment {
                reader,
                draft: Draft::new(
                    "Ada",
                    &self.past.len().to_string(),
                    parent.filter(|_| self.rng.u64(..3) > 0),
                )
                .unwrap(),
                pending: self.rng.u64(..3) == 0,
            },
        }
    }
}

async fn compare(redis: &RedisStore, memory: &MemoryStore, history: &mut History) {
    let topics = history.topics.clone();
    let totals = redis.totals(&topics).await.unwrap();
    assert_eq!(totals, memory.totals(&topics).await.unwrap());
    let limit = NonZeroUsize::new(history.rng.usize(1..=6)).unwrap();
    let before = history.rng.choice(&history.comments).copied();
    let before = before.filter(|_| history.rng.bool());
    for topic in &topics {
        for reader in (0..4).map(ReaderId::from_u128) {
            assert_eq!(
                redis.is_liked_by(topic, reader).await.unwrap(),
                memory.is_liked_by(topic, reader).await.unwrap()
            );
        }
        let Some(slug) = topic.slug() else { continue };
        let threads = redis.threads(slug, before, limit).await.unwrap();
        assert_eq!(
            threads,
            memory.threads(slug, before, limit).await.unwrap(),
            "{slug} before {before:?}"
        );
        if let Some(head) = history.rng.choice(&history.comments).copied() {
            assert_eq!(
                redis.thread(slug, head, before, limit).await.unwrap(),
                memory.thread(slug, head, before, limit).await.unwrap(),
                "{slug} {head} after {before:?}"
            );
        }
        assert_eq!(
            redis.newest_comments(slug, limit).await.unwrap(),
            memory.newest_comments(slug, limit).await.unwrap()
        );
    }
    for only in STATES.map(Some).into_iter().chain([None]) {
        let recent = redis.recent_comments(only, before, limit).await.unwrap();
        assert_eq!(
            recent,
            memory.recent_comments(only, before, limit).await.unwrap(),
            "{only:?} before {before:?}"
        );
    }
    if let Some(id) = before {
        assert_eq!(redis.comment(id).await.unwrap(), memory.comment(id).await.unwrap());
        assert_eq!(
            redis.reply_count(id).await.unwrap(),
            memory.reply_count(id).await.unwrap()
        );
    }
}

#[tokio::test]
async fn random_histories_read_as_from_the_memory_store() {
    for seed in 1..=20 {
        let (_server, redis) = start().await;
        let (memory, mut history) = (MemoryStore::new(), History::new(seed * 0x9e37_79b9));
        for round in 0..30 {
            let batch: Vec<_> = (0..=history.rng.u64(..12)).map(|_| history.event()).collect();
            let mut answers = redis.apply(&batch).await.unwrap();
            answers.sort_by(|a, b| a.topic.cmp(&b.topic));
            assert_eq!(
                answers,
                memory.apply(&batch).await.unwrap(),
                "seed {seed}, round {round}"
            );
            compare(&redis, &memory, &mut history).await;
            if round % 10 == 9 {
                let now = history.now.plus(if round == 19 { DEDUPE_WINDOW } else { VISIT_GAP });
                redis.expire(now).await.unwrap();
                memory.expire(now).await.unwrap();
            }
        }
    }
}
