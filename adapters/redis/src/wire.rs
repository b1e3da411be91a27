//! The wire format of `docs/contract.md`: JSON, channels and keys.

use std::fmt::{self, Write};

use horizon_core::{
    Badge, Draft, Event, EventId, EventKind, EventName, Properties, ReaderId, Slug, Stamp, Stats, Timestamp, Topic,
    Update, Visibility, Visit, VisitCause, VisitContext, VisitorKey,
};
use serde::{Deserialize, Serialize};

use crate::bus::redact::without_ids;

/// The version of every message.
const VERSION: u32 = 1;

/// The stream of events, or their channel in a bus without a stream.
pub(crate) const EVENTS: &str = "analytics:events";

/// The JSON of an event. Flat, because `#[serde(flatten)]` takes three times as long.
#[derive(Deserialize)]
struct WireEvent {
    v: u32,
    id: Option<EventId>,
    at: Option<Timestamp>,
    topic: Topic,
    r#type: Type,
    visitor: Option<VisitorKey>,
    reader: Option<ReaderId>,
    #[serde(default)]
    author: String,
    #[serde(default)]
    body: String,
    parent: Option<EventId>,
    #[serde(default)]
    held: bool,
    badge: Option<Badge>,
    comment: Option<EventId>,
    verdict: Option<Visibility>,
    cause: Option<String>,
    page: Option<Slug>,
    seconds: Option<u32>,
    #[serde(default)]
    interactive: bool,
    #[serde(default)]
    finished: bool,
    context: Option<Box<VisitContext>>,
    name: Option<EventName>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Visit,
    Like,
    Unlike,
    Comment,
    Moderate,
    Custom,
}

impl WireEvent {
    fn kind(self) -> Result<EventKind, String> {
        let reader = self.reader.ok_or("missing field `reader`");
        Ok(match self.r#type {
            Type::Visit => EventKind::Visit(self.visit()),
            Type::Like => EventKind::Like { reader: reader? },
            Type::Unlike => EventKind::Unlike { reader: reader? },
            Type::Comment => EventKind::Comment {
                reader: reader?,
                draft: Draft::new(&self.author, &self.body, self.parent)
                    .map_err(|e| e.to_string())?
                    .with_badge(self.badge),
                pending: self.held,
            },
            Type::Moderate => EventKind::Moderate {
                comment: self.comment.ok_or("missing field `comment`")?,
                verdict: self.verdict.ok_or("missing field `verdict`")?,
            },
            Type::Custom => EventKind::Custom {
                name: self.name.ok_or("missing field `name`")?,
                properties: self.properties,
            },
        })
    }

    fn visit(self) -> Visit {
        let mut visit = Visit::of(self.visitor);
        visit.cause = self.cause.as_deref().and_then(VisitCause::from_name);
        visit.page = self.page;
        visit.seconds = self.seconds;
        visit.interactive = self.interactive;
        visit.finished = self.finished;
        visit.context = self.context;
        visit
    }
}

#[derive(Serialize, Deserialize)]
struct WireStats {
    v: u32,
    topic: Topic,
    revision: u64,
    #[serde(flatten)]
    stats: Stats,
}

/// `{"v":1,"id":…,"at":…,"topic":…,"type":…,…}`.
pub(crate) fn encode_event(event: &Event) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(event)?;
    // `v` is inserted as text, because a wrapper with `#[serde(flatten)]` would serialize everything twice.
    Ok(format!("{{\"v\":{VERSION},{}", json.trim_start_matches('{')))
}

/// Parses an event. `id` and `at` are optional, for clients that publish by hand; `default` has their values then. An
/// error says what is wrong, as a sentence without ids.
pub(crate) fn decode_event(json: &[u8], default: Stamp) -> Result<Event, String> {
    let reason = |reason: String| String::from_utf8_lossy(&without_ids(reason.as_bytes())).into_owned();
    try_decode_event(json, default).map_err(reason)
}

fn try_decode_event(json: &[u8], default: Stamp) -> Result<Event, String> {
    let wire: WireEvent = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    check(wire.v)?;
    let stamp = Stamp {
        id: wire.id.unwrap_or(default.id),
        at: wire.at.unwrap_or(default.at),
    };
    Ok(Event::new(stamp, wire.topic.clone(), wire.kind()?))
}

/// `{"v":1,"topic":…,"revision":…,"visits":…,"likes":…,"comments":…,"comments_revision":…}`.
pub(crate) fn encode_stats(update: &Update) -> Result<String, serde_json::Error> {
    serde_json::to_string(&WireStats {
        v: VERSION,
        topic: update.topic.clone(),
        revision: update.revision,
        stats: update.stats.clone(),
    })
}

/// Parses the totals of a topic. An error says what is wrong, as a sentence.
pub(crate) fn decode_stats(json: &[u8]) -> Result<Update, String> {
    let wire: WireStats = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    check(wire.v)?;
    Ok(Update::new(wire.topic, wire.stats, wire.revision))
}

fn check(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("version {version} is not supported, only version {VERSION}"))
}

/// Returns the channel that announces new totals of a topic.
pub(crate) fn stats_channel(topic: &Topic) -> String {
    format!("stats:{topic}")
}

/// Returns the topic of a channel of totals.
pub(crate) fn stats_topic(channel: &str) -> Option<Topic> {
    channel.strip_prefix("stats:")?.parse().ok()
}

/// Returns the key of the latest totals of a topic.
pub(crate) fn stats_key(topic: &Topic) -> String {
    format!("stats:{{{}}}", HashTag(topic))
}

/// Writes a topic for the braces of a key: `%`, `{` and `}` are percent-encoded, because Redis hashes what is between
/// the first brace and the next closing one.
pub(crate) struct HashTag<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for HashTag<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '%' => f.write_str("%25")?,
                '{' => f.write_str("%7B")?,
                '}' => f.write_str("%7D")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Returns the channel of a topic's presence messages.
pub(crate) fn presence_channel(topic: &Topic) -> String {
    format!("presence:{topic}")
}

/// Returns the topic of a channel of presence messages.
pub(crate) fn presence_topic(channel: &str) -> Option<Topic> {
    channel.strip_prefix("presence:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use horizon_core::ContextValue;

    use super::*;

    const DEFAULT: Stamp = Stamp {
        at: Timestamp::from_millis(7),
        id: EventId::from_u128(7),
    };

    #[test]
    fn an_event_of_each_kind_survives_encoding() {
        let (reader, comment) = (ReaderId::from_u128(1), EventId::from_u128(2));
        let draft = |parent| Draft::new("Ada", "Hello\n\"there\"", parent).unwrap();
        let verdict = Visibility::Removed;
        for kind in [
            EventKind::visit(None),
            EventKind::visit(Some(VisitorKey::from_u128(3))),
            EventKind::Like { reader },
            EventKind::Unlike { reader },
            EventKind::Comment {
                reader,
                draft: draft(None),
                pending: false,
            },
            EventKind::Comment {
                reader,
                draft: draft(Some(comment)).with_badge(Badge::new("Staff").unwrap()),
                pending: true,
            },
            EventKind::Moderate { comment, verdict },
            EventKind::Custom {
                name: EventName::new("\u{1f44d}").unwrap(),
                properties: Properties::new([("file", "a.pdf")]).unwrap(),
            },
        ] {
            let event = Event::new(Stamp::new(Timestamp::from_millis(1_000), [1; 10]), Topic::Site, kind);
            let json = encode_event(&event).unwrap();
            assert!(json.starts_with(r#"{"v":1,"id":""#), "{json}");
            assert_eq!(decode_event(json.as_bytes(), DEFAULT), Ok(event));
        }
    }

    #[test]
    fn an_event_may_have_fields_that_a_later_version_adds() {
        let json = r#"{"v":1,"topic":"site","type":"visit","cause":"open","page":"a/b","seconds":7,"interactive":true,
            "finished":true,"context":{"source":"example.org","mood":"good"},"mood":"good"}"#;
        let event = decode_event(json.as_bytes(), DEFAULT).unwrap();
        let EventKind::Visit(visit) = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!((visit.cause, visit.seconds), (Some(VisitCause::Open), Some(7)));
        assert!(visit.interactive && visit.finished);
        assert_eq!(visit.page.as_ref().map(Slug::as_str), Some("a/b"));
        let source = visit.context.as_ref().and_then(|context| context.source.as_ref());
        assert_eq!(source.map(ContextValue::as_str), Some("example.org"));
        let encoded = encode_event(&event).unwrap();
        assert_eq!(decode_event(encoded.as_bytes(), DEFAULT), Ok(event));
    }

    #[test]
    fn a_topic_with_braces_has_an_unambiguous_key() {
        let key = |slug| stats_key(&Topic::from(Slug::new(slug).unwrap()));
        assert_eq!(key("hello"), "stats:{blog:hello}");
        assert_eq!(key("a/{b}"), "stats:{blog:a/%7Bb%7D}");
        assert_ne!(key("{b}"), key("%7Bb%7D"));
    }

    #[test]
    fn an_event_without_an_id_gets_the_default_one() {
        let event = decode_event(br#"{"v":1,"topic":"blog:hello","type":"visit"}"#, DEFAULT).unwrap();
        assert_eq!(event.stamp(), DEFAULT);
    }

    #[test]
    fn an_error_names_the_invalid_value() {
        for (json, reason) in [
            ("", "EOF"),
            (r#"{"topic":"site","type":"visit"}"#, "missing field `v`"),
            (r#"{"v":2,"topic":"site","type":"visit"}"#, "version 2 is not supported"),
            (r#"{"v":1,"topic":"sight","type":"visit"}"#, "a topic is"),
            (r#"{"v":1,"topic":"site","type":"wave"}"#, "unknown variant `wave`"),
            (r#"{"v":1,"topic":"site","type":"like"}"#, "missing field `reader`"),
            (
                r#"{"v":1,"topic":"site","type":"comment","reader":"00000000000000000000000000000001"}"#,
                "`body` must not be empty",
            ),
            (r#"{"v":1,"topic":"site","type":"custom"}"#, "missing field `name`"),
            (
                r#"{"v":1,"topic":"site","type":"custom","name":" "}"#,
                "must not be empty",
            ),
            (
                r#"{"v":1,"topic":"site","type":"custom","name":"a","properties":{"":""}}"#,
                "empty key",
            ),
        ] {
            let error = decode_event(json.as_bytes(), DEFAULT).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn totals_are_flat_json_and_survive_encoding() {
        let topic = Topic::from(Slug::new("hello").unwrap());
        let update = Update::new(topic.clone(), Stats::new(3, 0, 0), 5);
        let json = encode_stats(&update).unwrap();
        let want =
            r#"{"v":1,"topic":"blog:hello","revision":5,"visits":3,"likes":0,"comments":0,"comments_revision":0}"#;
        assert_eq!(json, want);
        assert_eq!(decode_stats(json.as_bytes()), Ok(update));
        assert_eq!(stats_topic(&stats_channel(&topic)), Some(topic));
    }

    /// Characters with a meaning in keys, channels, patterns and URLs.
    const CHARACTERS: &[char] = &[
        '%', '{', '}', '2', '5', '7', 'B', 'D', '*', '?', '[', ']', '\\', ':', '/', ' ', 'a', 'é', '👍',
    ];

    #[test]
    fn a_random_topic_survives_its_key_and_its_channels() {
        let seed = std::env::var("HORIZON_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
        eprintln!("HORIZON_SEED={seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..10_000 {
            let length = random.usize(1..10);
            let name: String = (0..length).filter_map(|_| random.choice(CHARACTERS)).collect();
            let Ok(slug) = Slug::new(&name) else { continue };
            let topic = Topic::from(slug);
            assert_eq!(stats_topic(&stats_channel(&topic)).as_ref(), Some(&topic), "{name:?}");
            assert_eq!(
                presence_topic(&presence_channel(&topic)).as_ref(),
                Some(&topic),
                "{name:?}"
            );
            let key = stats_key(&topic);
            // Redis hashes what is between the first brace and the next closing one.
            let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
            let (tag, rest) = tag.unwrap();
            assert_eq!(rest, "", "{key}");
            let decoded = tag.replace("%7B", "{").replace("%7D", "}").replace("%25", "%");
            assert_eq!(decoded.parse(), Ok(topic), "{key}");
        }
    }
}
