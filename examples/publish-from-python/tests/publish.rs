//! `publish.py` against a Redis and an accumulator: what it prints, and what the store has then.

use std::future::pending;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use horizon_backend::now;
use horizon_core::{CommentStore, EventId, Slug, Stats, StatsStore, StatsStoreExt};
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisStats};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/publish.py");
const TOPIC: &str = "blog:hello";
const READER: &str = "reader=00000000000000000000000000000007";

/// How the script says how it is used.
const USAGE: &str = "publish.py redis://127.0.0.1 blog:hello visit";

/// Where no Redis listens.
const NOWHERE: &str = "redis://127.0.0.1:1";

/// The longest time that the program may take, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A Redis, and an accumulator that counts into it for as long as the test runs.
struct Stage {
    redis: RedisServer,
    store: Arc<RedisStats>,
}

impl Stage {
    async fn start() -> anyhow::Result<Self> {
        let redis = RedisServer::start(&[]).await?;
        let config = RedisConfig::new(&redis.url())?;
        let store = Arc::new(RedisStats::connect(&config)?);
        let feed = RedisConsumer::connect(&config, ConsumerConfig::new("counts"))?;
        tokio::spawn(horizon_backend::run_accumulator(feed, store.clone(), now, pending()));
        Ok(Self { redis, store })
    }

    /// Starts `publish.py` with these words behind the address and the topic.
    fn publish(&self, words: &[&str]) -> anyhow::Result<Child> {
        python(&[&[PROGRAM, &self.redis.url(), TOPIC], words].concat())
    }

    /// The totals that it prints.
    async fn totals(&self, words: &[&str]) -> anyhow::Result<Value> {
        totals(&end(self.publish(words)?).await?)
    }

    /// The sentence with which it fails.
    async fn complaint(&self, words: &[&str]) -> anyhow::Result<String> {
        complaint(&end(self.publish(words)?).await?)
    }

    async fn kept(&self) -> anyhow::Result<Stats> {
        Ok(self.store.total(&TOPIC.parse()?).await?.stats)
    }
}

/// Starts Python with these words.
fn python(words: &[&str]) -> anyhow::Result<Child> {
    let mut command = Command::new("python3");
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    match command.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("python3 is missing: run `cargo xtask test`, which installs it (Debian: `apt-get install python3`)")
        }
        child => child.context("python3 does not start"),
    }
}

async fn end(child: Child) -> anyhow::Result<Output> {
    let ended = timeout(DEADLINE, child.wait_with_output()).await;
    Ok(ended.context("publish.py does not end")??)
}

fn totals(output: &Output) -> anyhow::Result<Value> {
    ensure!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))
}

fn complaint(output: &Output) -> anyhow::Result<String> {
    ensure!(
        output.status.code() == Some(1) && output.stdout.is_empty(),
        "{output:?}"
    );
    Ok(str::from_utf8(&output.stderr)?.to_owned())
}

/// An id for an event of this moment.
fn fresh_id() -> String {
    EventId::new(now(), [7; 10]).to_string()
}

#[tokio::test]
async fn a_visit_counts_and_the_totals_are_printed() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    let told = stage.totals(&["visit"]).await?;
    let want = json!({
        "v": 1, "topic": TOPIC, "revision": 1,
        "visits": 1, "likes": 0, "comments": 0, "comments_revision": 0,
    });
    ensure!(told == want, "{told}");
    let told = stage.totals(&["visit"]).await?;
    ensure!(told["visits"] == 2, "{told}");
    ensure!(stage.kept().await?.visits == 2);
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_told_twice_counts_once() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    let id = format!("id={}", fresh_id());
    let first = stage.totals(&["visit", &id]).await?;
    let again = stage.totals(&["visit", &id]).await?;
    ensure!(first["visits"] == 1 && first == again, "{first}, then {again}");
    ensure!(stage.kept().await?.visits == 1);
    Ok(())
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_is_sent_again_and_counts_once() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    stage.redis.pause().await?;
    let mut child = stage.publish(&["visit"])?;
    let complaints = child.stderr.take().context("no standard error")?;
    let mut complaints = BufReader::new(complaints).lines();
    let complaint = timeout(DEADLINE, complaints.next_line()).await??.unwrap_or_default();
    ensure!(complaint == "It failed: no answer in three seconds", "{complaint}");
    stage.redis.resume().await?;
    let told = totals(&end(child).await?)?;
    ensure!(told["visits"] == 1, "{told}");
    let stream = stage.redis.cli(&["XINFO", "STREAM", "analytics:events"]).await?;
    let added = stream.lines().skip_while(|line| *line != "entries-added").nth(1);
    ensure!(added.unwrap_or_default().parse::<u32>()? > 1, "{stream}");
    ensure!(stage.kept().await?.visits == 1);
    Ok(())
}

#[tokio::test]
async fn a_like_shows_up_and_is_taken_back() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    let told = stage.totals(&["like", READER]).await?;
    ensure!(told["likes"] == 1, "{told}");
    let reader = READER.trim_start_matches("reader=");
    ensure!(stage.store.is_liked_by(&TOPIC.parse()?, reader.parse()?).await?);
    let told = stage.totals(&["unlike", READER]).await?;
    ensure!(told["likes"] == 0, "{told}");
    Ok(())
}

#[tokio::test]
async fn a_comment_is_known_by_the_id_of_its_event() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    let (id, body) = (fresh_id(), "Grüße aus \"Python\"\nin zwei Zeilen 🐍");
    let (id_field, body_field) = (format!("id={id}"), format!("body={body}"));
    let words = ["comment", &id_field, READER, "author=Ada", &body_field];
    let told = stage.totals(&words).await?;
    ensure!(told["comments"] == 1, "{told}");
    let newest = stage
        .store
        .newest_comments(&Slug::new("hello")?, NonZeroUsize::MIN)
        .await?;
    let comment = newest.first().context("the store has no comment")?;
    ensure!(
        comment.id.to_string() == id && comment.author == "Ada" && comment.body == body,
        "{comment:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_no_event_is_refused_with_its_reason() -> anyhow::Result<()> {
    let stage = Stage::start().await?;
    for (words, reason) in [
        (
            &["wave"][..],
            "The event was refused: unknown variant `wave`, expected one of `visit`",
        ),
        (&["like"], "The event was refused: missing field `reader`"),
        (&["comment", READER], "The event was refused: `body` must not be empty"),
        (
            &["visit", "id=00000000000000000000000000000007"],
            "The id has to be a UUID of version 7",
        ),
        (&["visit", "id=visit-7"], USAGE),
        (&["like", "reader"], USAGE),
    ] {
        let complaint = stage.complaint(words).await?;
        ensure!(complaint.contains(reason), "{words:?}: {complaint}");
    }
    ensure!(stage.kept().await? == Stats::default());
    Ok(())
}

#[tokio::test]
async fn without_redis_cli_it_says_what_is_missing() -> anyhow::Result<()> {
    let hidden = "import os, sys; os.execve(sys.executable, ['python3', *sys.argv[1:]], {'PATH': '/nowhere'})";
    let child = python(&["-c", hidden, PROGRAM, NOWHERE, TOPIC, "visit"])?;
    let complaint = complaint(&end(child).await?)?;
    ensure!(complaint.starts_with("redis-cli is missing"), "{complaint}");
    Ok(())
}

#[tokio::test]
async fn without_a_redis_it_says_how_to_tell_the_event_again() -> anyhow::Result<()> {
    let id = format!("id={}", fresh_id());
    let child = python(&[PROGRAM, NOWHERE, TOPIC, "visit", &id])?;
    let complaint = complaint(&end(child).await?)?;
    ensure!(complaint.contains("Connection refused"), "{complaint}");
    ensure!(complaint.trim_end().ends_with(&id), "{complaint}");
    Ok(())
}
