//! The server's CPU time per like from the request to the response, without the socket, with SQLite on disk.
//!
//! `cargo bench -p horizon-benches --bench likes` sends 5,000 likes a second for some seconds through `Horizon::handle`
//! into SQLite, each by another reader from another network, without a cookie and with an `Idempotency-Key`.

use std::{
    error::Error,
    io::Write,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use eventhorizon::{Horizon, Rate, Slug, http::Request};
use horizon_benches::cpu_seconds;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Likes per [`TICK`].
const AT_ONCE: u32 = 25;

/// The time between two groups of likes.
const TICK: Duration = Duration::from_millis(5);

/// Number of likes: ten seconds.
const LIKES: u32 = 50_000;

/// Number of liked pages.
const PAGES: u32 = 10;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = format!("sqlite:{}", folder.path().join("horizon.db").display());
    let horizon = Horizon::from_urls("memory:", &store)?
        .configure(|config| config.rates.likes = Rate::new(1_000, 1_000))
        .start(|_: &Slug| true)
        .await?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let (mut ticks, mut likes) = (interval(TICK), JoinSet::new());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..LIKES {
        if number % AT_ONCE == 0 {
            ticks.tick().await;
        }
        likes.spawn(like(horizon.clone(), number));
    }
    while let Some(liked) = likes.join_next().await {
        liked??;
    }
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let mut counted = 0;
    for page in 0..PAGES {
        let topic = Slug::new(&format!("post-{page}"))?.into();
        counted += horizon
            .stats(&[topic])
            .await?
            .iter()
            .map(|numbers| numbers.likes)
            .sum::<u64>();
    }
    horizon.close().await?;
    if counted != u64::from(LIKES) {
        return Err(format!("{counted} likes were counted").into());
    }
    writeln!(
        std::io::stdout(),
        "likes: {:.1} µs of CPU a like, at {:.0} likes/s",
        cpu / f64::from(LIKES) * 1e6,
        f64::from(LIKES) / wall
    )?;
    Ok(())
}

async fn like(horizon: Horizon, number: u32) -> Result<()> {
    let peer = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
    let request = Request::put(format!("/likes/post-{}", number % PAGES))
        .header("idempotency-key", format!("{number:032x}"))
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        )
        .body(String::new())?;
    let answer = horizon.handle(peer, request).await;
    if answer.status() != 200 {
        return Err(format!("a like was answered {}", answer.status()).into());
    }
    Ok(())
}
