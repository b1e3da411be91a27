//! What every [`CommentStore`](crate::Comments) keeps.

pub use super::paging::{
    a_page_of_replies_ends_at_its_most_bytes, a_page_of_threads_ends_at_its_most_bytes,
    a_thread_alone_is_there_only_if_it_shows, a_thread_shows_its_first_replies_and_whether_more_follow,
    nothing_comes_after_a_reply_that_the_page_does_not_have, the_replies_of_a_thread_page_forwards,
};

use super::desk::{Desk, bodies, heads};
use super::script::{limit, page, slug};
use super::{StoreHarness, Violation, same, suite};
use crate::{Comment, DEDUPE_WINDOW, EventId, ReaderId, Stats, StatsStoreExt, ThreadPage, Visibility};

suite! { $
    /// Proves a [`CommentStore`](crate::Comments): `make` is an async function that answers a fresh
    /// [`StoreHarness`](crate::testing::StoreRig).
    #[doc = include_str!("stores.md")]
    comments_suite, comments:
    a_comment_reads_back_as_it_was_written
    a_comment_is_kept_once_also_when_its_id_is_forgotten
    threads_come_oldest_first_and_page_backwards
    has_earlier_counts_only_threads_that_show
    an_unknown_before_has_nothing_older
    a_late_comment_moves_no_other
    replies_stand_under_their_parent_oldest_first
    what_cannot_be_a_reply_stands_at_the_top
    a_thread_shows_its_first_replies_and_whether_more_follow
    the_replies_of_a_thread_page_forwards
    a_thread_alone_is_there_only_if_it_shows
    nothing_comes_after_a_reply_that_the_page_does_not_have
    a_page_of_threads_ends_at_its_most_bytes
    a_page_of_replies_ends_at_its_most_bytes
    a_held_comment_counts_and_shows_only_once_it_is_shown
    a_removed_comment_neither_shows_nor_counts
    a_removed_head_with_shown_replies_stays_blank
    a_waiting_head_with_shown_replies_stays_blank
    moderating_twice_counts_once
    moderation_from_another_page_does_nothing
    of_verdicts_the_latest_holds_whichever_comes_last
    the_newest_are_those_shown_replies_included
    the_desk_sees_every_page_and_state
    replies_are_counted_whatever_their_state
}

/// Every field, and any text.
pub async fn a_comment_reads_back_as_it_was_written(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let body = "<b>'quoted' \"text\"</b>;\n\t%_\\ \u{1f600} e\u{301} \u{202e}";
    let at = desk.script.now();
    let head = desk.say(body, None).await?;
    let reply = desk.say("reply", Some(head)).await?;
    let mut want = Comment::new(head, desk.slug.clone(), ReaderId::from_u128(7), at);
    (want.author, want.body) = ("Ada".into(), body.into());
    same("the comment", &desk.find(head).await?.as_ref(), &Some(&want))?;
    let page = desk.threads(None, 1).await?;
    same("on the page", &page.threads.first().map(|t| &t.head), &Some(&want))?;
    same(
        "the reply",
        &desk.find(reply).await?.and_then(|c| c.parent),
        &Some(head),
    )?;
    same("no comment", &desk.find(EventId::from_u128(1)).await?, &None)
}

/// A repeat adds no second comment, whether or not its id is still remembered.
pub async fn a_comment_is_kept_once_also_when_its_id_is_forgotten(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let event = desk.script.comment(&desk.slug, "once", None)?;
    desk.apply(event.clone()).await?;
    desk.apply(event.clone()).await?;
    desk.expect("a repeat", &[("once", &[])], 1).await?;
    let later = event.at.plus(DEDUPE_WINDOW * 2);
    desk.rig.open().await?.expire(later).await?;
    desk.apply(event).await?;
    desk.expect("a repeat of a forgotten id", &[("once", &[])], 1).await
}

/// The newest page first, oldest thread first on it; `before` leads back until nothing is earlier.
pub async fn threads_come_oldest_first_and_page_backwards(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    for body in ["a", "b", "c", "d", "e"] {
        let head = desk.say(body, None).await?;
        desk.say("reply", Some(head)).await?;
        desk.hold("waits", None).await?;
        desk.elsewhere("elsewhere").await?;
    }
    let mut before = None;
    for want in [
        (vec!["d", "e"], true),
        (vec!["b", "c"], true),
        (vec!["a"], false),
        (vec![], false),
    ] {
        let page = desk.threads(before, 2).await?;
        same("a page of two", &heads(&page), &want)?;
        before = page.threads.first().map(|thread| thread.head.id).or(before);
    }
    same(
        "exactly all",
        &heads(&desk.threads(None, 5).await?),
        &(vec!["a", "b", "c", "d", "e"], false),
    )
}

/// Where everything older is hidden nothing is earlier; a blank head above a reply shows.
pub async fn has_earlier_counts_only_threads_that_show(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let gone = desk.say("gone", None).await?;
    desk.moderate(gone, Visibility::Removed).await?;
    let waits = desk.hold("waits", None).await?;
    desk.say("shown", None).await?;
    same(
        "both earlier ones are hidden",
        &heads(&desk.threads(None, 1).await?),
        &(vec!["shown"], false),
    )?;
    desk.say("reply", Some(waits)).await?;
    same(
        "one of them has a reply",
        &heads(&desk.threads(None, 1).await?),
        &(vec!["shown"], true),
    )
}

/// A `before` that no comment has is a page without threads.
pub async fn an_unknown_before_has_nothing_older(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    desk.say("a", None).await?;
    let unknown = Some(EventId::from_u128(u128::MAX));
    same("the page", &desk.threads(unknown, 9).await?, &ThreadPage::default())?;
    let found = desk.rig.open().await?.recent_comments(None, unknown, limit(9)).await?;
    same("the desk", &bodies(&found), &vec![])
}

/// A comment stands where it arrived, even when it was written earlier.
pub async fn a_late_comment_moves_no_other(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let early = desk.script.comment(&desk.slug, "written first", None)?;
    desk.script.wait(std::time::Duration::from_secs(60));
    desk.say("came first", None).await?;
    desk.apply(early).await?;
    same(
        "the order",
        &heads(&desk.threads(None, 9).await?).0,
        &vec!["came first", "written first"],
    )
}

/// Replies are no threads of their own.
pub async fn replies_stand_under_their_parent_oldest_first(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let (one, two) = (desk.say("one", None).await?, desk.say("two", None).await?);
    for (body, parent) in [("1a", one), ("2a", two), ("1b", one)] {
        desk.say(body, Some(parent)).await?;
    }
    desk.hold("waits", Some(one)).await?;
    desk.expect("replies", &[("one", &["1a", "1b"]), ("two", &["2a"])], 5)
        .await
}

/// An answer to a reply, to another page's comment or to nothing is a thread of its own.
pub async fn what_cannot_be_a_reply_stands_at_the_top(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let head = desk.say("head", None).await?;
    let reply = desk.say("reply", Some(head)).await?;
    let foreign = desk.elsewhere("foreign").await?;
    desk.say("to a reply", Some(reply)).await?;
    desk.say("to another page", Some(foreign)).await?;
    desk.say("to nothing", Some(EventId::from_u128(1))).await?;
    let alone: &[&str] = &[];
    let want = [
        ("head", ["reply"].as_slice()),
        ("to a reply", alone),
        ("to another page", alone),
        ("to nothing", alone),
    ];
    desk.expect("answers", &want, 5).await
}

/// A comment that waits is nowhere until the author shows it.
pub async fn a_held_comment_counts_and_shows_only_once_it_is_shown(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let held = desk.hold("held", None).await?;
    desk.expect("while it waits", &[], 0).await?;
    same("no sign to read again", &desk.stats().await?.comments_revision, &0)?;
    same(
        "its state",
        &desk.find(held).await?.map(|c| c.visibility),
        &Some(Visibility::Pending),
    )?;
    desk.moderate(held, Visibility::Shown).await?;
    desk.expect("once shown", &[("held", &[])], 1).await?;
    same("a sign to read again", &desk.stats().await?.comments_revision, &1)
}

/// Removing takes it from page and count, restoring brings it back to its place.
pub async fn a_removed_comment_neither_shows_nor_counts(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let (one, _) = (desk.say("one", None).await?, desk.say("two", None).await?);
    desk.moderate(one, Visibility::Removed).await?;
    desk.expect("removed", &[("two", &[])], 1).await?;
    same(
        "its state",
        &desk.find(one).await?.map(|c| c.visibility),
        &Some(Visibility::Removed),
    )?;
    desk.moderate(one, Visibility::Shown).await?;
    desk.expect("restored", &[("one", &[]), ("two", &[])], 2).await?;
    same("signs to read again", &desk.stats().await?.comments_revision, &4)
}

/// A thread does not fall apart because its head is gone; nothing of the head's words is told.
pub async fn a_removed_head_with_shown_replies_stays_blank(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let head = desk.say("head", None).await?;
    let reply = desk.say("reply", Some(head)).await?;
    desk.moderate(head, Visibility::Removed).await?;
    desk.expect("the head is removed", &[("", &["reply"])], 1).await?;
    same(
        "the head",
        &desk.first_head().await?,
        &Some((String::new(), Visibility::Removed)),
    )?;
    desk.moderate(reply, Visibility::Removed).await?;
    desk.expect("the reply too", &[], 0).await
}

/// What the author has not shown yet is not told by what stands under it.
pub async fn a_waiting_head_with_shown_replies_stays_blank(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let head = desk.hold("head", None).await?;
    desk.say("reply", Some(head)).await?;
    desk.expect("the head waits", &[("", &["reply"])], 1).await?;
    same(
        "the head",
        &desk.first_head().await?,
        &Some((String::new(), Visibility::Pending)),
    )?;
    desk.moderate(head, Visibility::Shown).await?;
    desk.expect("once shown", &[("head", &["reply"])], 2).await
}

/// The same verdict again changes nothing.
pub async fn moderating_twice_counts_once(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let (one, _) = (desk.say("one", None).await?, desk.say("two", None).await?);
    for (verdict, counted) in [(Visibility::Removed, 1), (Visibility::Shown, 2)] {
        desk.moderate(one, verdict).await?;
        desk.moderate(one, verdict).await?;
        same("the count", &desk.stats().await?.comments, &counted)?;
    }
    Ok(())
}

/// A verdict has to name the comment's own page.
pub async fn moderation_from_another_page_does_nothing(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let comment = desk.say("stays", None).await?;
    let other = slug("elsewhere")?;
    let event = desk.script.moderate(&other, comment, Visibility::Removed);
    desk.apply(event).await?;
    desk.expect("another page's verdict", &[("stays", &[])], 1).await?;
    let total = desk.rig.open().await?.total(&page("elsewhere")?).await?;
    same("the other page", &total.stats, &Stats::default())
}

/// An earlier verdict that comes late changes nothing.
pub async fn of_verdicts_the_latest_holds_whichever_comes_last(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let comment = desk.say("comment", None).await?;
    let early = desk.script.moderate(&desk.slug, comment, Visibility::Shown);
    desk.moderate(comment, Visibility::Removed).await?;
    desk.apply(early).await?;
    desk.expect("removed last", &[], 0).await?;
    same("one sign to read again", &desk.stats().await?.comments_revision, &2)
}

/// `newest` knows only what readers may see of this page, newest first.
pub async fn the_newest_are_those_shown_replies_included(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let one = desk.say("one", None).await?;
    let gone = desk.say("gone", None).await?;
    desk.moderate(gone, Visibility::Removed).await?;
    desk.say("reply", Some(one)).await?;
    desk.hold("waits", None).await?;
    desk.elsewhere("elsewhere").await?;
    for (most, want) in [(9, vec!["reply", "one"]), (1, vec!["reply"])] {
        let newest = desk.rig.open().await?.newest(&desk.slug, limit(most)).await?;
        same(&format!("the newest {most}"), &bodies(&newest), &want)?;
    }
    Ok(())
}

/// The author finds everything, newest first, page by page, or one state only.
pub async fn the_desk_sees_every_page_and_state(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let shown = desk.say("shown", None).await?;
    desk.hold("waits", Some(shown)).await?;
    let foreign = desk.elsewhere("foreign").await?;
    desk.hold("waits too", None).await?;
    let waiting = Some(Visibility::Pending);
    for (what, only, before, most, want) in [
        ("all", None, None, 9, vec!["waits too", "foreign", "waits", "shown"]),
        ("two", None, None, 2, vec!["waits too", "foreign"]),
        ("two older", None, Some(foreign), 2, vec!["waits", "shown"]),
        ("those that wait", waiting, None, 9, vec!["waits too", "waits"]),
        ("older ones that wait", waiting, Some(foreign), 9, vec!["waits"]),
        ("removed ones", Some(Visibility::Removed), None, 9, vec![]),
    ] {
        let found = desk
            .rig
            .open()
            .await?
            .recent_comments(only, before, limit(most))
            .await?;
        same(what, &bodies(&found), &want)?;
    }
    Ok(())
}

/// A ceiling for replies counts those that wait or were removed too.
pub async fn replies_are_counted_whatever_their_state(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut desk = Desk::new(rig)?;
    let (head, other) = (desk.say("head", None).await?, desk.say("other", None).await?);
    desk.say("reply", Some(head)).await?;
    desk.hold("waits", Some(head)).await?;
    let gone = desk.say("gone", Some(head)).await?;
    desk.moderate(gone, Visibility::Removed).await?;
    same("three replies", &desk.rig.open().await?.replies(head).await?, &3)?;
    same("no reply", &desk.rig.open().await?.replies(other).await?, &0)
}
