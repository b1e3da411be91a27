//! The live stream of the dashboard.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{
    StreamExt,
    future::OptionFuture,
    stream::{BoxStream, unfold},
};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{document::now_section, public::hide_few_viewers};
use crate::{
    Caller, ExistingPage, Horizon, Live, NowSnapshot, Problem, ReportAccess,
    live::{OpenConnection, encode, greeting},
    rules::{Rules, rule_deadline},
};

/// The interval at which the caller's access is checked: 30 seconds.
pub(crate) const ACCESS_INTERVAL: Duration = Duration::from_secs(30);

/// The shortest time between two messages about the viewers of a page: one second.
const VIEWERS_INTERVAL: Duration = Duration::from_secs(1);

/// A comment, which browsers ignore (WHATWG HTML §9.2.6).
const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// Opens the live stream of the dashboard, with the viewers of this page. The caller does not become a viewer.
///
/// It ends when the caller's access ends or the site closes.
///
/// # Errors
/// The caller's network has too many streams, or the site is closing.
pub(crate) fn live(
    horizon: &Horizon,
    caller: &Caller,
    page: Option<&ExistingPage>,
    is_public: bool,
) -> Result<Live, Problem> {
    let site = &*horizon.0;
    if site.hub.is_closing() {
        return Err(Problem::unavailable("The server is shutting down."));
    }
    let permit = site.limits.open_stream(site.limits.networks(caller.address()))?;
    let connections = site.metrics.live_connections.clone();
    let now = Instant::now();
    let live = DashboardLive {
        rules: Arc::clone(&site.rules),
        caller: caller.clone(),
        is_public,
        greeting: Some(greeting()?),
        snapshots: horizon.watch_now().boxed(),
        section: String::new(),
        viewers: page.map(|page| site.ports.presence.watch(page.into())),
        viewers_due: now,
        access_due: now + ACCESS_INTERVAL,
        max_silence: site.config.max_silence(),
        closing: horizon.closing(),
        _open: OpenConnection::new(connections, site.streams.token(), permit, None),
    };
    let messages = unfold(live, async |mut live| Some((live.next().await?, live)));
    Ok(Live::dashboard(messages.boxed()))
}

struct DashboardLive {
    rules: Arc<Rules>,
    caller: Caller,
    is_public: bool,
    /// The first message.
    greeting: Option<Bytes>,
    snapshots: BoxStream<'static, Arc<NowSnapshot>>,
    /// The HTML that was sent last.
    section: String,
    /// The viewers of the page, if the dashboard shows one.
    viewers: Option<BoxStream<'static, u64>>,
    /// When the next message about them may be sent.
    viewers_due: Instant,
    /// When the access is checked again.
    access_due: Instant,
    max_silence: Duration,
    closing: CancellationToken,
    _open: OpenConnection,
}

impl DashboardLive {
    /// Waits for the next message. Returns `None` at the end of the access or of the site.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        let silent_until = Instant::now() + self.max_silence;
        loop {
            let due = self.viewers_due;
            let viewers = self.viewers.as_mut().map(async |viewers| {
                sleep_until(due).await;
                viewers.next().await
            });
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return None,
                () = sleep_until(self.access_due) => {
                    if !has_access(&self.rules, &self.caller, self.is_public).await {
                        return None;
                    }
                    self.access_due = Instant::now() + ACCESS_INTERVAL;
                }
                snapshot = self.snapshots.next() => {
                    let snapshot = snapshot?;
                    if let Some(message) = self.now_message(snapshot) {
                        return Some(message);
                    }
                }
                Some(Some(viewers)) = OptionFuture::from(viewers) => {
                    self.viewers_due = Instant::now() + VIEWERS_INTERVAL;
                    return message("viewers", &viewers);
                }
                () = sleep_until(silent_until) => return Some(KEEP_ALIVE),
            }
        }
    }

    /// Returns the message with this snapshot, or `None` if it looks like the last one.
    fn now_message(&mut self, mut snapshot: Arc<NowSnapshot>) -> Option<Bytes> {
        if self.is_public {
            hide_few_viewers(Arc::make_mut(&mut snapshot));
        }
        let section = now_section(&self.rules, &snapshot, self.is_public);
        if section == self.section {
            return None;
        }
        let message = message("now", &section);
        self.section = section;
        message
    }
}

/// Returns whether the caller still has the access with which the stream was opened. Without an answer of the
/// application's rule the stream ends, too: the browser opens it again.
async fn has_access(rules: &Rules, caller: &Caller, is_public: bool) -> bool {
    match rules.report_access(caller, rule_deadline()).await {
        Ok(ReportAccess::Full) => !is_public,
        Ok(ReportAccess::Public) => is_public,
        Ok(_) => false,
        Err(error) => {
            tracing::warn!(%error, "a live stream of the dashboard ends, because its access cannot be checked");
            false
        }
    }
}

fn message(name: &str, data: &impl serde::Serialize) -> Option<Bytes> {
    encode(name, data).ok().map(Bytes::from)
}
