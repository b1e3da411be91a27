//! Viewers who keep a live stream open, and come back as a browser would.

use std::{net::SocketAddr, time::Duration};

use horizon_core::{
    Topic,
    wire::{self, PageStats},
};
use horizon_test_support::http;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::counts::Counts;

/// How long a browser waits before it comes back, unless the stream says otherwise.
const RETRY: Duration = Duration::from_secs(3);

/// What a viewer sees.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View {
    /// Whether the stream is open and has said something since.
    pub(crate) is_live: bool,
    /// The last numbers that were shown.
    pub(crate) numbers: Option<PageStats>,
}

/// Somebody who looks at a page.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) topic: Topic,
    /// At which web node.
    pub(crate) web: String,
    view: watch::Receiver<View>,
}

/// Everybody who looks. They leave when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    all: Vec<Viewer>,
    tasks: JoinSet<()>,
}

impl Viewers {
    /// One more, at this web node, from a network of their own.
    pub(crate) fn add(&mut self, web: &str, address: SocketAddr, topic: Topic) {
        let (shown, view) = watch::channel(View::default());
        let number = self.all.len();
        let stream = Stream {
            address,
            path: path(&topic),
            network: format!("172.16.{}.{}", number / 256, number % 256),
            retry: RETRY,
            shown,
        };
        self.tasks.spawn(stream.watch());
        self.all.push(Viewer {
            topic,
            web: web.to_owned(),
            view,
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Viewer> {
        self.all.iter()
    }

    /// How many look at the topic; whoever looks at a page is a reader of the site too.
    pub(crate) fn at(&self, topic: &Topic) -> u64 {
        let here = |viewer: &&Viewer| viewer.topic == *topic || *topic == Topic::Site;
        self.all.iter().filter(here).count() as u64
    }
}

impl Viewer {
    /// What they see now.
    pub(crate) fn view(&self) -> View {
        *self.view.borrow()
    }

    /// The numbers they see, without who is here.
    pub(crate) fn counts(&self) -> Option<Counts> {
        self.view().numbers.map(Counts::from)
    }
}

fn path(topic: &Topic) -> String {
    match topic.slug() {
        Some(slug) => format!("/horizon/live/{slug}"),
        None => "/horizon/live".into(),
    }
}

struct Stream {
    address: SocketAddr,
    path: String,
    network: String,
    retry: Duration,
    shown: watch::Sender<View>,
}

impl Stream {
    async fn watch(mut self) {
        let mut headers = vec![("x-forwarded-for", self.network.clone())];
        loop {
            // However it ended, the browser comes back.
            let _ = self.read(&headers).await;
            self.shown.send_modify(|view| view.is_live = false);
            sleep(self.retry).await;
            headers.truncate(1);
            headers.push(("last-event-id", "1".into()));
        }
    }

    async fn read(&mut self, headers: &[(&str, String)]) -> anyhow::Result<()> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut lines = http::open(self.address, &self.path, &headers).await?;
        let mut name = String::new();
        while let Some(line) = lines.next().await? {
            match line.split_once(": ") {
                Some(("retry", millis)) => self.retry = Duration::from_millis(millis.parse()?),
                Some(("event", event)) => name = event.to_owned(),
                Some(("data", json)) if name == wire::LIVE => {
                    let numbers: PageStats = serde_json::from_str(json)?;
                    self.shown.send_replace(View {
                        is_live: true,
                        numbers: Some(numbers),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}
