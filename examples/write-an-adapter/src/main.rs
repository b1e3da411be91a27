//! Three readers like a page, and the file remembers it: `cargo run -p write-an-adapter`.
//!
//! Run it again: it is still three. The events carry the same ids, so they were counted before.

use std::error::Error;

use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
use write_an_adapter::RedbStats;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join("write-an-adapter.redb");
    let page = Topic::from(Slug::new("bread")?);

    let store = RedbStats::open(&path)?;
    let likes = [1, 2, 3].map(|reader| like(&page, reader));
    store.apply(&likes).await?;
    println!("counted: {} likes", store.total(&page).await?.stats.likes);
    drop(store);

    let store = RedbStats::open(&path)?;
    println!("reopened: {} likes", store.total(&page).await?.stats.likes);
    Ok(())
}

/// The core has no clock and no dice, so whoever makes an event brings both; these are always the same.
fn like(page: &Topic, reader: u8) -> Event {
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [reader; 10]);
    let reader = ReaderId::from_u128(reader.into());
    Event::new(stamp, page.clone(), EventKind::Like { reader })
}
