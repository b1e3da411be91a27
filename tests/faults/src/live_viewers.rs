//! Viewers that keep a live stream open and reconnect as a browser does.

use std::{net::SocketAddr, time::Duration};

use horizon_core::{
    Topic,
    wire::{self, PageStats},
};
use horizon_test_support::http;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::counts::PageTotals;

/// The wait before a reconnection, unless the stream sets another one.
const RETRY: Duration = Duration::from_secs(3);

/// What a viewer sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownStats {
    /// Whether the stream is open and has sent numbers since.
    pub(crate) is_live: bool,
    /// The latest numbers.
    pub(crate) numbers: Option<PageStats>,
}

/// A viewer of a page.
#[derive(Debug)]
pub(crate) struct FaultViewer {
    pub(crate) topic: Topic,
    /// The name of the web node.
    pub(crate) web: String,
    view: watch::Receiver<ShownStats>,
}

/// All viewers. Dropping this closes their streams.
#[derive(Debug, Default)]
pub(crate) struct LiveViewers {
    all: Vec<FaultViewer>,
    tasks: JoinSet<()>,
}

impl LiveViewers {
    /// Adds a viewer at this web node, from its own network.
    pub(crate) fn add(&mut self, web: &str, address: SocketAddr, topic: Topic) {
        let (shown, view) = watch::channel(ShownStats::default());
        let number = self.all.len();
        let stream = ViewerConnection {
            address,
            path: path(&topic),
            network: format!("172.16.{}.{}", number / 256, number % 256),
            retry: RETRY,
            shown,
        };
        self.tasks.spawn(stream.watch());
        self.all.push(FaultViewer {
            topic,
            web: web.to_owned(),
            view,
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FaultViewer> {
        self.all.iter()
    }

    /// Returns the number of viewers of a topic. A viewer of a page is a viewer of the site too.
    pub(crate) fn at(&self, topic: &Topic) -> u64 {
        let here = |viewer: &&FaultViewer| viewer.topic == *topic || *topic == Topic::Site;
        self.all.iter().filter(here).count() as u64
    }
}

impl FaultViewer {
    /// Returns what the viewer sees now.
    pub(crate) fn view(&self) -> ShownStats {
        self.view.borrow().clone()
    }

    /// Returns the totals that the viewer sees.
    pub(crate) fn counts(&self) -> Option<PageTotals> {
        self.view().numbers.as_ref().map(PageTotals::from)
    }
}

fn path(topic: &Topic) -> String {
    match topic.slug() {
        Some(slug) => format!("/horizon/live/{slug}"),
        None => "/horizon/live".into(),
    }
}

struct ViewerConnection {
    address: SocketAddr,
    path: String,
    network: String,
    retry: Duration,
    shown: watch::Sender<ShownStats>,
}

impl ViewerConnection {
    async fn watch(mut self) {
        let mut headers = vec![("x-forwarded-for", self.network.clone())];
        loop {
            // A browser reconnects after every error.
            let _ = self.read(&headers).await;
            self.shown.send_modify(|view| view.is_live = false);
            sleep(self.retry).await;
            headers.truncate(1);
            headers.push(("last-event-id", "1".into()));
        }
    }

    async fn read(&mut self, headers: &[(&str, String)]) -> anyhow::Result<()> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut stream = http::open_stream(self.address, &self.path, &headers).await?;
        while let Some(event) = stream.next_event().await? {
            if !event.retry.is_empty() {
                self.retry = Duration::from_millis(event.retry.parse()?);
            }
            if event.event == wire::LIVE {
                self.shown.send_replace(ShownStats {
                    is_live: true,
                    numbers: Some(serde_json::from_str(&event.data)?),
                });
            }
        }
        Ok(())
    }
}
