use std::time::Duration;

use horizon_core::{
    VisitorKey,
    presence::{MessageBody, NodeId, PresenceMessage, Timing},
};

use crate::visitors::VISITORS;

/// A mistake of a broken implementation, made by altering the messages to and from the correct one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PresenceMutant {
    IgnoresIncarnations,
    IgnoresGoodbyes,
    ForgetsGoodbyes,
    IgnoresVersions,
    IgnoresTheBaseVersion,
    NeverDropsSilentNodes,
    HasNoGrace,
    ForgetsOtherTabs,
    CountsAVisitorOncePerNode,
    NeverHealsAGap,
    NeverRequestsStatesAtFirst,
    NeverRespondsWithItsState,
    NeverSendsHeartbeats,
    TreatsOwnMessagesAsAnotherNode,
    TreatsOwnMessagesAsAnotherIncarnation,
}

impl PresenceMutant {
    pub(crate) fn timing(mutant: Option<Self>) -> Timing {
        let mut timing = Timing::default();
        match mutant {
            Some(Self::NeverDropsSilentNodes) => timing.dead_after = Duration::from_secs(3600),
            Some(Self::HasNoGrace) => timing.grace = Duration::ZERO,
            _ => {}
        }
        timing
    }

    /// Returns whether the node does not send this message.
    pub(crate) fn drops(self, message: &PresenceMessage) -> bool {
        match self {
            Self::NeverHealsAGap => matches!(message.body, MessageBody::StateRequest { node: Some(_) }),
            Self::NeverRequestsStatesAtFirst => matches!(message.body, MessageBody::StateRequest { node: None }),
            Self::NeverSendsHeartbeats => matches!(message.body, MessageBody::Heartbeat { .. }),
            _ => false,
        }
    }

    /// Returns what the node receives instead of `message`. `known` is its current version of the sender.
    pub(crate) fn alter(self, mut message: PresenceMessage, me: &NodeId, known: u64) -> Option<PresenceMessage> {
        let is_own = message.node == *me;
        match self {
            Self::IgnoresIncarnations if !is_own => message.incarnation = 1,
            Self::IgnoresGoodbyes if message.body == MessageBody::Goodbye => return None,
            Self::ForgetsGoodbyes if message.body == MessageBody::Goodbye => {
                message.body = MessageBody::State {
                    version: known + 1,
                    members: Vec::new(),
                };
            }
            Self::IgnoresVersions if !is_own => message.body = latest(message.body, known),
            Self::IgnoresTheBaseVersion => {
                if let MessageBody::Delta { from, to, .. } = &mut message.body
                    && *to > known
                {
                    *from = known;
                }
            }
            Self::CountsAVisitorOncePerNode => disguise(&mut message),
            Self::NeverRespondsWithItsState if matches!(message.body, MessageBody::StateRequest { .. }) => return None,
            Self::TreatsOwnMessagesAsAnotherNode if is_own => message.node = NodeId::new("other").unwrap(),
            Self::TreatsOwnMessagesAsAnotherIncarnation if is_own => message.incarnation += 1,
            _ => {}
        }
        Some(message)
    }
}

/// Returns the body as if it followed the version `known`.
fn latest(body: MessageBody, known: u64) -> MessageBody {
    match body {
        MessageBody::State { members, .. } => MessageBody::State {
            version: known + 1,
            members,
        },
        MessageBody::Delta { joined, left, .. } => MessageBody::Delta {
            from: known,
            to: known + 1,
            joined,
            left,
        },
        MessageBody::Heartbeat { .. } => MessageBody::Heartbeat { version: known.max(1) },
        other => other,
    }
}

/// Replaces the visitors by different ones for each node.
fn disguise(message: &mut PresenceMessage) {
    let number: u128 = message.node.as_str()[1..].parse().unwrap();
    let shift = |visitors: &mut Vec<VisitorKey>| {
        for visitor in visitors {
            *visitor = VisitorKey::from_u128(visitor.as_u128() + (number + 1) * VISITORS as u128);
        }
    };
    match &mut message.body {
        MessageBody::State { members, .. } => shift(members),
        MessageBody::Delta { joined, left, .. } => {
            shift(joined);
            shift(left);
        }
        _ => {}
    }
}
