use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bus::{Own, Standing};
use crate::entries::StreamId;

/// The most groups of written events that are told apart, in groups; later ones join the last.
const GROUPS: usize = 1_024;

/// The events that this process wrote and that are not known to be counted.
#[derive(Debug, Default)]
pub(crate) struct Unconfirmed(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    /// The last id of each group that was written at once, and how many events it has.
    groups: VecDeque<(StreamId, u64)>,
    last: StreamId,
}

impl Unconfirmed {
    /// Notes that so many events were written, the last with this id.
    pub(crate) fn wrote(&self, events: u64, last: StreamId) {
        let mut written = self.written();
        written.last = last;
        let is_full = written.groups.len() >= GROUPS;
        match written.groups.back_mut() {
            Some(group) if is_full => *group = (last, group.1.saturating_add(events)),
            _ => written.groups.push_back((last, events)),
        }
    }

    /// Returns how many events wait, and the last that was written.
    pub(crate) fn own(&self) -> Own {
        let written = self.written();
        Own {
            waiting: written.groups.iter().map(|(_, events)| events).sum(),
            last: written.last,
        }
    }

    /// Drops what is counted, or everything where the stream is another one.
    pub(crate) fn confirm(&self, standing: &Standing) {
        let mut written = self.written();
        if standing.is_another {
            *written = Written::default();
            return;
        }
        let is_counted =
            |id: StreamId| id <= standing.delivered && standing.oldest_pending.is_none_or(|pending| id < pending);
        while written.groups.front().is_some_and(|(last, _)| is_counted(*last)) {
            written.groups.pop_front();
        }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StreamId {
        StreamId::parse(text).unwrap()
    }

    fn standing(delivered: &str, oldest_pending: &str) -> Standing {
        Standing {
            unread: 0,
            pending: 0,
            delivered: id(delivered),
            oldest_pending: StreamId::parse(oldest_pending),
            is_another: false,
        }
    }

    #[test]
    fn what_is_read_and_no_longer_pending_is_confirmed() {
        let unconfirmed = Unconfirmed::default();
        unconfirmed.wrote(3, id("5-2"));
        unconfirmed.wrote(2, id("6-1"));
        unconfirmed.confirm(&standing("5-2", "5-1"));
        assert_eq!(unconfirmed.own().waiting, 5);
        unconfirmed.confirm(&standing("6-0", "5-3"));
        assert_eq!((unconfirmed.own().waiting, unconfirmed.own().last), (2, id("6-1")));
        unconfirmed.confirm(&standing("10-0", ""));
        assert_eq!(unconfirmed.own().waiting, 0);
    }

    #[test]
    fn the_number_of_groups_is_bounded_and_no_event_is_forgotten() {
        let unconfirmed = Unconfirmed::default();
        for millis in 0..2_000 {
            unconfirmed.wrote(2, id(&format!("{millis}-0")));
        }
        assert_eq!(unconfirmed.own().waiting, 4_000);
        assert!(unconfirmed.written().groups.len() <= GROUPS);
        let another = Standing {
            is_another: true,
            ..standing("0-0", "")
        };
        unconfirmed.confirm(&another);
        assert_eq!(
            (unconfirmed.own().waiting, unconfirmed.own().last),
            (0, StreamId::START)
        );
    }
}
