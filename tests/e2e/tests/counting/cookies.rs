//! Cookies of other scripts, and of other sites on the same host.

use horizon_test_support::{Browser, ServerUnderTest};

use crate::{
    LIKE,
    site::{ADMIN_TOKEN, CountedSite, SiteKind, test_site},
    wait_for_liked,
};

test_both_sites!(
    a_cookie_that_is_not_ascii_does_not_hide_the_like,
    two_sites_on_one_host_have_one_like_each,
    a_reader_with_the_cookie_of_an_older_version_keeps_the_like,
);

/// Sets a cookie that is not ASCII, as any other script of the site may do.
const SET_COOKIE: &str = "document.cookie = 'city=Zürich; path=/'";

fn a_cookie_that_is_not_ascii_does_not_hide_the_like(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(&test.server.page("hello")).await?;
        ada.script(SET_COOKIE, &[]).await?;
        ada.click(LIKE).await?;
        for _ in 0..2 {
            wait_for_liked(&ada, true).await?;
            ada.wait_for_number("likes", 1).await?;
            ada.reload().await?;
        }
        wait_for_liked(&ada, true).await?;
        ada.click(LIKE).await?;
        wait_for_liked(&ada, false).await?;
        ada.wait_for_number("likes", 0).await
    })
}

fn two_sites_on_one_host_have_one_like_each(kind: SiteKind) -> anyhow::Result<()> {
    test_site(kind, 1, async |test| {
        let other = CountedSite::start(kind).await?;
        test.expect_host(other.address().to_string());
        let page = test.server.page("hello");
        let sites = [test.server.address(), other.address()].map(|address| format!("http://{address}{page}"));
        let ada = test.browser("Ada").await?;
        for site in &sites {
            ada.open_live(site).await?;
            ada.click(LIKE).await?;
            wait_for_liked(&ada, true).await?;
            ada.wait_for_number("likes", 1).await?;
        }
        for site in &sites {
            ada.open_live(site).await?;
            wait_for_liked(&ada, true).await?;
            ada.wait_for_number("likes", 1).await?;
        }
        for site in &sites {
            ada.open_live(site).await?;
            ada.click(LIKE).await?;
            wait_for_liked(&ada, false).await?;
            ada.wait_for_number("likes", 0).await?;
        }
        // The other site ends here.
        ada.leave().await
    })
}

fn a_reader_with_the_cookie_of_an_older_version_keeps_the_like(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(&test.server.page("hello")).await?;
        ada.click(LIKE).await?;
        wait_for_liked(&ada, true).await?;
        ada.rename_cookies("horizon_reader").await?;
        ada.reload().await?;
        wait_for_liked(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.click(LIKE).await?;
        wait_for_liked(&ada, false).await?;
        ada.wait_for_number("likes", 0).await
    })
}

#[test]
fn an_author_with_a_cookie_that_is_not_ascii_stays_signed_in() -> anyhow::Result<()> {
    test_site(SiteKind::Blog, 1, async |test| {
        let author = test.browser("Author").await?;
        author.open("/admin").await?;
        author.type_into(r#"input[name="token"]"#, ADMIN_TOKEN).await?;
        author.click(r#"form[action="/admin/login"] [type="submit"]"#).await?;
        wait_for_sign_out(&author).await?;
        author.script(SET_COOKIE, &[]).await?;
        author.open("/admin").await?;
        wait_for_sign_out(&author).await
    })
}

async fn wait_for_sign_out(author: &Browser) -> anyhow::Result<()> {
    let script = r#"return !!document.querySelector('a[href="/cluster"]')"#;
    author.wait_for("the author is signed in", script).await
}
