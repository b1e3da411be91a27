use serde::{Deserialize, Serialize};

use super::NodeId;
use crate::VisitorKey;

/// The version of the format; it is in every message as `v`.
const FORMAT: u8 = 1;

/// The greatest incarnation and version (RFC 8259 §6).
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The version of a node that nothing was heard of. It has no members, so a delta may start there.
pub(super) const UNHEARD: u64 = 0;

/// The version of a node that said goodbye: it has no members, and nothing is newer.
pub(super) const GONE: u64 = u64::MAX;

/// What a node says on the channel of one topic.
///
/// As JSON: `{"v":1,"node":"web-1","incarnation":1700000000000,"type":"beat","version":9}`. Fields that are not
/// known are skipped, another `v` is an error. Numbers are below 2^53, what every JSON reader keeps exact.
///
/// ```
/// use horizon_core::presence::{Body, Message};
///
/// let json = r#"{"v":1,"node":"web-1","incarnation":1700000000000,"type":"beat","version":9}"#;
/// let message: Message = serde_json::from_str(json)?;
/// assert_eq!(message.body, Body::Beat { version: 9 });
/// assert_eq!(serde_json::to_string(&message)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Message {
    /// Who says it.
    pub node: NodeId,
    /// Which of the node's lives: a later one has a greater number.
    pub incarnation: u64,
    /// What it says.
    pub body: Body,
}

/// What a [`Message`] says of its node on its topic. Versions start at 1.
///
/// ```
/// use horizon_core::presence::{Body, Message, NodeId};
///
/// let of = Some(NodeId::new("web-2")?);
/// let ask = Message { node: NodeId::new("web-1")?, incarnation: 1, body: Body::Ask { of } };
/// let json = serde_json::to_string(&ask).unwrap();
/// assert_eq!(json, r#"{"v":1,"node":"web-1","incarnation":1,"type":"ask","of":"web-2"}"#);
/// # Ok::<(), horizon_core::presence::ParseNodeIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
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
    Beat {
        /// The version that its members are at.
        version: u64,
    },
    /// It wants the state of all nodes, or of one: `"type":"ask"` or `"type":"ask","of":"web-2"`.
    Ask {
        /// Whose; everybody's without.
        of: Option<NodeId>,
    },
    /// It goes for good and has no members any more: `"type":"goodbye"`.
    Goodbye,
}

impl Body {
    /// The version that its node is at.
    pub(super) fn version(&self) -> u64 {
        match self {
            Self::State { version, .. } | Self::Delta { to: version, .. } | Self::Beat { version } => *version,
            Self::Ask { .. } => UNHEARD,
            Self::Goodbye => GONE,
        }
    }
}

/// A message as its JSON has it: flat, so that members are read once and the order of fields is free.
#[derive(Serialize, Deserialize)]
struct Wire {
    v: u8,
    node: NodeId,
    incarnation: u64,
    r#type: Type,
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
enum Type {
    State,
    Delta,
    Beat,
    Ask,
    Goodbye,
}

/// Why a JSON object is no [`Message`].
#[derive(Debug, thiserror::Error)]
enum WireError {
    #[error("a message of format {0}, which is not known here")]
    Format(u8),
    #[error("a message without `{0}`")]
    Missing(&'static str),
    #[error("a number that is out of bounds")]
    Number,
}

impl TryFrom<Wire> for Message {
    type Error = WireError;
    fn try_from(wire: Wire) -> Result<Self, WireError> {
        if wire.v != FORMAT {
            return Err(WireError::Format(wire.v));
        }
        let body = match wire.r#type {
            Type::State => Body::State {
                version: need("version", wire.version)?,
                members: need("members", wire.members)?,
            },
            Type::Delta => Body::Delta {
                from: need("from", wire.from)?,
                to: need("to", wire.to)?,
                joined: need("joined", wire.joined)?,
                left: need("left", wire.left)?,
            },
            Type::Beat => Body::Beat {
                version: need("version", wire.version)?,
            },
            Type::Ask => Body::Ask { of: wire.of },
            Type::Goodbye => Body::Goodbye,
        };
        let is_good = match body {
            Body::State { version, .. } | Body::Beat { version } => (1..=MAX_NUMBER).contains(&version),
            Body::Delta { from, to, .. } => from < to && to <= MAX_NUMBER,
            Body::Ask { .. } | Body::Goodbye => true,
        };
        if !is_good || wire.incarnation > MAX_NUMBER {
            return Err(WireError::Number);
        }
        Ok(Self {
            node: wire.node,
            incarnation: wire.incarnation,
            body,
        })
    }
}

fn need<T>(name: &'static str, value: Option<T>) -> Result<T, WireError> {
    value.ok_or(WireError::Missing(name))
}

impl From<Message> for Wire {
    fn from(message: Message) -> Self {
        let mut wire = Self {
            v: FORMAT,
            node: message.node,
            incarnation: message.incarnation,
            r#type: Type::Goodbye,
            version: None,
            from: None,
            to: None,
            members: None,
            joined: None,
            left: None,
            of: None,
        };
        match message.body {
            Body::State { version, members } => {
                wire.r#type = Type::State;
                (wire.version, wire.members) = (Some(version), Some(members));
            }
            Body::Delta { from, to, joined, left } => {
                wire.r#type = Type::Delta;
                (wire.from, wire.to) = (Some(from), Some(to));
                (wire.joined, wire.left) = (Some(joined), Some(left));
            }
            Body::Beat { version } => (wire.r#type, wire.version) = (Type::Beat, Some(version)),
            Body::Ask { of } => (wire.r#type, wire.of) = (Type::Ask, of),
            Body::Goodbye => {}
        }
        wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "0000000000000000000000000000000a";

    fn message(body: Body) -> Message {
        Message {
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
                Body::State { version: 7, members },
                format!(r#""state","version":7,"members":["{ADA}"]"#),
            ),
            (
                Body::Delta {
                    from: 7,
                    to: 9,
                    joined,
                    left,
                },
                format!(r#""delta","from":7,"to":9,"joined":["{ADA}"],"left":[]"#),
            ),
            (Body::Beat { version: 9 }, r#""beat","version":9"#.into()),
            (Body::Ask { of: None }, r#""ask""#.into()),
            (Body::Ask { of }, r#""ask","of":"web-2""#.into()),
            (Body::Goodbye, r#""goodbye""#.into()),
        ] {
            let json = format!(r#"{{"v":1,"node":"web-1","incarnation":1700000000000,"type":{rest}}}"#);
            assert_eq!(serde_json::to_string(&message(body.clone())).unwrap(), json);
            assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message(body));
        }
    }

    #[test]
    fn the_order_of_fields_is_free_and_unknown_ones_are_skipped() {
        let json = r#"{"version":9,"mood":{"x":[1]},"type":"beat","incarnation":1,"node":"a","v":1}"#;
        let got: Message = serde_json::from_str(json).unwrap();
        assert_eq!((got.incarnation, got.body), (1, Body::Beat { version: 9 }));
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
            assert!(serde_json::from_str::<Message>(&bad).is_err(), "{bad}");
        }
    }
}
