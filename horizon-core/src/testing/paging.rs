//! The checks of [`CommentStore`](crate::CommentStore) about pages of threads and replies.

use super::comment_fixture::{CommentFixture, bodies, heads};
use super::event_factory::limit;
use super::{Violation, expect_eq};
use crate::testing::StoreHarness;
use crate::{
    COMMENT_OVERHEAD_BYTES, Comment, EventId, MAX_COMMENT_CHARS, MAX_PAGE_BYTES, MAX_REPLIES, REPLIES_PER_THREAD,
    Thread, ThreadPage, Visibility,
};

/// More of the largest comments than fit on one page, and fewer than fit on two.
const LARGE_COMMENTS: usize = 70;

impl CommentFixture<'_> {
    async fn thread(&mut self, head: EventId, after: Option<EventId>, max: usize) -> Result<Option<Thread>, Violation> {
        let store = self.harness.open().await?;
        Ok(store.thread(&self.slug, head, after, limit(max)).await?)
    }

    /// Posts `count` comments with the bodies `body(0)`, `body(1)` and so on. Returns their ids.
    async fn post_all(
        &mut self,
        count: usize,
        parent: Option<EventId>,
        body: impl Fn(usize) -> String,
    ) -> Result<Vec<EventId>, Violation> {
        let mut events = Vec::with_capacity(count);
        for number in 0..count {
            events.push(self.factory.comment(&self.slug, &body(number), parent)?);
        }
        self.harness.open().await?.apply(&events).await?;
        Ok(events.iter().map(|event| event.id).collect())
    }
}

/// Returns a body of the greatest length that is different for each number.
fn large(number: usize) -> String {
    let start = number.to_string();
    let rest = "\u{1f600}".repeat(MAX_COMMENT_CHARS - start.len());
    start + &rest
}

fn numbers(of: std::ops::Range<usize>) -> Vec<String> {
    of.map(|number| number.to_string()).collect()
}

/// Returns the bodies of a thread's replies, and whether there are more.
fn replies(thread: Option<&Thread>) -> Option<(Vec<&str>, bool)> {
    thread.map(|thread| (bodies(&thread.replies), thread.has_more_replies))
}

fn bytes<'a>(comments: impl IntoIterator<Item = &'a Comment>) -> usize {
    let bytes = comments
        .into_iter()
        .map(|c| c.author.len() + c.body.len() + COMMENT_OVERHEAD_BYTES);
    bytes.sum()
}

/// A thread has its first replies; the flag is set only if there are more.
pub async fn a_thread_has_its_first_replies_and_a_flag_for_more(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let few = fixture.post("few", None).await?;
    let many = fixture.post("many", None).await?;
    let max = REPLIES_PER_THREAD.get();
    fixture.post_all(max, Some(few), |number| number.to_string()).await?;
    fixture.post_pending("pending", Some(few)).await?;
    fixture
        .post_all(MAX_REPLIES, Some(many), |number| number.to_string())
        .await?;
    let page = fixture.threads(None, 9).await?;
    let shown = numbers(0..max);
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    expect_eq(
        "as many as a page shows",
        &replies(page.threads.first()),
        &Some((shown.clone(), false)),
    )?;
    expect_eq("many more", &replies(page.threads.get(1)), &Some((shown, true)))
}

/// `after` pages through all shown replies, oldest first, also from a removed reply.
pub async fn replies_page_forwards(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let (head, other) = (fixture.post("head", None).await?, fixture.post("other", None).await?);
    let mut after = None;
    let mut ids = Vec::new();
    for body in ["a", "b", "c", "d", "e"] {
        ids.push(fixture.post(body, Some(head)).await?);
        fixture.post("elsewhere", Some(other)).await?;
        fixture.post_pending("pending", Some(head)).await?;
    }
    for (want, more) in [
        (["a", "b"].as_slice(), true),
        (&["c", "d"], true),
        (&["e"], false),
        (&[], false),
    ] {
        let page = fixture.thread(head, after, 2).await?;
        expect_eq("a page of two", &replies(page.as_ref()), &Some((want.to_vec(), more)))?;
        let page = page.as_ref();
        expect_eq("its head", &page.map(|page| page.head.body.as_str()), &Some("head"))?;
        after = page
            .and_then(|page| page.replies.last())
            .map(|reply| reply.id)
            .or(after);
    }
    let all = fixture.thread(head, None, 5).await?;
    let want = Some((vec!["a", "b", "c", "d", "e"], false));
    expect_eq("exactly all", &replies(all.as_ref()), &want)?;
    let removed = ids.get(1).copied();
    if let Some(removed) = removed {
        fixture.moderate(removed, Visibility::Removed).await?;
    }
    let rest = fixture.thread(head, removed, 9).await?;
    expect_eq(
        "after a removed one",
        &replies(rest.as_ref()),
        &Some((vec!["c", "d", "e"], false)),
    )
}

/// `thread` returns `None` for a reply, a comment of another page, and a hidden thread.
pub async fn thread_returns_only_visible_threads(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let head = fixture.post("head", None).await?;
    let reply = fixture.post("reply", Some(head)).await?;
    let pending = fixture.post_pending("pending", None).await?;
    let foreign = fixture.post_elsewhere("foreign").await?;
    for (what, id) in [
        ("a reply", reply),
        ("a pending one", pending),
        ("one of another page", foreign),
        ("an unknown one", EventId::from_u128(1)),
    ] {
        expect_eq(what, &fixture.thread(id, None, 9).await?, &None)?;
    }
    fixture.moderate(head, Visibility::Removed).await?;
    let blank = fixture.thread(head, Some(reply), 9).await?;
    expect_eq(
        "a removed head with a reply",
        &blank.map(|thread| (thread.head.body, thread.head.visibility, thread.replies)),
        &Some((String::new(), Visibility::Removed, Vec::new())),
    )?;
    fixture.moderate(reply, Visibility::Removed).await?;
    expect_eq("the reply removed too", &fixture.thread(head, None, 9).await?, &None)
}

/// An `after` that is unknown or on another page has no later replies.
pub async fn an_unknown_after_returns_no_replies(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let foreign = fixture.post_elsewhere("foreign").await?;
    let head = fixture.post("head", None).await?;
    fixture.post("reply", Some(head)).await?;
    for after in [foreign, EventId::from_u128(1)] {
        let page = fixture.thread(head, Some(after), 9).await?;
        expect_eq("the page", &replies(page.as_ref()), &Some((vec![], false)))?;
    }
    Ok(())
}

/// Large comments end a page early, and paging reaches all of them.
pub async fn a_page_of_threads_is_limited_in_bytes(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    fixture.post_all(LARGE_COMMENTS, None, large).await?;
    let newest = fixture.threads(None, LARGE_COMMENTS).await?;
    expect_eq("an earlier page", &newest.has_earlier, &true)?;
    expect_eq(
        "within the bound",
        &(bytes(newest.threads.iter().map(|t| &t.head)) <= MAX_PAGE_BYTES),
        &true,
    )?;
    let before = newest.threads.first().map(|thread| thread.head.id);
    let earlier = fixture.threads(before, LARGE_COMMENTS).await?;
    let found = heads(&earlier).0.len() + heads(&newest).0.len();
    expect_eq("both pages", &(found, earlier.has_earlier), &(LARGE_COMMENTS, false))?;
    // Replies count too.
    let head = fixture.post("head", None).await?;
    fixture.post_all(LARGE_COMMENTS, Some(head), large).await?;
    let page = fixture.threads(None, LARGE_COMMENTS).await?;
    expect_eq(
        "with replies",
        &(all_bytes(&page) <= MAX_PAGE_BYTES, page.has_earlier),
        &(true, true),
    )
}

fn all_bytes(page: &ThreadPage) -> usize {
    let threads = page.threads.iter();
    threads
        .map(|thread| bytes([&thread.head]) + bytes(&thread.replies))
        .sum()
}

/// Large replies end a page early, and paging reaches all of them.
pub async fn a_page_of_replies_is_limited_in_bytes(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let head = fixture.post("head", None).await?;
    fixture.post_all(LARGE_COMMENTS, Some(head), large).await?;
    let first = fixture.thread(head, None, LARGE_COMMENTS).await?;
    let first = first.ok_or_else(|| Violation::new("the thread is listed, but cannot be read"))?;
    let is_within = bytes(&first.replies) <= MAX_PAGE_BYTES;
    expect_eq("the first page", &(is_within, first.has_more_replies), &(true, true))?;
    let after = first.replies.last().map(|reply| reply.id);
    let rest = fixture.thread(head, after, LARGE_COMMENTS).await?;
    let rest = rest.map(|rest| (first.replies.len() + rest.replies.len(), rest.has_more_replies));
    expect_eq("both pages", &rest, &Some((LARGE_COMMENTS, false)))
}
