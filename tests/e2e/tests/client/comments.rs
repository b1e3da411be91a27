//! The comment form and the list of recent comments.

use horizon_test_support::{Browser, browser_test_with};

use crate::{host::moderated_host, play};

const AUTHOR: &str = "form[data-horizon=comment] [name=author]";
const BODY: &str = "form[data-horizon=comment] [name=body]";
const SEND: &str = "form[data-horizon=comment] button";

pub(crate) async fn writes(reader: &Browser, author: &str, words: &str) -> anyhow::Result<()> {
    reader.type_into(AUTHOR, author).await?;
    reader.type_into(BODY, words).await?;
    reader.click(SEND).await
}

/// Waits until the list has these lines.
pub(crate) async fn lists(reader: &Browser, lines: &str) -> anyhow::Result<()> {
    let script = format!(
        "const lines = [...document.querySelectorAll('[data-horizon=comment-list] > li')];
        return lines.map(e => e.textContent.trim()).join('|') === {}",
        serde_json::json!(lines)
    );
    reader.wait_for(&format!("the list reads `{lines}`"), &script).await
}

async fn wait_for_text(reader: &Browser, part: &str) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('form [role=status]').textContent.includes('{part}')");
    reader.wait_for(&format!("the form shows `{part}`"), &script).await
}

#[test]
fn a_comment_is_sent_and_shows_in_both_browsers() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        writes(&ben, "Ben", "good **day**").await?;
        wait_for_text(&ben, "Thank you").await?;
        ben.wait_for(
            "the form is empty again",
            "return [...document.querySelectorAll('input, textarea')].every(field => field.value === '')",
        )
        .await?;
        for reader in [&ada, &ben] {
            lists(reader, "Bengood day").await?;
            reader.wait_for_number("comments", 1).await?;
            reader
                .wait_for(
                    "its text is markup",
                    "return document.querySelector('li strong').textContent === 'day'",
                )
                .await?;
        }
        writes(&ada, "", "hello").await?;
        lists(&ben, "Someonehello|Bengood day").await
    })
}

#[test]
fn the_badge_of_an_author_is_shown() -> anyhow::Result<()> {
    play(2, async |test| {
        let grace = test.browser("Grace").await?;
        let ben = test.browser("Ben").await?;
        grace.open("/").await?;
        grace.script("document.cookie = 'staff=Grace; path=/'", &[]).await?;
        grace.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        writes(&grace, "Mallory", "hello").await?;
        lists(&ben, "Grace Staffhello").await?;
        let script = "return document.querySelector('li .badge').textContent === 'Staff'";
        ben.wait_for("the badge has a class", script).await
    })
}

#[test]
fn a_hostile_comment_is_text() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        writes(&ada, "<i onclick=alert()>Eve", "<img src=x onerror=alert()>").await?;
        lists(&ada, "<i onclick=alert()>Eve<img src=x onerror=alert()>").await?;
        ada.wait_for(
            "nothing of it is markup",
            "return !document.querySelector('li i, li img')",
        )
        .await
    })
}

#[test]
fn a_rejected_comment_stays_in_the_form_with_the_reason() -> anyhow::Result<()> {
    play(1, async |test| {
        test.expect_in_console("status of 422");
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        let name = "n".repeat(81);
        writes(&ada, &name, "kept words").await?;
        wait_for_text(&ada, "author ").await?;
        ada.wait_for(
            "the words are kept",
            &format!("return document.querySelector('{BODY}').value === 'kept words'"),
        )
        .await
    })
}

#[test]
fn a_comment_whose_response_was_lost_is_stored_once_after_a_retry() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.script(
            "const real = window.fetch;
             window.fetch = async (...given) => {
                 window.fetch = real;
                 await real(...given);
                 throw new TypeError('lost');
             }",
            &[],
        )
        .await?;
        writes(&ada, "Ada", "once").await?;
        wait_for_text(&ada, "again").await?;
        lists(&ada, "Adaonce").await?;
        ada.click(SEND).await?;
        wait_for_text(&ada, "Thank you").await?;
        writes(&ada, "Ada", "once").await?;
        lists(&ada, "Adaonce|Adaonce").await?;
        ada.wait_for_number("comments", 2).await
    })
}

#[test]
fn a_pending_comment_is_shown_as_pending() -> anyhow::Result<()> {
    browser_test_with(1, moderated_host, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        writes(&ada, "Ada", "may I?").await?;
        wait_for_text(&ada, "once it is approved").await?;
        ada.wait_for_number("comments", 0).await?;
        lists(&ada, "").await
    })
}

#[test]
fn a_template_defines_the_markup_of_a_comment() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.script(
            "const template = document.createElement('template'), item = document.createElement('li');
             const body = document.createElement('p'), author = document.createElement('em');
             body.dataset.horizon = 'body';
             author.dataset.horizon = 'author';
             item.append(body, 'by ', author);
             template.content.append(item);
             document.querySelector('[data-horizon=comment-list]').append(template)",
            &[],
        )
        .await?;
        writes(&ada, "Ada", "first").await?;
        lists(&ada, "first\nby Ada").await?;
        writes(&ada, "Ben", "second").await?;
        lists(&ada, "second\nby Ben|first\nby Ada").await
    })
}
