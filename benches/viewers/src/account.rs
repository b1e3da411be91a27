//! Compares the messages that viewers received with those that were published.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    clock::micros,
    figures::{Latencies, Quantiles, ratio},
    publish::{PublishKind, PublishedMessage},
    viewer::{ReceiveLog, Record, Viewer},
};

/// A viewer who leaves may miss messages that were sent this shortly before.
const IN_TRANSIT: Duration = Duration::from_secs(1);

/// The received messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Arrived {
    /// Messages with something new that was published in this phase.
    pub deliveries: u64,
    /// All messages that viewers received.
    pub frames: u64,
    /// Bytes that viewers read from their sockets.
    pub bytes: u64,
    /// Bytes per delivery.
    pub bytes_per_delivery: f64,
    /// Messages that a viewer should have received and did not, over all viewers. Only if every message counts.
    pub lost: Option<u64>,
    /// Viewers whose last message is not the last published one. Only if the last message counts.
    pub stale: Option<u64>,
    /// From just before a message was sent until a viewer had read it, in milliseconds.
    pub latency_ms: Option<Quantiles>,
}

/// A published number and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The number in the message.
    pub number: u64,
    /// The time of sending, in microseconds.
    pub at: u64,
}

/// Returns the accepted publications, sorted by number. Likes that were counted together have the same number and the
/// time of the first, so that the latency is the longest.
#[must_use]
pub fn sent(publications: &[PublishedMessage]) -> Vec<Sent> {
    let accepted = publications.iter().filter_map(|publication| {
        let number = publication.number()?;
        Some(Sent {
            number,
            at: publication.sent,
        })
    });
    let mut sent: Vec<Sent> = accepted.collect();
    sent.sort_unstable_by_key(|sent| (sent.number, sent.at));
    sent.dedup_by_key(|sent| sent.number);
    sent
}

/// Returns what these viewers received since the start of the phase.
pub fn arrived<'a>(
    kind: PublishKind,
    viewers: impl Iterator<Item = &'a Arc<Viewer>>,
    sent: &[Sent],
) -> anyhow::Result<Arrived> {
    let mut latencies = Latencies::new()?;
    let mut all = Arrived::default();
    let (mut lost, mut stale) = (0, 0);
    for viewer in viewers {
        let log = viewer.log();
        all.frames += log.frames;
        all.bytes += log.bytes;
        all.deliveries += deliveries(kind, &log.records, sent, &mut latencies);
        lost += missing(&log, sent);
        stale += u64::from(is_stale(&log, sent));
    }
    all.bytes_per_delivery = ratio(all.bytes, all.deliveries);
    all.lost = (kind == PublishKind::Post).then_some(lost);
    all.stale = (kind == PublishKind::Like).then_some(stale);
    all.latency_ms = latencies.quantiles();
    Ok(all)
}

/// Returns the number of messages with something new, and adds their latencies.
fn deliveries(kind: PublishKind, records: &[Record], sent: &[Sent], latencies: &mut Latencies) -> u64 {
    let mut newest = 0;
    let mut deliveries = 0;
    for record in records {
        let Some(published) = newest_of(sent, record.reading.value) else {
            continue;
        };
        let is_new = match kind {
            PublishKind::Post => published.number == record.reading.value,
            PublishKind::Like => published.number > newest,
        };
        if is_new {
            newest = published.number;
            deliveries += 1;
            latencies.add(record.at.saturating_sub(published.at));
        }
    }
    deliveries
}

/// Returns the newest publication included in this value.
#[must_use]
pub fn newest_of(sent: &[Sent], value: u64) -> Option<Sent> {
    let upto = sent.partition_point(|sent| sent.number <= value);
    upto.checked_sub(1).and_then(|index| sent.get(index)).copied()
}

/// Returns the number of messages that a viewer should have received and did not.
fn missing(log: &ReceiveLog, sent: &[Sent]) -> u64 {
    let Some(connected) = log.connected else {
        return 0;
    };
    let until = log
        .left
        .map_or(u64::MAX, |left| left.saturating_sub(micros(IN_TRANSIT)));
    let mut seen: Vec<u64> = log.records.iter().map(|record| record.reading.value).collect();
    seen.sort_unstable();
    let due = sent.iter().filter(|sent| sent.at >= connected && sent.at < until);
    let missing = due.filter(|sent| seen.binary_search(&sent.number).is_err()).count();
    u64::try_from(missing).unwrap_or(u64::MAX)
}

/// Returns whether a viewer who should be connected does not have the last number.
fn is_stale(log: &ReceiveLog, sent: &[Sent]) -> bool {
    let shown = log.last.map_or(0, |reading| reading.value);
    let should_be_there = log.connected.is_some() && log.left.is_none();
    should_be_there && sent.last().is_some_and(|last| shown < last.number)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{publish::PublishOutcome, scan::Reading};

    fn publications(numbers: &[u64]) -> Vec<PublishedMessage> {
        let publication = |number: &u64| PublishedMessage {
            sent: number * 1_000,
            answered: number * 1_000 + 10,
            outcome: PublishOutcome::Accepted(*number),
        };
        numbers.iter().map(publication).collect()
    }

    /// Returns a viewer that received these values, each half a millisecond after it was sent.
    fn viewer(values: &[u64]) -> Arc<Viewer> {
        let viewer = Viewer::new(0, Ipv4Addr::LOCALHOST, false, 0);
        let mut log = viewer.log();
        log.connected = Some(1);
        for &value in values {
            log.see(value * 1_000 + 500, Reading { value, first: 1 });
        }
        drop(log);
        Arc::new(viewer)
    }

    #[test]
    fn with_post_a_skipped_message_is_lost() {
        let sent = sent(&publications(&[3, 1, 2]));
        let arrived = arrived(PublishKind::Post, [viewer(&[1, 2, 3]), viewer(&[1, 3])].iter(), &sent).unwrap();
        assert_eq!((arrived.deliveries, arrived.lost, arrived.stale), (5, Some(1), None));
        assert!((arrived.latency_ms.unwrap().max - 0.5).abs() < 0.01);
    }

    #[test]
    fn with_like_a_viewer_may_skip_messages_and_is_stale_without_the_last() {
        let sent = sent(&publications(&[11, 12, 13]));
        let viewers = [viewer(&[10, 11, 11, 13]), viewer(&[11, 12, 12])];
        let arrived = arrived(PublishKind::Like, viewers.iter(), &sent).unwrap();
        assert_eq!((arrived.deliveries, arrived.lost, arrived.stale), (4, None, Some(1)));
        assert_eq!(arrived.frames, 7);
    }

    #[test]
    fn a_viewer_misses_only_messages_of_the_time_it_was_connected() {
        let sent = sent(&publications(&[1, 2, 3_000]));
        let late = viewer(&[3_000]);
        late.log().connected = Some(1_500);
        assert_eq!(missing(&late.log(), &sent), 1);
        let left = viewer(&[1, 2]);
        left.log().left = Some(3_000_001);
        assert_eq!(missing(&left.log(), &sent), 0);
        left.log().left = None;
        assert_eq!(missing(&left.log(), &sent), 1);
    }

    #[test]
    fn likes_counted_together_have_the_time_of_the_first() {
        let mut publications = publications(&[5, 5, 6]);
        publications[1].sent = 4_000;
        assert_eq!(sent(&publications)[0], Sent { number: 5, at: 4_000 });
    }
}
