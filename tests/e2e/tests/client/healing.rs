//! Streams that are interrupted, rejected or stale.

use std::net::SocketAddr;

use horizon_test_support::{Browser, ServerUnderTest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{LIKE, host::host, play};

const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Responds 503 to every connection.
async fn reject_all(address: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(UNAVAILABLE).await;
    }
}

/// Lets a minute pass now, and again every five seconds, because a message that is still on its way ends a silence.
const SHORT_MINUTES: &str = "const now = Date.now, start = now();
    let minutes = 0;
    window.areMinutesShort = true;
    Date.now = () => {
        if (window.areMinutesShort) minutes = 1 + Math.floor((now() - start) / 5000);
        return now() + minutes * 60000;
    }";

async fn wait_for_reconnect(reader: &Browser, streams: usize) -> anyhow::Result<()> {
    let script = format!(
        "const streams = window.observed.streams;
         const last = streams.at(-1);
         return streams.length >= {streams} && last.readyState === 1 && last.url.endsWith('?again=1')"
    );
    reader.wait_for("another stream is open", &script).await
}

#[test]
fn a_page_recovers_after_a_network_outage() -> anyhow::Result<()> {
    play(2, async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.set_offline(true).await?;
        ben.click(LIKE).await?;
        ben.wait_for_number("likes", 1).await?;
        ada.set_offline(false).await?;
        wait_for_reconnect(&ada, 2).await?;
        ada.wait_for_number("likes", 1).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 0).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await
    })
}

#[test]
fn a_page_recovers_after_its_stream_was_interrupted_and_rejected() -> anyhow::Result<()> {
    play(1, async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        let address = test.server.address();
        let fresh = host(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        std::mem::replace(&mut test.server, fresh).shutdown().await?;
        tokio::select! {
            refused = reject_all(address) => refused?,
            closed = ada.wait_for(
                "the browser has closed all streams",
                "return window.observed.streams.every(stream => stream.readyState === 2)",
            ) => closed?,
        }
        test.server = host(address).await?;
        wait_for_reconnect(&ada, 2).await?;
        ada.wait_for_number("viewers", 1).await
    })
}

#[test]
fn a_page_reconnects_after_the_machine_slept() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.script(SHORT_MINUTES, &[]).await?;
        wait_for_reconnect(&ada, 2).await?;
        ada.script("window.areMinutesShort = false", &[]).await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("visits", 1).await
    })
}

/// Defines a function that returns whether a stream opens a page, and does not reopen a stream that was lost.
const IS_OPENED: &str = "window.isOpened = ({ url }, page) =>
    url.split('?')[0].endsWith(`/live/${page}`) && !url.includes('again=')";

#[test]
fn a_page_opens_again_after_half_an_hour_without_a_stream() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.script(IS_OPENED, &[]).await?;
        ada.script("const now = Date.now; Date.now = () => now() + 31 * 60000", &[])
            .await?;
        ada.wait_for(
            "a stream that is not a reopened one is open",
            "const streams = window.observed.streams;
             return streams.length === 2 && streams[1].readyState === 1 && isOpened(streams[1], 'bread')",
        )
        .await?;
        ada.script("window.horizonLive.go('soup')", &[]).await?;
        ada.wait_for(
            "the stream of the other page is open",
            "const streams = window.observed.streams;
             return streams.length === 3 && streams[2].readyState === 1 && isOpened(streams[2], 'soup')",
        )
        .await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.script(SHORT_MINUTES, &[]).await?;
        wait_for_reconnect(&ada, 4).await?;
        let later = "window.areMinutesShort = false; const now = Date.now; Date.now = () => now() + 31 * 60000";
        ada.script(later, &[]).await?;
        ada.wait_for(
            "a stream that is not a reopened one is open",
            "const last = window.observed.streams.at(-1);
             return last.readyState === 1 && isOpened(last, 'soup')",
        )
        .await
    })
}
