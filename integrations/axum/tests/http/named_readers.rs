//! Readers whom the application names.

use horizon_core::wire::{PageStats, ReaderState};
use serde_json::Value;

use crate::site::AxumSite;

#[tokio::test]
async fn a_like_on_one_device_reaches_the_streams_of_the_same_reader_and_of_no_other() {
    let site = AxumSite::start().await;
    let phone = site.client().with("x-user", "ada").agent(1);
    let laptop = site.client().with("x-user", "ada").agent(2);
    let mut on_laptop = laptop.live("/live/hello").await;
    on_laptop.until("reader", |state: &ReaderState| !state.liked).await;
    let mut ben = site.client().with("x-user", "ben").live("/live/hello").await;
    ben.until("reader", |state: &ReaderState| !state.liked).await;
    let mut stranger = site.client().live("/live/hello").await;
    stranger.viewers(3).await;

    for (method, liked) in [("PUT", true), ("DELETE", false), ("PUT", true)] {
        phone.send(method, "/likes/hello", "").await;
        on_laptop
            .until("reader", |state: &ReaderState| state.liked == liked)
            .await;
    }
    let mut on_phone = phone.live("/live/hello").await;
    on_phone.until("reader", |state: &ReaderState| state.liked).await;
    for other in [&mut ben, &mut stranger] {
        loop {
            let event = other.next().await.unwrap();
            assert_ne!(event.event, "reader");
            let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
            if event.event == "live" && data["likes"] == 1 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_stream_of_the_site_has_no_reader() {
    let site = AxumSite::start().await;
    let ada = site.client().with("x-user", "ada");
    let mut live = ada.live("/live?page=hello").await;
    ada.send("PUT", "/likes/hello", "").await;
    loop {
        let event = live.next().await.unwrap();
        assert_ne!(event.event, "reader");
        if event.event == "page" && serde_json::from_str::<PageStats>(&event.data).unwrap().likes == 1 {
            break;
        }
    }
}
