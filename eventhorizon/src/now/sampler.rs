//! Samples the viewers of the site.

use std::{sync::Weak, time::Duration};

use futures::{FutureExt, StreamExt};
use horizon_core::Topic;
use tokio::time::{MissedTickBehavior, interval};

use crate::horizon::SiteState;

/// The interval between two samples: 10 seconds.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);

/// Samples the viewers of the site, and forgets the sources of visitors who left, until the site is dropped.
///
/// The watch stays open, so that the number is known on a node without viewers, too. It is read only at the samples: a
/// viewer who joins or leaves wakes nothing.
pub(crate) async fn run_sampler(site: Weak<SiteState>) {
    let Some(mut counts) = site.upgrade().map(|site| site.ports.presence.watch(Topic::Site).fuse()) else {
        return;
    };
    let mut ticks = interval(SAMPLE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // Without a first number there is no sample yet, but visitors to forget.
    let mut viewers = None;
    loop {
        tokio::select! {
            Some(first) = counts.next(), if viewers.is_none() => viewers = Some(first),
            _ = ticks.tick() => {}
        }
        if let Some(Some(latest)) = counts.next().now_or_never() {
            viewers = Some(latest);
        }
        let Some(site) = site.upgrade() else { return };
        site.now.sources.clean_up();
        if let Some(viewers) = viewers {
            site.now.record(viewers);
        }
    }
}
