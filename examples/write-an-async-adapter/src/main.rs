//! A site that counts into PostgreSQL: `cargo run -p write-an-async-adapter postgres://user@localhost/database`.
//!
//! Each run adds a like, because each is another reader without a cookie.

use std::{env, error::Error};

use eventhorizon::{Horizon, Secret, Slug};
use write_an_async_adapter::AsyncStore;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the output of the program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args()
        .nth(1)
        .ok_or("the first argument is the URL of a PostgreSQL database")?;
    let store = AsyncStore::connect(&url).await?;
    let secret = Secret::new("a secret of this example, not of your site")?;
    let horizon = Horizon::from_store(store)
        .secret(secret)
        .start(|slug: &Slug| slug.as_str() == "bread")
        .await?;

    let bread = horizon.page("bread").await?;
    let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    let liked = horizon.like(&bread, &caller).await?;
    println!("likes: {}", liked.view.likes);
    Ok(horizon.close().await?)
}
