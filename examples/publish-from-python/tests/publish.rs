//! Runs `publish.py` with a Redis and an accumulator.

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
use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer, RedisStore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/publish.py");
const TOPIC: &str = "blog:hello";
const READER: &str = "reader=00000000000000000000000000000007";

/// Part of the usage message.
const USAGE: &str = "publish.py redis://127.0.0.1 blog:hello visit";

/// No Redis listens here.
const NOWHERE: &str = "redis://127.0.0.1:1";

/// How long the program may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A Redis, and an accumulator that counts into it until the test ends.
struct Pipeline {
    redis: RedisServer,
    store: Arc<RedisStore>,
}

impl Pipeline {
    async fn start() -> anyhow::Result<Self> {
        let redis = RedisServer::start(&[]).await?;
        let config = RedisConfig::new(&redis.url())?;
        let store = Arc::new(RedisStore::connect(&config)?);
        let consumer = RedisConsumer::connect(&config, ConsumerConfig::new("counts"))?;
        tokio::spawn(horizon_backend::run_accumulator(
            consumer,
            store.clone(),
            now,
            pending(),
        ));
        Ok(Self { redis, store })
    }

    /// Starts `publish.py` with these arguments after the URL and the topic.
    fn publish(&self, arguments: &[&str]) -> anyhow::Result<Child> {
        python(&[&[PROGRAM, &self.redis.url(), TOPIC], arguments].concat())
    }

    /// Returns the totals that it prints.
    async fn totals(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        totals(&end(self.publish(arguments)?).await?)
    }

    /// Returns its error message.
    async fn error_message(&self, arguments: &[&str]) -> anyhow::Result<String> {
        error_message(&end(self.publish(arguments)?).await?)
    }

    async fn stored(&self) -> anyhow::Result<Stats> {
        Ok(self.store.total(&TOPIC.parse()?).await?.stats)
    }
}

/// Starts Python with these arguments.
fn python(arguments: &[&str]) -> anyhow::Result<Child> {
    let mut command = Command::new("python3");
    command
        .args(arguments)
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

fn error_message(output: &Output) -> anyhow::Result<String> {
    ensure!(
        output.status.code() == Some(1) && output.stdout.is_empty(),
        "{output:?}"
    );
    Ok(str::from_utf8(&output.stderr)?.to_owned())
}

/// Returns an id of the current time.
fn fresh_id() -> String {
    EventId::new(now(), [7; 10]).to_string()
}

#[tokio::test]
async fn a_visit_counts_and_the_totals_are_printed() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    let totals = pipeline.totals(&["visit"]).await?;
    let want = json!({
        "v": 1, "topic": TOPIC, "revision": 1,
        "visits": 1, "likes": 0, "comments": 0, "comments_revision": 0,
    });
    ensure!(totals == want, "{totals}");
    let totals = pipeline.totals(&["visit"]).await?;
    ensure!(totals["visits"] == 2, "{totals}");
    ensure!(pipeline.stored().await?.visits == 2);
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_sent_twice_counts_once() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    let id = format!("id={}", fresh_id());
    let first = pipeline.totals(&["visit", &id]).await?;
    let again = pipeline.totals(&["visit", &id]).await?;
    ensure!(first["visits"] == 1 && first == again, "{first}, then {again}");
    ensure!(pipeline.stored().await?.visits == 1);
    Ok(())
}

#[tokio::test]
async fn an_event_whose_reply_is_lost_is_sent_again_and_counts_once() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    pipeline.redis.pause().await?;
    let mut child = pipeline.publish(&["visit"])?;
    let stderr = child.stderr.take().context("no standard error")?;
    let mut stderr = BufReader::new(stderr).lines();
    let message = timeout(DEADLINE, stderr.next_line()).await??.unwrap_or_default();
    ensure!(message == "redis-cli failed: no reply in three seconds", "{message}");
    pipeline.redis.resume().await?;
    let totals = totals(&end(child).await?)?;
    ensure!(totals["visits"] == 1, "{totals}");
    let stream = pipeline.redis.cli(&["XINFO", "STREAM", "analytics:events"]).await?;
    let added = stream.lines().skip_while(|line| *line != "entries-added").nth(1);
    ensure!(added.unwrap_or_default().parse::<u32>()? > 1, "{stream}");
    ensure!(pipeline.stored().await?.visits == 1);
    Ok(())
}

#[tokio::test]
async fn a_custom_event_counts_by_its_name_once() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    let id = format!("id={}", fresh_id());
    for _ in 0..2 {
        let totals = pipeline
            .totals(&["custom", &id, "name=👍", "properties.place=foot", "properties.size=3"])
            .await?;
        ensure!(totals["events"] == json!({ "👍": 1 }), "{totals}");
    }
    ensure!(pipeline.stored().await?.events.get("👍") == 1);
    Ok(())
}

#[tokio::test]
async fn a_like_shows_up_and_is_taken_back() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    let totals = pipeline.totals(&["like", READER]).await?;
    ensure!(totals["likes"] == 1, "{totals}");
    let reader = READER.trim_start_matches("reader=");
    ensure!(pipeline.store.is_liked_by(&TOPIC.parse()?, reader.parse()?).await?);
    let totals = pipeline.totals(&["unlike", READER]).await?;
    ensure!(totals["likes"] == 0, "{totals}");
    Ok(())
}

#[tokio::test]
async fn a_comment_has_the_id_of_its_event() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    let (id, body) = (fresh_id(), "Grüße aus \"Python\"\nin zwei Zeilen 🐍");
    let (id_field, body_field) = (format!("id={id}"), format!("body={body}"));
    let arguments = ["comment", &id_field, READER, "author=Ada", &body_field];
    let totals = pipeline.totals(&arguments).await?;
    ensure!(totals["comments"] == 1, "{totals}");
    let newest = pipeline
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
async fn an_invalid_event_is_rejected_with_its_reason() -> anyhow::Result<()> {
    let pipeline = Pipeline::start().await?;
    for (arguments, reason) in [
        (
            &["wave"][..],
            "The event was rejected: unknown variant `wave`, expected one of `visit`",
        ),
        (&["like"], "The event was rejected: missing field `reader`"),
        (&["comment", READER], "The event was rejected: `body` must not be empty"),
        (
            &["visit", "id=00000000000000000000000000000007"],
            "The id must be a UUID of version 7",
        ),
        (&["visit", "id=visit-7"], USAGE),
        (&["like", "reader"], USAGE),
    ] {
        let message = pipeline.error_message(arguments).await?;
        ensure!(message.contains(reason), "{arguments:?}: {message}");
    }
    ensure!(pipeline.stored().await? == Stats::default());
    Ok(())
}

#[tokio::test]
async fn without_redis_cli_the_message_names_it() -> anyhow::Result<()> {
    let hidden = "import os, sys; os.execve(sys.executable, ['python3', *sys.argv[1:]], {'PATH': '/nowhere'})";
    let child = python(&["-c", hidden, PROGRAM, NOWHERE, TOPIC, "visit"])?;
    let message = error_message(&end(child).await?)?;
    ensure!(message.starts_with("redis-cli is missing"), "{message}");
    Ok(())
}

#[tokio::test]
async fn without_a_redis_the_message_has_the_command_for_a_retry() -> anyhow::Result<()> {
    let id = format!("id={}", fresh_id());
    let child = python(&[PROGRAM, NOWHERE, TOPIC, "visit", &id])?;
    let message = error_message(&end(child).await?)?;
    ensure!(message.contains("Connection refused"), "{message}");
    ensure!(message.trim_end().ends_with(&id), "{message}");
    Ok(())
}
