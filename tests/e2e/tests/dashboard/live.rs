//! LiveReaders of this moment.

use std::{net::SocketAddr, ops::RangeInclusive};

use anyhow::ensure;
use horizon_core::Slug;
use horizon_test_support::{SseStream, WebServer, browser_test_with, http, wait_until};

use crate::{
    author::DashboardReader,
    year::{options, year, yesterdays_post},
};

/// LiveReaders with a page open. They leave when this is dropped.
pub(crate) struct LiveReaders {
    _streams: Vec<SseStream>,
}

impl LiveReaders {
    /// Opens the page in the browsers of readers from a source, each with its own network.
    pub(crate) async fn open(
        address: SocketAddr,
        slug: &Slug,
        source: &str,
        readers: RangeInclusive<u8>,
    ) -> anyhow::Result<Self> {
        let mut streams = Vec::new();
        for reader in readers {
            let network = format!("10.0.0.{reader}");
            let path = format!("/horizon/live/{slug}?q=utm_source%3D{source}&w=1280");
            streams.push(http::open_stream(address, &path, &[("x-forwarded-for", &network)]).await?);
        }
        Ok(Self { _streams: streams })
    }
}

/// Waits until the dashboard shows these viewers of the site, this number of pages that are read, and these viewers of
/// the page in its own view.
async fn wait_for_viewers(author: &DashboardReader, viewers: &str, pages: usize, of_page: &str) -> anyhow::Result<()> {
    wait_until(
        &format!("the dashboard shows {viewers} and {of_page} viewers"),
        async || {
            let page = author.looks().await?;
            let shown = (
                page.viewers.as_str(),
                page.active_pages.len(),
                page.page_viewers.as_str(),
            );
            ensure!(shown == (viewers, pages, of_page), "it shows {shown:?}");
            Ok(())
        },
    )
    .await
}

#[test]
fn the_numbers_of_this_moment_change_when_a_reader_comes_and_leaves() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let (year, address) = (year().await?, test.server.address());
        let (new, old) = (&yesterdays_post(year)?.slug, &year.posts()[1].slug);
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        author.opens_the_overview().await?;
        wait_for_viewers(&author, "0", 0, "").await?;
        let first = LiveReaders::open(address, new, "mastodon", 1..=2).await?;
        wait_for_viewers(&author, "2", 1, "").await?;
        let second = LiveReaders::open(address, old, "google", 3..=3).await?;
        wait_for_viewers(&author, "3", 2, "").await?;
        drop(first);
        wait_for_viewers(&author, "1", 1, "").await?;

        author.opens(&format!("?page={old}")).await?;
        wait_for_viewers(&author, "", 0, "1").await?;
        drop(second);
        wait_for_viewers(&author, "", 0, "0").await
    })
}
