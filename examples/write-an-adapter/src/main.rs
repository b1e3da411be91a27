//! Counts three likes of a page: `cargo run -p write-an-adapter`.
//!
//! A second run still prints three, because the events have the same ids.

use std::error::Error;

use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
use write_an_adapter::RedbStats;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the output of the program")]
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

/// Returns a like with a fixed time and fixed entropy. A real program takes both from the system.
fn like(page: &Topic, reader: u8) -> Event {
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [reader; 10]);
    let reader = ReaderId::from_u128(reader.into());
    Event::new(stamp, page.clone(), EventKind::Like { reader })
}
