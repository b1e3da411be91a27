//! The clock of a web node is off.

use anyhow::{Context, bail, ensure};
use horizon_redis::testing::RedisServer;
use horizon_test_support::http;

use super::{
    articles::Articles,
    likers::{COUNTED_WITHIN, Likers, PAGE, likes_at},
    scene::Scene,
    witness::{self, Problem},
};
use crate::node::Node;

/// Where Debian and others put the library that tells a process another time.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// How far a clock is off, in faketime's words, and whether likes have to pass all the same.
const OFF: [(&str, bool); 4] = [("+2h", false), ("-31d", false), ("+50m", false), ("+5m", true)];

/// One web node after the other has a clock that is off, beside one that is right.
pub(crate) async fn off(scene: &mut Scene) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let pipe = ("HORIZON_BUS", redis.url());
    let _accumulator = scene.accumulator(std::slice::from_ref(&pipe)).await?;
    let right = scene.web(std::slice::from_ref(&pipe)).await?;
    for (offset, must_pass) in OFF {
        let mut variables = fake_time(offset)?;
        variables.push(pipe.clone());
        let wrong = scene.web(&variables).await?;
        scene.struck();
        let articles = Articles::read_at(&[&right, &wrong]);
        let passed = likes_count_or_are_refused(scene, &right, &wrong, offset).await?;
        if passed {
            unlikes_hold(scene, &right, &wrong, offset).await?;
        } else {
            scene.all_must_report(&[&wrong], Problem::CLOCK).await;
        }
        if must_pass && !passed {
            scene.find(format!("a clock {offset} off is too much for a node"));
        }
        scene.finish_reading(articles).await;
    }
    Ok(())
}

fn fake_time(offset: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let library = LIBRARIES.iter().find(|path| std::path::Path::new(path).is_file());
    let library = library.context("libfaketime is missing: install it (Debian: `apt-get install faketime`)")?;
    Ok(vec![
        ("LD_PRELOAD", (*library).into()),
        ("FAKETIME", offset.into()),
        // Only the time of day is off; a process measures waits by another clock.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
    ])
}

/// What the node acknowledges is counted. Returns whether it acknowledges everything.
async fn likes_count_or_are_refused(
    scene: &mut Scene,
    right: &Node,
    wrong: &Node,
    offset: &str,
) -> anyhow::Result<bool> {
    let base = likes_at(right.address()).await?;
    let mut likers: Likers = scene.likers(&[wrong]);
    likers.likes(scene.likes).await;
    let counted = likers
        .counted_at(right.address(), base, COUNTED_WITHIN)
        .await?
        .saturating_sub(base);
    scene.add_up(likers.acknowledged(), counted);
    if let Some(difference) = likers.difference(counted) {
        scene.find(format!("at a node whose clock is {offset} off {difference}"));
    }
    if likers.unsure() > 0 {
        scene.note(format!(
            "at a node whose clock is {offset} off {} of {} likes are refused: {}",
            likers.unsure(),
            scene.likes,
            likers.last_refusal()
        ));
    }
    Ok(likers.unsure() == 0)
}

/// An unlike at the right node, after a like at the wrong one, holds; and a like after that too.
async fn unlikes_hold(scene: &mut Scene, right: &Node, wrong: &Node, offset: &str) -> anyhow::Result<()> {
    let base = likes_at(right.address()).await?;
    let cookie = change(wrong, "PUT", "").await?;
    counts(scene, right, base + 1, "a like", offset).await?;
    change(right, "DELETE", &cookie).await?;
    counts(scene, right, base, "an unlike elsewhere", offset).await?;
    change(right, "PUT", &cookie).await?;
    counts(scene, right, base + 1, "a like after that", offset).await?;
    change(wrong, "DELETE", &cookie).await?;
    counts(scene, right, base, "an unlike after that", offset).await
}

async fn change(web: &Node, method: &str, cookie: &str) -> anyhow::Result<String> {
    let headers = [("cookie", cookie), ("x-forwarded-for", "172.20.1.1")];
    let headers = if cookie.is_empty() { &headers[1..] } else { &headers[..] };
    let path = format!("/horizon/likes/{PAGE}");
    let answer = http::send(web.address(), method.parse()?, &path, headers, "").await?;
    if answer.status != 200 {
        bail!("{method} at {} got {} {}", web.name(), answer.status, answer.text());
    }
    let cookie = answer.header("set-cookie");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    ensure!(
        method == "DELETE" || !cookie.is_empty() || headers.len() > 1,
        "a like got no cookie"
    );
    Ok(cookie)
}

async fn counts(scene: &mut Scene, web: &Node, expected: u64, what: &str, offset: &str) -> anyhow::Result<()> {
    let mut shown = 0;
    let wrong = crate::oracle::settled(witness::REPORTED_WITHIN, async || {
        shown = likes_at(web.address()).await.unwrap_or_default();
        if shown == expected {
            Vec::new()
        } else {
            vec![shown.to_string()]
        }
    });
    if !wrong.await.is_empty() {
        scene.find(format!(
            "with a clock {offset} off {what} was acknowledged and does not hold: {shown} likes, not {expected}"
        ));
    }
    Ok(())
}
