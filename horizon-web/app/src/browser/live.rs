//! The event stream of the page, shared by all islands.

use std::{cell::Cell, time::Duration};

use js_sys::{Array, Function};
use reactive_graph::{prelude::*, signal::ArcRwSignal};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

use super::{comments::LiveComment, dom, js, stats};

/// The base path of the HTTP API.
pub(crate) const BASE: &str = "/horizon";

/// The interval of the checks whether the numbers are stale.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

// `cargo xtask bundle` adds the module to the script of the bundle.
#[wasm_bindgen(module = "horizon-stream")]
extern "C" {
    /// A stream that is open while the reader sees the page: `eventhorizon/src/client/stream.js`.
    #[derive(Clone)]
    type ReaderStream;

    /// Returns a closed stream. `on_message` gets the type and the value of each message.
    #[wasm_bindgen(js_name = liveStream)]
    fn reader_stream(on_message: &Function) -> ReaderStream;

    #[wasm_bindgen(method)]
    fn open(this: &ReaderStream, address: &str, pages: &Array);

    #[wasm_bindgen(method, js_name = isStale)]
    fn is_stale(this: &ReaderStream) -> bool;
}

thread_local! {
    static LIVE: LiveStream = LiveStream::default();
}

/// The numbers of a page or of the site, as `horizon_core::wire::PageStats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveStats {
    pub(crate) viewers: u64,
    pub(crate) visits: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
}

impl LiveStats {
    fn from_js(value: &JsValue) -> Self {
        Self {
            viewers: js::count(value, "viewers"),
            visits: js::count(value, "visits"),
            likes: js::count(value, "likes"),
            comments: js::count(value, "comments"),
        }
    }
}

/// The latest values from the stream.
#[derive(Clone, Default)]
pub(crate) struct LiveSignals {
    /// The numbers of the page; `None` before the first message.
    pub(crate) page: ArcRwSignal<Option<LiveStats>>,
    /// The numbers of the site; `None` before the first message.
    pub(crate) site: ArcRwSignal<Option<LiveStats>>,
    /// The newest comments of the page, newest first.
    pub(crate) comments: ArcRwSignal<Vec<LiveComment>>,
    /// Whether the numbers are old because the stream is down.
    pub(crate) stale: ArcRwSignal<bool>,
}

#[derive(Default)]
struct LiveStream {
    signals: LiveSignals,
    is_started: Cell<bool>,
}

/// Returns the signals. The first call opens the stream.
pub(crate) fn signals() -> LiveSignals {
    LIVE.with(|live| {
        if !live.is_started.replace(true) {
            live.start();
        }
        live.signals.clone()
    })
}

/// Returns the slug of the page if it is a post.
pub(crate) fn slug() -> Option<String> {
    dom::find("main[data-slug]")?.get_attribute("data-slug")
}

/// Returns the URL path of the page's name.
fn page_path() -> String {
    let body = dom::find("body");
    body.and_then(|body| body.get_attribute("data-page"))
        .unwrap_or_default()
}

/// Returns the URL `{BASE}/{route}/{slug}`.
pub(crate) fn api_url(route: &str, slug: &str) -> String {
    [BASE, "/", route, "/", slug].concat()
}

/// Returns the slugs of the cards: fewer than a stream may have.
fn card_slugs() -> Array {
    let slugs = Array::new();
    if let Some(list) = stats::card_list() {
        dom::each(&list, "[data-slug]", |card| {
            slugs.push(&JsValue::from(card.get_attribute("data-slug")));
        });
    }
    slugs
}

fn handle_message(name: &JsValue, data: &JsValue) {
    LIVE.with(|live| live.handle_message(&name.as_string().unwrap_or_default(), data));
}

impl LiveStream {
    fn start(&self) {
        let on_message =
            Closure::wrap(Box::new(|name: JsValue, data: JsValue| handle_message(&name, &data))
                as Box<dyn FnMut(JsValue, JsValue)>);
        let stream = reader_stream(on_message.as_ref().unchecked_ref());
        on_message.forget();
        stream.open(&api_url("live", &page_path()), &card_slugs());
        let stale = self.signals.stale.clone();
        dom::every(CHECK_INTERVAL, move || {
            let is_stale = stream.is_stale();
            if stale.get_untracked() != is_stale {
                stale.set(is_stale);
            }
        });
    }

    fn handle_message(&self, name: &str, data: &JsValue) {
        match name {
            "comments" => {
                let comments = js::items(data).map(|item| LiveComment::from_js(&item));
                self.signals.comments.set(comments.collect());
            }
            "page" => {
                let slug = js::text(data, "page").unwrap_or_default();
                stats::show_card(&slug, &LiveStats::from_js(data));
            }
            "live" | "site" => {
                let signal = if name == "live" {
                    &self.signals.page
                } else {
                    &self.signals.site
                };
                signal.set(Some(LiveStats::from_js(data)));
            }
            // The blog names no readers.
            _ => {}
        }
    }
}
