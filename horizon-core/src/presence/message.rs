use serde::{Deserialize, Serialize};

use super::NodeId;
use crate::VisitorKey;

/// The version of the format, the field `v` of every message.
const FORMAT_VERSION: u8 = 1;

/// The greatest incarnation and version (RFC 8259 §6).
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The version of a node that sent no state yet. It has no members, so a delta may start here.
pub(super) const NO_VERSION: u64 = 0;

/// The version of a node that sent a goodbye: it has no members, and no message is newer.
pub(super) const GOODBYE_VERSION: u64 = u64::MAX;

/// What a node publishes on the channel of one topic.
///
/// As JSON: `{"v":1,"node":"web-1","incarnation":1700000000000,"type":"beat","version":9}`. Unknown fields are ignored;
/// another `v` is an error. Numbers are below 2^53, which every JSON parser reads exactly.
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
    /// The sender.
    pub node: NodeId,
    /// The sender's incarnation, greater in each run of the node.
    pub incarnation: u64,
    /// The content.
    pub body: MessageBody,
}

/// The content of a [`PresenceMessage`] about its node and topic. Versions start at 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageBody {
    /// All members: `"type":"state","version":7,"members":["…"]`.
    State {
        /// The version of the state.
        version: u64,
        /// The members, each once.
        members: Vec<VisitorKey>,
    },
    /// The changes between two versions: `"type":"delta","from":7,"to":9,"joined":["…"],"left":["…"]`.
    Delta {
        /// The version before, 0 for no members. A node that has another version requests the state.
        from: u64,
        /// The version after.
        to: u64,
        /// The new members.
        joined: Vec<VisitorKey>,
        /// The former members.
        left: Vec<VisitorKey>,
    },
    /// The node is alive: `"type":"beat","version":9`.
    Heartbeat {
        /// The version of its members.
        version: u64,
    },
    /// Requests the state of all nodes or one: `"type":"ask"` or `"type":"ask","of":"web-2"`.
    StateRequest {
        /// The node; all nodes if `None`.
        node: Option<NodeId>,
    },
    /// The node stops and has no members: `"type":"goodbye"`.
    Goodbye,
}

impl MessageBody {
    /// Returns the version of the sender.
    pub(super) fn version(&self) -> u64 {
        match self {
            Self::State { version, .. } | Self::Delta { to: version, .. } | Self::Heartbeat { version } => *version,
            Self::StateRequest { .. } => NO_VERSION,
            Self::Goodbye => GOODBYE_VERSION,
        }
    }
}

/// The flat JSON form of a message. Fields may have any order, and members are parsed once.
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
    #[serde(rename = "beat")]
    Heartbeat,
    #[serde(rename = "ask")]
    StateRequest,
    Goodbye,
}

/// Why a JSON object is not a [`PresenceMessage`].
#[derive(Debug, thiserror::Error)]
enum ParseMessageError {
    #[error("unknown message format {0}")]
    Format(u8),
    #[error("missing field `{0}`")]
    Missing(&'static str),
    #[error("a number is out of range")]
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
            MessageType::Heartbeat => MessageBody::Heartbeat {
                version: require("version", wire.version)?,
            },
            MessageType::StateRequest => MessageBody::StateRequest { node: wire.of },
            MessageType::Goodbye => MessageBody::Goodbye,
        };
        let in_range = match body {
            MessageBody::State { version, .. } | MessageBody::Heartbeat { version } => {
                (1..=MAX_NUMBER).contains(&version)
            }
            MessageBody::Delta { from, to, .. } => from < to && to <= MAX_NUMBER,
            MessageBody::StateRequest { .. } | MessageBody::Goodbye => true,
        };
        if !in_range || wire.incarnation > MAX_NUMBER {
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
            MessageBody::Heartbeat { version } => (wire.r#type, wire.version) = (MessageType::Heartbeat, Some(version)),
            MessageBody::StateRequest { node } => (wire.r#type, wire.of) = (MessageType::StateRequest, node),
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
    fn messages_have_the_documented_json() {
        let ada: VisitorKey = ADA.parse().unwrap();
        let members = vec![ada];
        let target = Some(NodeId::new("web-2").unwrap());
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
            (
                MessageBody::StateRequest { node: target },
                r#""ask","of":"web-2""#.into(),
            ),
            (MessageBody::Goodbye, r#""goodbye""#.into()),
        ] {
            let json = format!(r#"{{"v":1,"node":"web-1","incarnation":1700000000000,"type":{rest}}}"#);
            assert_eq!(serde_json::to_string(&message(body.clone())).unwrap(), json);
            assert_eq!(serde_json::from_str::<PresenceMessage>(&json).unwrap(), message(body));
        }
    }

    #[test]
    fn fields_have_any_order_and_unknown_fields_are_ignored() {
        let json = r#"{"version":9,"mood":{"x":[1]},"type":"beat","incarnation":1,"node":"a","v":1}"#;
        let got: PresenceMessage = serde_json::from_str(json).unwrap();
        assert_eq!((got.incarnation, got.body), (1, MessageBody::Heartbeat { version: 9 }));
    }

    #[test]
    fn invalid_messages_are_rejected() {
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
