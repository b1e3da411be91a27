use std::collections::VecDeque;

use parking_lot::Mutex;

use super::entries::StreamId;
use super::stream_check::{OwnWrites, StreamStatus};

/// The maximum number of groups of writes; later writes are added to the last group.
const GROUPS: usize = 1_024;

/// The events that this process wrote and that are not known to be counted.
#[derive(Debug, Default)]
pub(crate) struct UnconfirmedWrites(Mutex<Groups>);

#[derive(Debug, Default)]
struct Groups {
    /// The last id and the number of events of each group.
    groups: VecDeque<(StreamId, u64)>,
    last: StreamId,
}

impl UnconfirmedWrites {
    /// Adds a group of events, the last with this id.
    pub(crate) fn add(&self, events: u64, last: StreamId) {
        let mut writes = self.0.lock();
        writes.last = last;
        let is_full = writes.groups.len() >= GROUPS;
        match writes.groups.back_mut() {
            Some(group) if is_full => *group = (last, group.1.saturating_add(events)),
            _ => writes.groups.push_back((last, events)),
        }
    }

    /// Returns how many events wait, and the last that was written.
    pub(crate) fn own_writes(&self) -> OwnWrites {
        let writes = self.0.lock();
        OwnWrites {
            waiting: writes.groups.iter().map(|(_, events)| events).sum(),
            last: writes.last,
        }
    }

    /// Removes the groups that are counted, or all if the stream was replaced.
    pub(crate) fn confirm(&self, status: &StreamStatus) {
        let mut writes = self.0.lock();
        if status.is_replaced {
            *writes = Groups::default();
            return;
        }
        let is_counted =
            |id: StreamId| id <= status.delivered && status.oldest_pending.is_none_or(|pending| id < pending);
        while writes.groups.front().is_some_and(|(last, _)| is_counted(*last)) {
            writes.groups.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StreamId {
        StreamId::parse(text).unwrap()
    }

    fn status(delivered: &str, oldest_pending: &str) -> StreamStatus {
        StreamStatus {
            unread: 0,
            pending: 0,
            delivered: id(delivered),
            oldest_pending: StreamId::parse(oldest_pending),
            is_replaced: false,
        }
    }

    #[test]
    fn events_that_were_read_and_are_no_longer_pending_are_confirmed() {
        let unconfirmed = UnconfirmedWrites::default();
        unconfirmed.add(3, id("5-2"));
        unconfirmed.add(2, id("6-1"));
        unconfirmed.confirm(&status("5-2", "5-1"));
        assert_eq!(unconfirmed.own_writes().waiting, 5);
        unconfirmed.confirm(&status("6-0", "5-3"));
        assert_eq!(
            (unconfirmed.own_writes().waiting, unconfirmed.own_writes().last),
            (2, id("6-1"))
        );
        unconfirmed.confirm(&status("10-0", ""));
        assert_eq!(unconfirmed.own_writes().waiting, 0);
    }

    #[test]
    fn the_number_of_groups_is_bounded_and_every_event_is_included() {
        let unconfirmed = UnconfirmedWrites::default();
        for millis in 0..2_000 {
            unconfirmed.add(2, id(&format!("{millis}-0")));
        }
        assert_eq!(unconfirmed.own_writes().waiting, 4_000);
        assert!(unconfirmed.0.lock().groups.len() <= GROUPS);
        let replaced = StreamStatus {
            is_replaced: true,
            ..status("0-0", "")
        };
        unconfirmed.confirm(&replaced);
        assert_eq!(
            (unconfirmed.own_writes().waiting, unconfirmed.own_writes().last),
            (0, StreamId::START)
        );
    }
}
