use horizon_core::reports::Reports as _;
use horizon_core::{EventName, Properties, ReaderId, VisitorKey};

use super::*;

/// The first and the last millisecond of PostgreSQL's range, and those of events.
const TIMES: [i64; 12] = [
    i64::MIN,
    i64::MIN + 1,
    i64::MIN + 100_000_000_000,
    -210_866_803_200_001,
    -210_866_803_200_000,
    -1,
    NOW.as_millis(),
    9_224_318_015_999_999 / 1_000,
    9_224_318_016_000_000 / 1_000,
    i64::MAX - 100_000_000_000,
    i64::MAX - 1,
    i64::MAX,
];

/// Returns events of each kind at a time.
fn events(index: usize, millis: i64) -> Vec<Event> {
    let number = u128::try_from(index).unwrap();
    let visitor = VisitorKey::from_u128(number);
    let reader = ReaderId::from_u128(number);
    let kinds = [
        EventKind::visit(Some(visitor)),
        EventKind::visit(None),
        EventKind::Like { reader },
        EventKind::Custom {
            name: EventName::new("download").unwrap(),
            properties: Properties::default(),
        },
    ];
    let topics = [Topic::Site, Slug::new("hello").unwrap().into()];
    let all = topics
        .iter()
        .flat_map(|topic| kinds.iter().map(move |kind| (topic.clone(), kind.clone())));
    let event = |(place, (topic, kind)): (usize, (Topic, EventKind))| {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&[u8::try_from(index).unwrap(), u8::try_from(place).unwrap()]);
        Event::new(Stamp::new(Timestamp::from_millis(millis), random), topic, kind)
    };
    all.enumerate().map(event).collect()
}

#[tokio::test]
async fn events_of_all_times_are_counted_one_by_one() {
    let database = TestDatabase::create().await.unwrap();
    let store = store(database.url());
    for (index, millis) in TIMES.into_iter().enumerate() {
        store.apply(&events(index, millis)).await.unwrap();
    }
    let total = store.total(&Topic::Site).await.unwrap().stats;
    assert_eq!((total.likes, total.events.get("download")), (12, 12));
    store.status().await.unwrap();
}

#[tokio::test]
async fn events_of_all_times_are_counted_in_one_batch() {
    for is_reversed in [false, true] {
        let database = TestDatabase::create().await.unwrap();
        let store = store(database.url());
        let mut batch: Vec<Event> = TIMES
            .into_iter()
            .enumerate()
            .flat_map(|(index, millis)| events(index, millis))
            .collect();
        if is_reversed {
            batch.reverse();
        }
        for _ in 0..2 {
            store.apply(&batch).await.unwrap();
            let total = store.total(&Topic::Site).await.unwrap().stats;
            assert_eq!((total.likes, total.events.get("download")), (12, 12));
        }
        store.expire(NOW).await.unwrap();
        store.verify().await.unwrap();
    }
}
