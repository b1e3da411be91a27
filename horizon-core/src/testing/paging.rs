//! What every [`CommentStore`](crate::Comments) keeps about pages of threads and of replies. They are checks of its suite.

use super::desk::{Desk, bodies, heads};
use super::script::limit;
use super::{Violation, same};
use crate::testing::StoreHarness;
use crate::{
    COMMENT_BYTES, Comment, EventId, MAX_BODY_CHARS, MAX_PAGE_BYTES, MAX_REPLIES, REPLIES_A_THREAD, Thread, ThreadPage,
    Visibility,
};

/// How many of the largest comments are more than one page takes, and less than two.
const LARGE_COMMENTS: usize = 70;

impl Desk<'_> {
    async fn thread(
        &mut self,
        head: EventId,
        after: Option<EventId>,
        most: usize,
    ) -> Result<Option<Thread>, Violation> {
        let store = self.rig.open().await?;
        Ok(store.thread(&self.slug, head, after, limit(most)).await?)
    }

    /// Writes `count` comments whose texts `body` makes from their numbers, and returns their ids.
    async fn say_all(
        &mut self,
        count: usize,
        parent: Option<EventId>,
        body: impl Fn(usize) -> String,
    ) -> Result<Vec<EventId>, Violation> {
        let mut events = Vec::with_capacity(count);
        for number in 0..count {
            events.push(self.script.comment(&self.slug, &body(number), parent)?);
        }
        self.rig.open().await?.apply(&events).await?;
        Ok(events.iter().map(|event| event.id).collect())
    }
}

/// One of the largest texts there can be; each number has its own.
fn large(number: usize) -> String {
    let start = number.to_string();
    let rest = "\u{1f600}".repeat(MAX_BODY_CHARS - start.len());
    start + &rest
}

fn numbers(of: std::ops::Range<usize>) -> Vec<String> {
    of.map(|number| number.to_string()).collect()
}

/// The bodies of a thread's replies, and whether more follow.
fn replies(thread: Option<&Thread>) -> Option<(Vec<&str>, bool)> {
    thread.map(|thread| (bodies(&thread.replies), thread.has_more_replies))
}

fn bytes<'a>(comments: impl IntoIterator<Item = &'a Comment>) -> usize {
    let bytes = comments
        .into_iter()
        .map(|c| c.author.len() + c.body.len() + COMMENT_BYTES);
    bytes.sum()
}

/// However many replies there are, a page shows the first of them; exactly as many are all.
pub async fn a_thread_shows_its_first_replies_and_whether_more_follow(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let few = desk.say("few", None).await?;
    let many = desk.say("many", None).await?;
    let most = REPLIES_A_THREAD.get();
    desk.say_all(most, Some(few), |number| number.to_string()).await?;
    desk.hold("waits", Some(few)).await?;
    desk.say_all(MAX_REPLIES, Some(many), |number| number.to_string())
        .await?;
    let page = desk.threads(None, 9).await?;
    let shown = numbers(0..most);
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    same(
        "as many as a page shows",
        &replies(page.threads.first()),
        &Some((shown.clone(), false)),
    )?;
    same("many more", &replies(page.threads.get(1)), &Some((shown, true)))
}

/// `after` leads through all shown replies, oldest first, also from one that was removed meanwhile.
pub async fn the_replies_of_a_thread_page_forwards(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let (head, other) = (desk.say("head", None).await?, desk.say("other", None).await?);
    let mut after = None;
    let mut ids = Vec::new();
    for body in ["a", "b", "c", "d", "e"] {
        ids.push(desk.say(body, Some(head)).await?);
        desk.say("elsewhere", Some(other)).await?;
        desk.hold("waits", Some(head)).await?;
    }
    for (want, more) in [
        (["a", "b"].as_slice(), true),
        (&["c", "d"], true),
        (&["e"], false),
        (&[], false),
    ] {
        let page = desk.thread(head, after, 2).await?;
        same("a page of two", &replies(page.as_ref()), &Some((want.to_vec(), more)))?;
        let page = page.as_ref();
        same("its head", &page.map(|page| page.head.body.as_str()), &Some("head"))?;
        after = page
            .and_then(|page| page.replies.last())
            .map(|reply| reply.id)
            .or(after);
    }
    let all = desk.thread(head, None, 5).await?;
    let want = Some((vec!["a", "b", "c", "d", "e"], false));
    same("exactly all", &replies(all.as_ref()), &want)?;
    let removed = ids.get(1).copied();
    if let Some(removed) = removed {
        desk.moderate(removed, Visibility::Removed).await?;
    }
    let rest = desk.thread(head, removed, 9).await?;
    same(
        "after a removed one",
        &replies(rest.as_ref()),
        &Some((vec!["c", "d", "e"], false)),
    )
}

/// A reply, a comment of another page and what does not show are no threads; a blank head above replies is one.
pub async fn a_thread_alone_is_there_only_if_it_shows(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let head = desk.say("head", None).await?;
    let reply = desk.say("reply", Some(head)).await?;
    let waits = desk.hold("waits", None).await?;
    let foreign = desk.elsewhere("foreign").await?;
    for (what, id) in [
        ("a reply", reply),
        ("one that waits", waits),
        ("one of another page", foreign),
        ("an unknown one", EventId::from_u128(1)),
    ] {
        same(what, &desk.thread(id, None, 9).await?, &None)?;
    }
    desk.moderate(head, Visibility::Removed).await?;
    let blank = desk.thread(head, Some(reply), 9).await?;
    same(
        "a removed head with a reply",
        &blank.map(|thread| (thread.head.body, thread.head.visibility, thread.replies)),
        &Some((String::new(), Visibility::Removed, Vec::new())),
    )?;
    desk.moderate(reply, Visibility::Removed).await?;
    same("the reply removed too", &desk.thread(head, None, 9).await?, &None)
}

/// An `after` that is unknown or stands on another page has no replies behind it.
pub async fn nothing_comes_after_a_reply_that_the_page_does_not_have(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let foreign = desk.elsewhere("foreign").await?;
    let head = desk.say("head", None).await?;
    desk.say("reply", Some(head)).await?;
    for after in [foreign, EventId::from_u128(1)] {
        let page = desk.thread(head, Some(after), 9).await?;
        same("the page", &replies(page.as_ref()), &Some((vec![], false)))?;
    }
    Ok(())
}

/// Large comments end a page before its limit, and paging on still finds each of them.
pub async fn a_page_of_threads_ends_at_its_most_bytes(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    desk.say_all(LARGE_COMMENTS, None, large).await?;
    let newest = desk.threads(None, LARGE_COMMENTS).await?;
    same("an earlier page", &newest.has_earlier, &true)?;
    same(
        "within the bound",
        &(bytes(newest.threads.iter().map(|t| &t.head)) <= MAX_PAGE_BYTES),
        &true,
    )?;
    let before = newest.threads.first().map(|thread| thread.head.id);
    let earlier = desk.threads(before, LARGE_COMMENTS).await?;
    let found = heads(&earlier).0.len() + heads(&newest).0.len();
    same("both pages", &(found, earlier.has_earlier), &(LARGE_COMMENTS, false))?;
    // Replies count too.
    let head = desk.say("head", None).await?;
    desk.say_all(LARGE_COMMENTS, Some(head), large).await?;
    let page = desk.threads(None, LARGE_COMMENTS).await?;
    same(
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

/// The same for the replies of one thread.
pub async fn a_page_of_replies_ends_at_its_most_bytes(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let head = desk.say("head", None).await?;
    desk.say_all(LARGE_COMMENTS, Some(head), large).await?;
    let first = desk.thread(head, None, LARGE_COMMENTS).await?;
    let first = first.ok_or_else(|| Violation::new("the thread shows, and is not found"))?;
    let is_within = bytes(&first.replies) <= MAX_PAGE_BYTES;
    same("the first page", &(is_within, first.has_more_replies), &(true, true))?;
    let after = first.replies.last().map(|reply| reply.id);
    let rest = desk.thread(head, after, LARGE_COMMENTS).await?;
    let rest = rest.map(|rest| (first.replies.len() + rest.replies.len(), rest.has_more_replies));
    same("both pages", &rest, &Some((LARGE_COMMENTS, false)))
}
