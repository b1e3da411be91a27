//! What Redis says of stream entries, read.

use std::fmt;

use horizon_core::{Event, EventId, Stamp, Timestamp};
use redis::{FromRedisValue, RedisWrite, ToRedisArgs, ToSingleRedisArg, Value};

use crate::wire;

/// The id of an entry of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId {
    millis: u64,
    serial: u64,
}

impl StreamId {
    /// Where a stream begins, and where a walk over what is pending starts and ends.
    pub(crate) const START: Self = Self { millis: 0, serial: 0 };

    /// Reads an id as Redis writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (millis, serial) = text.split_once('-')?;
        Some(Self {
            millis: millis.parse().ok()?,
            serial: serial.parse().ok()?,
        })
    }

    /// The stamp of an event that brings none: the entry's own, so that it is the same each time it is read.
    fn stamp(self) -> Stamp {
        let at = Timestamp::from_millis(i64::try_from(self.millis).unwrap_or(i64::MAX));
        let mut random = [0; 10];
        let (_, tail) = random.split_at_mut(2);
        tail.copy_from_slice(&self.serial.to_be_bytes());
        Stamp {
            at,
            id: EventId::new(at, random),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.serial)
    }
}

impl ToRedisArgs for StreamId {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg_fmt(self);
    }
}

impl ToSingleRedisArg for StreamId {}

/// An entry that holds an event.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: StreamId,
    pub(crate) event: Event,
}

/// An entry that holds none, and why.
#[derive(Debug)]
pub(crate) struct BadEntry {
    pub(crate) id: StreamId,
    pub(crate) reason: String,
    pub(crate) text: Vec<u8>,
}

/// What one read brought.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) good: Vec<Entry>,
    pub(crate) bad: Vec<BadEntry>,
    /// Entries that were handed out before and are no longer in the stream.
    pub(crate) lost: Vec<StreamId>,
    /// Those of them that XAUTOCLAIM has removed from the list of what is pending.
    pub(crate) removed: Vec<StreamId>,
    /// The id of the last entry, good or not.
    pub(crate) last: Option<StreamId>,
}

impl Entries {
    /// Reads the answer of XREADGROUP on one stream: a map from it to its entries, or nothing.
    pub(crate) fn of_read(answer: Value) -> Self {
        let entries = match answer {
            Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
            _ => None,
        };
        entries.map(Self::of_list).unwrap_or_default()
    }

    /// Reads the answer of XAUTOCLAIM: where to go on, the entries, and the ids of those that are gone.
    pub(crate) fn of_claim(answer: Value) -> (StreamId, Self) {
        let Value::Array(parts) = answer else {
            return (StreamId::START, Self::default());
        };
        let mut parts = parts.into_iter();
        let next = parts.next().as_ref().and_then(id).unwrap_or(StreamId::START);
        let mut entries = parts.next().map(Self::of_list).unwrap_or_default();
        if let Some(Value::Array(gone)) = parts.next() {
            entries.removed.extend(gone.iter().filter_map(id));
        }
        (next, entries)
    }

    fn of_list(list: Value) -> Self {
        let mut all = Self::default();
        let Value::Array(entries) = list else { return all };
        for entry in entries {
            all.take(entry);
        }
        all
    }

    fn take(&mut self, entry: Value) {
        let Value::Array(parts) = entry else { return };
        let mut parts = parts.into_iter();
        let Some(id) = parts.next().as_ref().and_then(id) else {
            return;
        };
        self.last = Some(id);
        let Some(Value::Array(fields)) = parts.next() else {
            self.lost.push(id);
            return;
        };
        let Some(json) = field(fields, b"event") else {
            let reason = "it has no field `event`".into();
            return self.bad.push(BadEntry {
                id,
                reason,
                text: Vec::new(),
            });
        };
        match wire::decode_event(&json, id.stamp()) {
            Ok(event) => self.good.push(Entry { id, event }),
            Err(reason) => self.bad.push(BadEntry { id, reason, text: json }),
        }
    }
}

/// Reads the id of an entry out of an answer.
pub(crate) fn id(value: &Value) -> Option<StreamId> {
    match value {
        Value::BulkString(text) => StreamId::parse(std::str::from_utf8(text).ok()?),
        _ => None,
    }
}

fn field(fields: Vec<Value>, name: &[u8]) -> Option<Vec<u8>> {
    let mut fields = fields.into_iter();
    while let (Some(key), Some(value)) = (fields.next(), fields.next()) {
        if matches!(&key, Value::BulkString(key) if key == name) {
            return Vec::<u8>::from_redis_value(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(resp: &str) -> Value {
        redis::parse_redis_value(resp.as_bytes()).unwrap()
    }

    #[test]
    fn an_event_without_an_id_is_known_by_its_entry() {
        let json = r#"{"v":1,"topic":"site","type":"visit"}"#;
        let list = format!(
            "%1\r\n$1\r\ns\r\n*2\r\n*2\r\n$6\r\n1700-1\r\n*2\r\n$5\r\nevent\r\n${0}\r\n{json}\r\n*2\r\n$6\r\n1700-2\r\n*2\r\n$5\r\nevent\r\n${0}\r\n{json}\r\n",
            json.len()
        );
        let (first, again) = (Entries::of_read(answer(&list)), Entries::of_read(answer(&list)));
        assert_eq!(first.good[0].event, again.good[0].event);
        assert_ne!(first.good[0].event.id, first.good[1].event.id);
        assert_eq!(first.good[0].event.at.as_millis(), 1_700);
        assert_eq!(first.last.map(|id| id.to_string()).as_deref(), Some("1700-2"));
    }

    #[test]
    fn what_is_no_event_and_what_is_gone_are_told_apart() {
        let read = "%1\r\n$1\r\ns\r\n*3\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$3\r\n2-0\r\n_\r\n*2\r\n$3\r\n3-0\r\n*2\r\n$5\r\nevent\r\n$2\r\n{}\r\n";
        let entries = Entries::of_read(answer(read));
        let bad: Vec<_> = entries.bad.iter().map(|bad| bad.id.to_string()).collect();
        let lost = StreamId { millis: 2, serial: 0 };
        assert_eq!((bad, entries.lost), (vec!["1-0".into(), "3-0".into()], vec![lost]));
        let (next, claimed) = Entries::of_claim(answer("*3\r\n$3\r\n5-0\r\n*0\r\n*1\r\n$3\r\n4-0\r\n"));
        let lost = StreamId { millis: 4, serial: 0 };
        assert_eq!((next.to_string().as_str(), claimed.removed), ("5-0", vec![lost]));
        assert!(Entries::of_read(Value::Nil).last.is_none());
    }
}
