use serde::{Deserialize, Serialize};

use super::NodeId;
use crate::VisitorKey;

/// The version of the format; it is in every message as `v`.
const FORMAT_VERSION: u8 = 1;

/// The greatest incarnation and version (RFC 8259 §6).
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The version of a node that nothing was heard of. It has no members, so a delta may start there.
pub(super) const NO_VERSION: u64 = 0;

/// The version of a node that said goodbye: it has no members, and nothing is newer.
pub(super) const GOODBYE_VERSION: u64 = u64::MAX;

/// What a node says on the channel of one topic.
///
/// As JSON: `{"v":1,"node":"web-1","incarnation":1700000000000,"type":"beat","version":9}`. Fields that are not
/// known are skipped, another `v` is an error. Numbers are below 2^53, what every JSON reader keeps exact.
///
/// ```
/// use horizon_core::presence::{MessageBody, PresenceMessage};
///
/// let json = r#"{"v":1,"node":"web-1","incarnation":1700000000000,"type":"beat","version":9}"#;
/// let message: PresenceMessage = serde_json::from_str(json)?;
/// assert_eq!(message.body, MessageBody::Heartbeat { version: 9 });
/// assert_eq!(serde_json::to_string(&message)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireMessage", into = "WireMessage")]
pub struct PresenceMessage {
    /// Who says it.
    pub node: NodeId,
    /// Which of the node's lives: a later one has a greater number.
    pub incarnation: u64,
    /// What it says.
    pub body: MessageBody,
}

/// What a [`PresenceMessage`] says of its node on its topic. Versions start at 1.
///
/// ```
/// use horizon_core::presence::{MessageBody, PresenceMessage, NodeId};
///
/// let of = Some(NodeId::new("web-2")?);
/// let ask = PresenceMessage { node: NodeId::new("web-1")?, incarnation: 1, body: MessageBody::StateRequest{node } };
/// let json = serde_json::to_string(&ask).unwrap();
/// assert_eq!(json, r#"{"v":1,"node":"web-1","incarnation":1,"type":"ask","of":"web-2"}"#);
/// # Ok::<(), horizon_core::presence::ParseNodeIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageBody {
    /// All its members: `"type":"state","version":7,"members":["…"]`.
    State {
        /// Of which version.
        version: u64,
        /// Visitors, each once.
        members: Vec<VisitorKey>,
    },
    /// What changed: `"type":"delta","from":7,"to":9,"joined":["…"],"left":["…"]`.
    Delta {
        /// The version it starts from, 0 where nobody was; who has another one must ask for the state.
        from: u64,
        /// The version it leads to.
        to: u64,
        /// Who is a member now and was not.
        joined: Vec<VisitorKey>,
        /// Who was a member and is not.
        left: Vec<VisitorKey>,
    },
    /// It lives, and nothing changed: `"type":"beat","version":9`.
    Heartbeat {
        /// The version that its members are at.
        version: u64,
    },
    /// It wants the state of all nodes, or of one: `"type":"ask"` or `"type":"ask","of":"web-2"`.
    StateRequest {
        /// Whose; everybody's without.
        node: Option<NodeId>,
    },
    /// It goes for good and has no members any more: `"type":"goodbye"`.
    Goodbye,
}

impl MessageBody {
    /// The version that its node is at.
    pub(super) fn version(&self) -> u64 {
        match self {
            Self::State { version, .. } | Self::Delta { to: version, .. } | Self::Heartbeat { version } => *version,
            Self::StateRequest { .. } => NO_VERSION,
            Self::Goodbye => GOODBYE_VERSION,
        }
    }
}

/// A message as its JSON has it: flat, so that members are read once and the order of fields is free.
#[derive(Serialize, Deserialize)]
struct WireMessage {
    v: u8,
    node: NodeId,
    incarnation: u64,
    r#type: MessageType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<Vec<VisitorKey>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined: Option<Vec<VisitorKey>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Vec<VisitorKey>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<NodeId>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MessageType {
    State,
    Delta,
    Beat,
    Ask,
    Goodbye,
}

/// Why a JSON object is no [`PresenceMessage`].
#[derive(Debug, thiserror::Error)]
enum ParseMessageError {
    #[error("a message of format {0}, which is not known here")]
    Format(u8),
    #[error("a message without `{0}`")]
    Missing(&'static str),
    #[error("a number that is out of bounds")]
    Number,
}

impl TryFrom<WireMessage> for PresenceMessage {
    type Error = ParseMessageError;
    fn try_from(wire: WireMessage) -> Result<Self, ParseMessageError> {
        if wire.v != FORMAT_VERSION {
            return Err(ParseMessageError::Format(wire.v));
        }
        let body = match wire.r#type {
            MessageType::State => MessageBody::State {
                version: require("version", wire.version)?,
                members: require("members", wire.members)?,
            },
            MessageType::Delta => MessageBody::Delta {
                from: require("from", wire.from)?,
                to: require("to", wire.to)?,
                joined: require("joined", wire.joined)?,
                left: require("left", wire.left)?,
            },
            MessageType::Beat => MessageBody::Heartbeat {
                version: require("version", wire.version)?,
            },
            MessageType::Ask => MessageBody::StateRequest { node: wire.of },
            MessageType::Goodbye => MessageBody::Goodbye,
        };
        let is_good = match body {
            MessageBody::State { version, .. } | MessageBody::Heartbeat { version } => {
                (1..=MAX_NUMBER).contains(&version)
            }
            MessageBody::Delta { from, to, .. } => from < to && to <= MAX_NUMBER,
            MessageBody::StateRequest { .. } | MessageBody::Goodbye => true,
        };
        if !is_good || wire.incarnation > MAX_NUMBER {
            return Err(ParseMessageError::Number);
        }
        Ok(Self {
            node: wire.node,
            incarnation: wire.incarnation,
            body,
        })
    }
}

fn require<T>(name: &'static str, value: Option<T>) -> Result<T, ParseMessageError> {
    value.ok_or(ParseMessageError::Missing(name))
}

impl From<PresenceMessage> for WireMessage {
    fn from(message: PresenceMessage) -> Self {
        let mut wire = Self {
            v: FORMAT_VERSION,
            node: message.node,
            incarnation: message.incarnation,
            r#type: MessageType::Goodbye,
            version: None,
            from: None,
            to: None,
            members: None,
            joined: None,
            left: None,
            of: None,
        };
        match message.body {
            MessageBody::State { version, members } => {
                wire.r#type = MessageType::State;
                (wire.version, wire.members) = (Some(version), Some(members));
            }
            MessageBody::Delta { from, to, joined, left } => {
                wire.r#type = MessageType::Delta;
                (wire.from, wire.to) = (Some(from), Some(to));
                (wire.joined, wire.left) = (Some(joined), Some(left));
            }
            MessageBody::Heartbeat { version } => (wire.r#type, wire.version) = (MessageType::Beat, Some(version)),
            MessageBody::StateRequest { node: of } => (wire.r#type, wire.of) = (MessageType::Ask, of),
            MessageBody::Goodbye => {}
        }
        wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "0000000000000000000000000000000a";

    fn message(body: MessageBody) -> PresenceMessage {
        PresenceMessage {
            node: NodeId::new("web-1").unwrap(),
            incarnation: 1_700_000_000_000,
            body,
        }
    }

    #[test]
    fn messages_are_what_the_contract_says() {
        let ada: VisitorKey = ADA.parse().unwrap();
        let members = vec![ada];
        let of = Some(NodeId::new("web-2").unwrap());
        let (joined, left) = (members.clone(), vec![]);
        for (body, rest) in [
            (
                MessageBody::State { version: 7, members },
                format!(r#""state","version":7,"members":["{ADA}"]"#),
            ),
            (
                MessageBody::Delta {
                    from: 7,
                    to: 9,
                    joined,
                    left,
                },
                format!(r#""delta","from":7,"to":9,"joined":["{ADA}"],"left":[]"#),
            ),
            (MessageBody::Heartbeat { version: 9 }, r#""beat","version":9"#.into()),
            (MessageBody::StateRequest { node: None }, r#""ask""#.into()),
            (MessageBody::StateRequest { node: of }, r#""ask","of":"web-2""#.into()),
            (MessageBody::Goodbye, r#""goodbye""#.into()),
        ] {
            let json = format!(r#"{{"v":1,"node":"web-1","incarnation":1700000000000,"type":{rest}}}"#);
            assert_eq!(serde_json::to_string(&message(body.clone())).unwrap(), json);
            assert_eq!(serde_json::from_str::<PresenceMessage>(&json).unwrap(), message(body));
        }
    }

    #[test]
    fn the_order_of_fields_is_free_and_unknown_ones_are_skipped() {
        let json = r#"{"version":9,"mood":{"x":[1]},"type":"beat","incarnation":1,"node":"a","v":1}"#;
        let got: PresenceMessage = serde_json::from_str(json).unwrap();
        assert_eq!((got.incarnation, got.body), (1, MessageBody::Heartbeat { version: 9 }));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let rest = r#""node":"a","incarnation":1,"type""#;
        for bad in [
            String::new(),
            "null".into(),
            "[]".into(),
            format!(r#"{{{rest}:"goodbye"}}"#),
            format!(r#"{{"v":2,{rest}:"goodbye"}}"#),
            format!(r#"{{"v":1,{rest}:"hello"}}"#),
            format!(r#"{{"v":1,{rest}:"beat"}}"#),
            format!(r#"{{"v":1,{rest}:"beat","version":0}}"#),
            format!(r#"{{"v":1,{rest}:"beat","version":-1}}"#),
            format!(r#"{{"v":1,{rest}:"beat","version":1.5}}"#),
            format!(r#"{{"v":1,{rest}:"beat","version":9007199254740992}}"#),
            format!(r#"{{"v":1,{rest}:"state","version":1}}"#),
            format!(r#"{{"v":1,{rest}:"state","version":1,"members":["zz"]}}"#),
            format!(r#"{{"v":1,{rest}:"delta","from":2,"to":2,"joined":[],"left":[]}}"#),
            format!(r#"{{"v":1,{rest}:"delta","from":1,"to":2,"joined":[]}}"#),
            format!(r#"{{"v":1,{rest}:"delta","from":1,"to":18446744073709551615,"joined":[],"left":[]}}"#),
            format!(r#"{{"v":1,{rest}:"ask","of":""}}"#),
            r#"{"v":1,"node":"a b","incarnation":1,"type":"goodbye"}"#.into(),
            r#"{"v":1,"node":"a","incarnation":9007199254740992,"type":"goodbye"}"#.into(),
        ] {
            assert!(serde_json::from_str::<PresenceMessage>(&bad).is_err(), "{bad}");
        }
    }
}
