//! The page's one event stream, shared by all islands.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use js_sys::Function;
use reactive_graph::{prelude::*, signal::ArcRwSignal};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventSource, MessageEvent};

use super::{dom, health::Health, js, talk::Comment};

/// Where the server has its live routes.
pub(crate) const BASE: &str = "/horizon";

/// How often the stream's health is looked at.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// What the stream calls its messages, and what happens to the stream itself.
const EVENTS: [&str; 5] = ["live", "site", "comments", "open", "error"];

thread_local! {
    static LIVE: Live = Live::new();
}

/// The numbers of a page or of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Who is here now.
    pub(crate) viewers: u64,
    /// Visits, ever.
    pub(crate) visits: u64,
    /// Readers who like it now.
    pub(crate) likes: u64,
    /// Comments that show now.
    pub(crate) comments: u64,
}

/// What the stream has said last. Nothing before its first word: until then the page shows what the server wrote.
#[derive(Clone, Default)]
pub(crate) struct Latest {
    /// The page's numbers.
    pub(crate) page: ArcRwSignal<Option<Numbers>>,
    /// The site's numbers.
    pub(crate) site: ArcRwSignal<Option<Numbers>>,
    /// The page's newest comments, newest first.
    pub(crate) comments: ArcRwSignal<Vec<Comment>>,
    /// Whether the numbers are old, because the stream is down.
    pub(crate) stale: ArcRwSignal<bool>,
}

struct Live {
    latest: Latest,
    health: RefCell<Health>,
    source: RefCell<Option<EventSource>>,
    on_event: Function,
    joined: Cell<bool>,
}

/// What the stream says; opens it for the first island that asks.
pub(crate) fn latest() -> Latest {
    LIVE.with(|live| {
        if !live.joined.replace(true) {
            live.open(false);
            watch();
        }
        live.latest.clone()
    })
}

/// The post that this page is; nothing on every other page.
pub(crate) fn slug() -> Option<String> {
    dom::find("main[data-slug]")?.get_attribute("data-slug")
}

/// The address of one of the post's routes, `{BASE}/{route}/{slug}`.
pub(crate) fn address(route: &str, slug: &str) -> String {
    [BASE, "/", route, "/", slug].concat()
}

/// Looks after the stream: by the clock, and whenever the browser says that something has changed.
fn watch() {
    dom::every(CHECK_EVERY, || LIVE.with(|live| live.reopen_if(Health::is_due)));
    let window = dom::window();
    let document = dom::document();
    dom::on(&document, "visibilitychange", |_| {
        if !dom::document().hidden() {
            LIVE.with(|live| live.reopen_if(Health::is_due_on_return));
        }
    });
    // A stream that was open before the network changed may be dead without knowing it.
    dom::on(&window, "online", |_| LIVE.with(|live| live.reopen_if(|_, _| true)));
    // A page in the back-forward cache is no reader.
    dom::on(&window, "pagehide", |_| LIVE.with(Live::close));
    dom::on(&window, "pageshow", |event| {
        if js::get(&event, "persisted").is_truthy() {
            LIVE.with(|live| live.open(true));
        }
    });
}

impl Live {
    fn new() -> Self {
        Self {
            latest: Latest::default(),
            health: RefCell::default(),
            source: RefCell::default(),
            on_event: dom::callback(Box::new(|event| LIVE.with(|live| live.hear(event.unchecked_ref())))),
            joined: Cell::default(),
        }
    }

    /// Opens a stream in place of the one that was there. `again` says that this page was here before.
    fn open(&self, again: bool) {
        self.close();
        self.health.borrow_mut().opening(js::now());
        let mut url = match slug() {
            Some(slug) => address("live", &slug),
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

    fn reopen_if(&self, is_due: impl Fn(&Health, i64) -> bool) {
        let now = js::now();
        if self.source.borrow().is_some() && is_due(&self.health.borrow(), now) {
            self.open(true);
        }
        self.tell_age(now);
    }

    fn hear(&self, event: &Event) {
        let now = js::now();
        let name = event.type_();
        if name == "error" {
            self.lost(now);
        } else {
            self.health.borrow_mut().heard(now);
            if let Some(message) = event.dyn_ref::<MessageEvent>() {
                self.take(&name, &js::parse(&message.data().as_string().unwrap_or_default()));
            }
        }
        self.tell_age(now);
    }

    fn lost(&self, now: i64) {
        let closed = self
            .source
            .borrow()
            .as_ref()
            .is_some_and(|source| source.ready_state() == EventSource::CLOSED);
        let mut health = self.health.borrow_mut();
        if closed {
            health.refused(now, js_sys::Math::random());
        } else {
            health.broke(now);
        }
    }

    fn take(&self, name: &str, data: &JsValue) {
        if name == "comments" {
            return self
                .latest
                .comments
                .set(js::items(data).map(|item| Comment::read(&item)).collect());
        }
        let signal = if name == "live" && slug().is_some() {
            &self.latest.page
        } else {
            &self.latest.site
        };
        signal.set(Some(Numbers {
            viewers: js::count(data, "viewers"),
            visits: js::count(data, "visits"),
            likes: js::count(data, "likes"),
            comments: js::count(data, "comments"),
        }));
    }

    fn tell_age(&self, now: i64) {
        let stale = self.health.borrow().is_stale(now);
        if self.latest.stale.get_untracked() != stale {
            self.latest.stale.set(stale);
        }
    }
}
