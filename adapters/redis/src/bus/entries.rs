use std::fmt;

use horizon_core::{Event, EventId, Stamp, Timestamp};
use redis::{FromRedisValue, RedisWrite, ToRedisArgs, ToSingleRedisArg, Value};

use super::redact::without_visitors;
use crate::wire;

/// The id of an entry of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId {
    millis: u64,
    serial: u64,
}

impl StreamId {
    /// The start of a stream. A scan with XAUTOCLAIM starts here and ends by returning it.
    pub(crate) const START: Self = Self { millis: 0, serial: 0 };

    /// Parses `millis-serial`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (millis, serial) = text.split_once('-')?;
        Some(Self {
            millis: millis.parse().ok()?,
            serial: serial.parse().ok()?,
        })
    }

    /// Returns the stamp of an event without one. It derives from the entry's id, so that each read returns the same.
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

/// An entry with an event.
#[derive(Debug)]
pub(crate) struct StreamEntry {
    pub(crate) id: StreamId,
    pub(crate) event: Event,
}

/// An entry that is not an event, and why, without its visitors.
#[derive(Debug)]
pub(crate) struct BadEntry {
    pub(crate) id: StreamId,
    pub(crate) reason: String,
    pub(crate) text: Vec<u8>,
}

/// The entries of one reply.
#[derive(Debug, Default)]
pub(crate) struct StreamEntries {
    pub(crate) good: Vec<StreamEntry>,
    pub(crate) bad: Vec<BadEntry>,
    /// Pending entries that are no longer in the stream.
    pub(crate) lost: Vec<StreamId>,
    /// Pending entries that are no longer in the stream, and that XAUTOCLAIM has acknowledged.
    pub(crate) removed: Vec<StreamId>,
    /// The id of the last entry of any kind.
    pub(crate) last: Option<StreamId>,
}

impl StreamEntries {
    /// Parses the reply of XREADGROUP on one stream: a map from the stream to its entries, or nothing.
    pub(crate) fn from_read(reply: Value) -> Self {
        let entries = match reply {
            Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
            _ => None,
        };
        entries.map(Self::from_list).unwrap_or_default()
    }

    /// Parses the reply of XAUTOCLAIM: the next start, the entries, and the ids of deleted entries.
    pub(crate) fn from_claim(reply: Value) -> (StreamId, Self) {
        let Value::Array(parts) = reply else {
            return (StreamId::START, Self::default());
        };
        let mut parts = parts.into_iter();
        let next = parts.next().as_ref().and_then(id).unwrap_or(StreamId::START);
        let mut entries = parts.next().map(Self::from_list).unwrap_or_default();
        if let Some(Value::Array(deleted)) = parts.next() {
            entries.removed.extend(deleted.iter().filter_map(id));
        }
        (next, entries)
    }

    fn from_list(list: Value) -> Self {
        let mut all = Self::default();
        let Value::Array(entries) = list else { return all };
        for entry in entries {
            all.add(entry);
        }
        all
    }

    fn add(&mut self, entry: Value) {
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
            let reason = "missing field `event`".into();
            return self.bad.push(BadEntry {
                id,
                reason,
                text: Vec::new(),
            });
        };
        match wire::decode_event(&json, id.stamp()) {
            Ok(event) => self.good.push(StreamEntry { id, event }),
            Err(reason) => self.bad.push(BadEntry {
                id,
                reason,
                text: without_visitors(&json),
            }),
        }
    }
}

/// Parses the id of an entry.
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

    fn reply(resp: &str) -> Value {
        redis::parse_redis_value(resp.as_bytes()).unwrap()
    }

    #[test]
    fn an_event_without_an_id_gets_one_from_its_entry() {
        let json = r#"{"v":1,"topic":"site","type":"visit"}"#;
        let list = format!(
            "%1\r\n$1\r\ns\r\n*2\r\n*2\r\n$6\r\n1700-1\r\n*2\r\n$5\r\nevent\r\n${0}\r\n{json}\r\n\
             *2\r\n$6\r\n1700-2\r\n*2\r\n$5\r\nevent\r\n${0}\r\n{json}\r\n",
            json.len()
        );
        let (first, again) = (
            StreamEntries::from_read(reply(&list)),
            StreamEntries::from_read(reply(&list)),
        );
        assert_eq!(first.good[0].event, again.good[0].event);
        assert_ne!(first.good[0].event.id, first.good[1].event.id);
        assert_eq!(first.good[0].event.at.as_millis(), 1_700);
        assert_eq!(first.last.map(|id| id.to_string()).as_deref(), Some("1700-2"));
    }

    #[test]
    fn bad_entries_and_lost_entries_are_distinguished() {
        let read = "%1\r\n$1\r\ns\r\n*3\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n\
                    *2\r\n$3\r\n2-0\r\n_\r\n*2\r\n$3\r\n3-0\r\n*2\r\n$5\r\nevent\r\n$2\r\n{}\r\n";
        let entries = StreamEntries::from_read(reply(read));
        let bad: Vec<_> = entries.bad.iter().map(|bad| bad.id.to_string()).collect();
        let lost = StreamId { millis: 2, serial: 0 };
        assert_eq!((bad, entries.lost), (vec!["1-0".into(), "3-0".into()], vec![lost]));
        let (next, claimed) = StreamEntries::from_claim(reply("*3\r\n$3\r\n5-0\r\n*0\r\n*1\r\n$3\r\n4-0\r\n"));
        let lost = StreamId { millis: 4, serial: 0 };
        assert_eq!((next.to_string().as_str(), claimed.removed), ("5-0", vec![lost]));
        assert!(StreamEntries::from_read(Value::Nil).last.is_none());
    }
}
