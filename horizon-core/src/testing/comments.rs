//! The checks of a [`CommentStore`](crate::CommentStore).

pub use super::paging::{
    a_page_of_replies_is_limited_in_bytes, a_page_of_threads_is_limited_in_bytes,
    a_thread_has_its_first_replies_and_a_flag_for_more, an_unknown_after_returns_no_replies, replies_page_forwards,
    thread_returns_only_visible_threads,
};

use super::comment_fixture::{CommentFixture, bodies, heads};
use super::event_factory::{limit, page_topic, slug};
use super::{StoreHarness, Violation, expect_eq, suite};
use crate::{Comment, DEDUPE_WINDOW, EventId, ReaderId, Stats, StatsStoreExt, ThreadPage, Visibility};

suite! { $
    /// Generates the tests of a [`CommentStore`](crate::CommentStore); see [`store_suite!`](crate::store_suite).
    /// `make` is an async function that returns a new [`StoreHarness`](crate::testing::StoreHarness).
    comments_suite, comments:
    a_comment_reads_back_as_it_was_written
    a_repeated_comment_is_stored_once_even_after_its_id_expired
    threads_are_listed_oldest_first_and_page_backwards
    has_earlier_counts_only_visible_threads
    an_unknown_before_returns_nothing
    comments_are_ordered_by_arrival
    replies_are_listed_under_their_parent_oldest_first
    a_reply_with_an_invalid_parent_becomes_a_top_level_comment
    a_thread_has_its_first_replies_and_a_flag_for_more
    replies_page_forwards
    thread_returns_only_visible_threads
    an_unknown_after_returns_no_replies
    a_page_of_threads_is_limited_in_bytes
    a_page_of_replies_is_limited_in_bytes
    a_pending_comment_is_hidden_and_not_counted
    a_removed_comment_is_hidden_and_not_counted
    a_removed_head_with_replies_is_blank
    a_pending_head_with_replies_is_blank
    a_repeated_verdict_changes_nothing
    a_verdict_from_another_page_is_ignored
    the_latest_verdict_wins_in_any_order
    newest_comments_are_the_shown_ones_including_replies
    recent_comments_cover_every_page_and_visibility
    reply_count_includes_hidden_replies
}

/// All fields and any text are stored unchanged.
pub async fn a_comment_reads_back_as_it_was_written(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let body = "<b>'quoted' \"text\"</b>;\n\t%_\\ \u{1f600} e\u{301} 👩\u{200d}💻";
    let at = fixture.factory.now();
    let head = fixture.post(body, None).await?;
    let reply = fixture.post("reply", Some(head)).await?;
    let mut want = Comment::new(head, fixture.slug.clone(), ReaderId::from_u128(7), at);
    (want.author, want.body) = ("Ada".into(), body.into());
    expect_eq("the comment", &fixture.comment(head).await?.as_ref(), &Some(&want))?;
    let page = fixture.threads(None, 1).await?;
    expect_eq("on the page", &page.threads.first().map(|t| &t.head), &Some(&want))?;
    expect_eq(
        "the reply",
        &fixture.comment(reply).await?.and_then(|c| c.parent),
        &Some(head),
    )?;
    expect_eq("no comment", &fixture.comment(EventId::from_u128(1)).await?, &None)
}

/// A repeated event adds no second comment, also after `expire`.
pub async fn a_repeated_comment_is_stored_once_even_after_its_id_expired(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let event = fixture.factory.comment(&fixture.slug, "once", None)?;
    fixture.apply(event.clone()).await?;
    fixture.apply(event.clone()).await?;
    fixture.expect_page("a repeat", &[("once", &[])], 1).await?;
    let later = event.at.plus(DEDUPE_WINDOW * 2);
    fixture.harness.open().await?.expire(later).await?;
    fixture.apply(event).await?;
    fixture
        .expect_page("a repeat of a forgotten id", &[("once", &[])], 1)
        .await
}

/// The first page has the newest threads, oldest first; `before` pages to the oldest.
pub async fn threads_are_listed_oldest_first_and_page_backwards(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    for body in ["a", "b", "c", "d", "e"] {
        let head = fixture.post(body, None).await?;
        fixture.post("reply", Some(head)).await?;
        fixture.post_pending("pending", None).await?;
        fixture.post_elsewhere("elsewhere").await?;
    }
    let mut before = None;
    for want in [
        (vec!["d", "e"], true),
        (vec!["b", "c"], true),
        (vec!["a"], false),
        (vec![], false),
    ] {
        let page = fixture.threads(before, 2).await?;
        expect_eq("a page of two", &heads(&page), &want)?;
        before = page.threads.first().map(|thread| thread.head.id).or(before);
    }
    expect_eq(
        "exactly all",
        &heads(&fixture.threads(None, 5).await?),
        &(vec!["a", "b", "c", "d", "e"], false),
    )
}

/// Hidden threads are not counted; a blank head with replies is.
pub async fn has_earlier_counts_only_visible_threads(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let removed = fixture.post("removed", None).await?;
    fixture.moderate(removed, Visibility::Removed).await?;
    let pending = fixture.post_pending("pending", None).await?;
    fixture.post("shown", None).await?;
    expect_eq(
        "both earlier ones are hidden",
        &heads(&fixture.threads(None, 1).await?),
        &(vec!["shown"], false),
    )?;
    fixture.post("reply", Some(pending)).await?;
    expect_eq(
        "one has a reply",
        &heads(&fixture.threads(None, 1).await?),
        &(vec!["shown"], true),
    )
}

/// An unknown `before` returns an empty page.
pub async fn an_unknown_before_returns_nothing(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    fixture.post("a", None).await?;
    let unknown = Some(EventId::from_u128(u128::MAX));
    expect_eq("the page", &fixture.threads(unknown, 9).await?, &ThreadPage::default())?;
    let found = fixture
        .harness
        .open()
        .await?
        .recent_comments(None, unknown, limit(9))
        .await?;
    expect_eq("the fixture", &bodies(&found), &vec![])
}

/// A comment that was written earlier and arrives later is listed later.
pub async fn comments_are_ordered_by_arrival(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let early = fixture.factory.comment(&fixture.slug, "written first", None)?;
    fixture.factory.advance(std::time::Duration::from_secs(60));
    fixture.post("arrived first", None).await?;
    fixture.apply(early).await?;
    expect_eq(
        "the order",
        &heads(&fixture.threads(None, 9).await?).0,
        &vec!["arrived first", "written first"],
    )
}

/// Replies are not threads.
pub async fn replies_are_listed_under_their_parent_oldest_first(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let (one, two) = (fixture.post("one", None).await?, fixture.post("two", None).await?);
    for (body, parent) in [("1a", one), ("2a", two), ("1b", one)] {
        fixture.post(body, Some(parent)).await?;
    }
    fixture.post_pending("pending", Some(one)).await?;
    fixture
        .expect_page("replies", &[("one", &["1a", "1b"]), ("two", &["2a"])], 5)
        .await
}

/// A reply to a reply, to a comment of another page or to nothing starts a thread.
pub async fn a_reply_with_an_invalid_parent_becomes_a_top_level_comment(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let head = fixture.post("head", None).await?;
    let reply = fixture.post("reply", Some(head)).await?;
    let foreign = fixture.post_elsewhere("foreign").await?;
    fixture.post("to a reply", Some(reply)).await?;
    fixture.post("to another page", Some(foreign)).await?;
    fixture.post("to nothing", Some(EventId::from_u128(1))).await?;
    let alone: &[&str] = &[];
    let want = [
        ("head", ["reply"].as_slice()),
        ("to a reply", alone),
        ("to another page", alone),
        ("to nothing", alone),
    ];
    fixture.expect_page("invalid parents", &want, 5).await
}

/// A pending comment is shown and counted once a moderator shows it.
pub async fn a_pending_comment_is_hidden_and_not_counted(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let pending = fixture.post_pending("pending", None).await?;
    fixture.expect_page("while pending", &[], 0).await?;
    expect_eq("no sign to read again", &fixture.stats().await?.comments_revision, &0)?;
    expect_eq(
        "its state",
        &fixture.comment(pending).await?.map(|c| c.visibility),
        &Some(Visibility::Pending),
    )?;
    fixture.moderate(pending, Visibility::Shown).await?;
    fixture.expect_page("once shown", &[("pending", &[])], 1).await?;
    expect_eq("a sign to read again", &fixture.stats().await?.comments_revision, &1)
}

/// A removed comment returns to its place when it is shown again.
pub async fn a_removed_comment_is_hidden_and_not_counted(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let (one, _) = (fixture.post("one", None).await?, fixture.post("two", None).await?);
    fixture.moderate(one, Visibility::Removed).await?;
    fixture.expect_page("removed", &[("two", &[])], 1).await?;
    expect_eq(
        "its state",
        &fixture.comment(one).await?.map(|c| c.visibility),
        &Some(Visibility::Removed),
    )?;
    fixture.moderate(one, Visibility::Shown).await?;
    fixture
        .expect_page("restored", &[("one", &[]), ("two", &[])], 2)
        .await?;
    expect_eq("signs to read again", &fixture.stats().await?.comments_revision, &4)
}

/// A removed head keeps its thread and loses its texts.
pub async fn a_removed_head_with_replies_is_blank(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let head = fixture.post("head", None).await?;
    let reply = fixture.post("reply", Some(head)).await?;
    fixture.moderate(head, Visibility::Removed).await?;
    fixture
        .expect_page("the head is removed", &[("", &["reply"])], 1)
        .await?;
    expect_eq(
        "the head",
        &fixture.first_head().await?,
        &Some((String::new(), Visibility::Removed)),
    )?;
    fixture.moderate(reply, Visibility::Removed).await?;
    fixture.expect_page("the reply too", &[], 0).await
}

/// A pending head keeps its thread and loses its texts.
pub async fn a_pending_head_with_replies_is_blank(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let head = fixture.post_pending("head", None).await?;
    fixture.post("reply", Some(head)).await?;
    fixture.expect_page("a pending head", &[("", &["reply"])], 1).await?;
    expect_eq(
        "the head",
        &fixture.first_head().await?,
        &Some((String::new(), Visibility::Pending)),
    )?;
    fixture.moderate(head, Visibility::Shown).await?;
    fixture.expect_page("once shown", &[("head", &["reply"])], 2).await
}

/// The same verdict twice counts once.
pub async fn a_repeated_verdict_changes_nothing(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let (one, _) = (fixture.post("one", None).await?, fixture.post("two", None).await?);
    for (verdict, counted) in [(Visibility::Removed, 1), (Visibility::Shown, 2)] {
        fixture.moderate(one, verdict).await?;
        fixture.moderate(one, verdict).await?;
        expect_eq("the count", &fixture.stats().await?.comments, &counted)?;
    }
    Ok(())
}

/// A verdict applies only to a comment of its own page.
pub async fn a_verdict_from_another_page_is_ignored(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let comment = fixture.post("stays", None).await?;
    let other = slug("elsewhere")?;
    let event = fixture.factory.moderate(&other, comment, Visibility::Removed);
    fixture.apply(event).await?;
    fixture
        .expect_page("another page's verdict", &[("stays", &[])], 1)
        .await?;
    let total = fixture.harness.open().await?.total(&page_topic("elsewhere")?).await?;
    expect_eq("the other page", &total.stats, &Stats::default())
}

/// An older verdict that arrives later changes nothing.
pub async fn the_latest_verdict_wins_in_any_order(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let comment = fixture.post("comment", None).await?;
    let early = fixture.factory.moderate(&fixture.slug, comment, Visibility::Shown);
    fixture.moderate(comment, Visibility::Removed).await?;
    fixture.apply(early).await?;
    fixture.expect_page("removed last", &[], 0).await?;
    expect_eq("one sign to read again", &fixture.stats().await?.comments_revision, &2)
}

/// `newest_comments` returns the shown comments of one page, newest first.
pub async fn newest_comments_are_the_shown_ones_including_replies(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let one = fixture.post("one", None).await?;
    let removed = fixture.post("removed", None).await?;
    fixture.moderate(removed, Visibility::Removed).await?;
    fixture.post("reply", Some(one)).await?;
    fixture.post_pending("pending", None).await?;
    fixture.post_elsewhere("elsewhere").await?;
    for (max, want) in [(9, vec!["reply", "one"]), (1, vec!["reply"])] {
        let newest = fixture
            .harness
            .open()
            .await?
            .newest_comments(&fixture.slug, limit(max))
            .await?;
        expect_eq(&format!("the newest {max}"), &bodies(&newest), &want)?;
    }
    Ok(())
}

/// `recent_comments` returns all comments or those of one visibility, newest first, page by page.
pub async fn recent_comments_cover_every_page_and_visibility(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let shown = fixture.post("shown", None).await?;
    fixture.post_pending("pending", Some(shown)).await?;
    let foreign = fixture.post_elsewhere("foreign").await?;
    fixture.post_pending("also pending", None).await?;
    let pending = Some(Visibility::Pending);
    for (what, only, before, max, want) in [
        (
            "all",
            None,
            None,
            9,
            vec!["also pending", "foreign", "pending", "shown"],
        ),
        ("two", None, None, 2, vec!["also pending", "foreign"]),
        ("two older", None, Some(foreign), 2, vec!["pending", "shown"]),
        ("pending ones", pending, None, 9, vec!["also pending", "pending"]),
        ("older pending ones", pending, Some(foreign), 9, vec!["pending"]),
        ("removed ones", Some(Visibility::Removed), None, 9, vec![]),
    ] {
        let found = fixture
            .harness
            .open()
            .await?
            .recent_comments(only, before, limit(max))
            .await?;
        expect_eq(what, &bodies(&found), &want)?;
    }
    Ok(())
}

/// Pending and removed replies count.
pub async fn reply_count_includes_hidden_replies(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut fixture = CommentFixture::new(harness)?;
    let (head, other) = (fixture.post("head", None).await?, fixture.post("other", None).await?);
    fixture.post("reply", Some(head)).await?;
    fixture.post_pending("pending", Some(head)).await?;
    let removed = fixture.post("removed", Some(head)).await?;
    fixture.moderate(removed, Visibility::Removed).await?;
    expect_eq(
        "three replies",
        &fixture.harness.open().await?.reply_count(head).await?,
        &3,
    )?;
    expect_eq("no reply", &fixture.harness.open().await?.reply_count(other).await?, &0)
}
