//! The event stream of the page, shared by all islands.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use js_sys::Function;
use reactive_graph::{prelude::*, signal::ArcRwSignal};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventSource, MessageEvent};

use super::{comments::LiveComment, dom, js, stream_health::StreamHealth};

/// The base path of the HTTP API.
pub(crate) const BASE: &str = "/horizon";

/// The interval of the checks of the stream's health.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The types of messages, and the events of the stream itself.
const EVENTS: [&str; 5] = ["live", "site", "comments", "open", "error"];

thread_local! {
    static LIVE: LiveStream = LiveStream::new();
}

/// The numbers of a page or of the site, as `horizon_core::wire::PageStats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveStats {
    pub(crate) viewers: u64,
    pub(crate) visits: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
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

struct LiveStream {
    signals: LiveSignals,
    health: RefCell<StreamHealth>,
    source: RefCell<Option<EventSource>>,
    on_event: Function,
    is_started: Cell<bool>,
}

/// Returns the signals. The first call opens the stream.
pub(crate) fn signals() -> LiveSignals {
    LIVE.with(|live| {
        if !live.is_started.replace(true) {
            live.open(false);
            add_handlers();
        }
        live.signals.clone()
    })
}

/// Returns the slug of the page if it is a post.
pub(crate) fn slug() -> Option<String> {
    dom::find("main[data-slug]")?.get_attribute("data-slug")
}

/// Returns the URL `{BASE}/{route}/{slug}`.
pub(crate) fn api_url(route: &str, slug: &str) -> String {
    [BASE, "/", route, "/", slug].concat()
}

/// Reopens the stream when it is lost, when the network changes and when the page becomes visible.
fn add_handlers() {
    dom::every(CHECK_INTERVAL, || {
        LIVE.with(|live| live.reopen_if(StreamHealth::is_due));
    });
    let window = dom::window();
    let document = dom::document();
    dom::on(&document, "visibilitychange", |_| {
        if !dom::document().hidden() {
            LIVE.with(|live| live.reopen_if(StreamHealth::is_due_on_return));
        }
    });
    // A stream from before a change of the network may be dead without an error.
    dom::on(&window, "online", |_| LIVE.with(|live| live.reopen_if(|_, _| true)));
    // A page in the back-forward cache has no viewer.
    dom::on(&window, "pagehide", |_| LIVE.with(LiveStream::close));
    dom::on(&window, "pageshow", |event| {
        if js::get(&event, "persisted").is_truthy() {
            LIVE.with(|live| live.open(true));
        }
    });
}

impl LiveStream {
    fn new() -> Self {
        Self {
            signals: LiveSignals::default(),
            health: RefCell::default(),
            source: RefCell::default(),
            on_event: dom::callback(Box::new(|event| {
                LIVE.with(|live| live.handle_event(event.unchecked_ref()));
            })),
            is_started: Cell::default(),
        }
    }

    /// Opens a stream and closes the previous one. `again`: this page had a stream before.
    fn open(&self, again: bool) {
        self.close();
        self.health.borrow_mut().opening(js::now());
        let mut url = match slug() {
            Some(slug) => api_url("live", &slug),
            None => [BASE, "/live"].concat(),
        };
        if again {
            url.push_str("?again=1");
        }
        let Ok(source) = EventSource::new(&url) else { return };
        for event in EVENTS {
            let _ = source.add_event_listener_with_callback(event, &self.on_event);
        }
        self.source.replace(Some(source));
    }

    fn close(&self) {
        if let Some(source) = self.source.take() {
            source.close();
        }
    }

    fn reopen_if(&self, is_due: impl Fn(&StreamHealth, i64) -> bool) {
        let now = js::now();
        if self.source.borrow().is_some() && is_due(&self.health.borrow(), now) {
            self.open(true);
        }
        self.update_stale(now);
    }

    fn handle_event(&self, event: &Event) {
        let now = js::now();
        let name = event.type_();
        if name == "error" {
            self.handle_error(now);
        } else {
            self.health.borrow_mut().received(now);
            if let Some(message) = event.dyn_ref::<MessageEvent>() {
                self.handle_message(&name, &js::parse(&message.data().as_string().unwrap_or_default()));
            }
        }
        self.update_stale(now);
    }

    fn handle_error(&self, now: i64) {
        let closed = self
            .source
            .borrow()
            .as_ref()
            .is_some_and(|source| source.ready_state() == EventSource::CLOSED);
        let mut health = self.health.borrow_mut();
        if closed {
            health.rejected(now, js_sys::Math::random());
        } else {
            health.disconnected(now);
        }
    }

    fn handle_message(&self, name: &str, data: &JsValue) {
        if name == "comments" {
            return self
                .signals
                .comments
                .set(js::items(data).map(|item| LiveComment::from_js(&item)).collect());
        }
        let signal = if name == "live" && slug().is_some() {
            &self.signals.page
        } else {
            &self.signals.site
        };
        signal.set(Some(LiveStats {
            viewers: js::count(data, "viewers"),
            visits: js::count(data, "visits"),
            likes: js::count(data, "likes"),
            comments: js::count(data, "comments"),
        }));
    }

    fn update_stale(&self, now: i64) {
        let stale = self.health.borrow().is_stale(now);
        if self.signals.stale.get_untracked() != stale {
            self.signals.stale.set(stale);
        }
    }
}
