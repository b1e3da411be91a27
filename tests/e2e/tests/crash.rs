//! The server is killed again and again under readers who do not give up: nothing is lost, nothing counts twice.

#![expect(clippy::indexing_slicing, reason = "a key that is not there shall fail the test")]

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use futures::future::{join, try_join_all};
use horizon_test_support::{DEADLINE, Options, Seed, Server, http, wait_until};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How many readers write at once.
const READERS: u64 = 8;

/// How often the server is killed.
const KILLS: u32 = 10;

/// How long a reader waits before trying again.
const AGAIN: Duration = Duration::from_millis(10);

/// What the readers share: what was acknowledged to them, and whether they shall go on.
#[derive(Default)]
struct Diary {
    likes: Cell<u64>,
    comments: RefCell<BTreeSet<String>>,
    enough: Cell<bool>,
}

impl Diary {
    fn acknowledged(&self) -> u64 {
        self.likes.get() + self.comments.borrow().len() as u64
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_stored_once_through_ten_kills() -> anyhow::Result<()> {
    let (seed, mut dice) = Seed::from_environment();
    println!("HORIZON_SEED={seed}");
    let options = Options::default()
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
        .with("RUST_LOG", "warn");
    let mut server = Server::start(options).await?;
    let address = server.address();
    let diary = Rc::new(Diary::default());
    let mut readers = Vec::new();
    for reader in 0..READERS {
        readers.push(write(address, reader, Seed::new(dice.next()), Rc::clone(&diary)));
    }
    let (written, killed) = join(try_join_all(readers), kill(&mut server, &diary, &mut dice)).await;
    killed?;
    written?;
    compare(address, &diary).await?;

    server.kill().await?;
    server.start_again().await?;
    compare(address, &diary).await.context("after one more kill")?;
    println!(
        "{} likes, {} comments, {KILLS} kills",
        diary.likes.get(),
        diary.comments.borrow().len()
    );
    ensure!(
        !server.log().contains("panicked"),
        "the server panicked:\n{}",
        server.log()
    );
    Ok(())
}

/// Kills the server at random moments among the acknowledgements, and starts it again.
async fn kill(server: &mut Server, diary: &Diary, dice: &mut Seed) -> anyhow::Result<()> {
    let killed = async {
        for kill in 0..KILLS {
            let enough = diary.acknowledged() + dice.between(5, 80);
            wait_until(
                &format!("{enough} writes are acknowledged before kill {kill}"),
                async || {
                    let acknowledged = diary.acknowledged();
                    ensure!(acknowledged >= enough, "{acknowledged} are");
                    Ok(())
                },
            )
            .await?;
            sleep(Duration::from_micros(dice.between(0, 5_000))).await;
            server.kill().await?;
            server.start_again().await?;
        }
        Ok(())
    };
    let killed = killed.await;
    diary.enough.set(true);
    killed
}

/// A reader who likes and comments, each with an id of its own, and repeats each until it is acknowledged.
async fn write(address: SocketAddr, reader: u64, mut dice: Seed, diary: Rc<Diary>) -> anyhow::Result<()> {
    for number in 0_u64.. {
        if diary.enough.get() {
            break;
        }
        let id = format!("{:016x}{:016x}", dice.next(), dice.next());
        // Limits are by network, and this is no test of them.
        let network = format!("10.{reader}.{}.{}", number / 256 % 256, number % 256);
        let repeats = 1 + u32::from(dice.between(0, 4) == 0);
        if dice.between(0, 2) == 0 {
            for _ in 0..repeats {
                like(address, &id, &network).await?;
            }
            diary.likes.set(diary.likes.get() + 1);
        } else {
            let words = format!("comment {number} of reader {reader}");
            for _ in 0..repeats {
                comment(address, &id, &network, &words).await?;
            }
            diary.comments.borrow_mut().insert(words);
        }
    }
    Ok(())
}

async fn like(address: SocketAddr, id: &str, network: &str) -> anyhow::Result<()> {
    let headers = [("idempotency-key", id), ("x-forwarded-for", network)];
    let answer = until_answered(address, "PUT", "/horizon/likes/hello", &headers, String::new()).await?;
    ensure!(
        answer.status == 200 && answer.json()?["liked"] == true,
        "a like got {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

async fn comment(address: SocketAddr, id: &str, network: &str, words: &str) -> anyhow::Result<()> {
    let headers = [
        ("idempotency-key", id),
        ("x-forwarded-for", network),
        ("content-type", "application/json"),
    ];
    let body = json!({ "author": "Reader", "body": words }).to_string();
    let answer = until_answered(address, "POST", "/horizon/comments/hello", &headers, body).await?;
    ensure!(
        answer.status == 201,
        "a comment got {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}

/// Sends the same request until something other than silence or 503 comes back.
async fn until_answered(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> anyhow::Result<http::Answer> {
    let give_up = Instant::now() + DEADLINE;
    while Instant::now() < give_up {
        match http::send(address, method.parse()?, path, headers, body.clone()).await {
            Ok(answer) if answer.status != 503 => return Ok(answer),
            _ => sleep(AGAIN).await,
        }
    }
    bail!("{method} {path} was not answered within {DEADLINE:?}")
}

/// Holds what is stored against what was acknowledged.
async fn compare(address: SocketAddr, diary: &Diary) -> anyhow::Result<()> {
    let stats = http::get(address, "/horizon/stats/hello").await?.json()?;
    ensure!(
        stats["likes"] == diary.likes.get(),
        "{} likes were acknowledged, {stats} are stored",
        diary.likes.get()
    );
    let mut stored = stored_comments(address).await?;
    stored.sort();
    let acknowledged: Vec<String> = diary.comments.borrow().iter().cloned().collect();
    ensure!(
        stored == acknowledged,
        "acknowledged {acknowledged:?}\nstored {stored:?}"
    );
    ensure!(
        stats["comments"] == stored.len(),
        "{} comments are stored, and {stats} says otherwise",
        stored.len()
    );
    Ok(())
}

async fn stored_comments(address: SocketAddr) -> anyhow::Result<Vec<String>> {
    let mut stored = Vec::new();
    let mut path = "/horizon/comments/hello?limit=100".to_owned();
    loop {
        let page = http::get(address, &path).await?.json()?;
        let threads = page["threads"].as_array().context("no threads")?;
        stored.extend(threads.iter().map(|thread| words(&thread["comment"]["html"])));
        let Some(first) = threads.first().filter(|_| page["has_earlier"] == true) else {
            return Ok(stored);
        };
        let first = first["comment"]["id"].as_str().context("a comment without an id")?;
        path = format!("/horizon/comments/hello?limit=100&before={first}");
    }
}

/// The text of a comment's HTML, which here is one paragraph.
fn words(html: &Value) -> String {
    let html = html.as_str().unwrap_or_default().trim();
    html.trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}
