use std::time::Duration;

use horizon_core::{
    VisitorKey,
    presence::{MessageBody, NodeId, PresenceMessage, Timing},
};

use crate::visitors::VISITORS;

/// A mistake that an implementation could make, planted around the right one: it bends what goes in or out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mutant {
    IgnoresIncarnations,
    IgnoresGoodbyes,
    ForgetsGoodbyes,
    IgnoresVersions,
    IgnoresTheBaseOfADelta,
    NeverDropsTheSilent,
    HasNoGrace,
    ForgetsOtherTabs,
    CountsAVisitorOnceANode,
    NeverHealsAGap,
    AsksNobodyWhenItComes,
    NeverAnswers,
    NeverBeats,
    TakesItsEchoForAnotherNode,
    TakesItsEchoForAnotherLife,
}

impl Mutant {
    pub(crate) fn timing(mutant: Option<Self>) -> Timing {
        let mut timing = Timing::default();
        match mutant {
            Some(Self::NeverDropsTheSilent) => timing.dead_after = Duration::from_secs(3600),
            Some(Self::HasNoGrace) => timing.grace = Duration::ZERO,
            _ => {}
        }
        timing
    }

    /// Whether a message that the node says is swallowed.
    pub(crate) fn drops(self, message: &PresenceMessage) -> bool {
        match self {
            Self::NeverHealsAGap => matches!(message.body, MessageBody::StateRequest { node: Some(_) }),
            Self::AsksNobodyWhenItComes => matches!(message.body, MessageBody::StateRequest { node: None }),
            Self::NeverBeats => matches!(message.body, MessageBody::Heartbeat { .. }),
            _ => false,
        }
    }

    /// What the node hears instead of `message`, when the version that it knows of the sender is `known`.
    pub(crate) fn alter(self, mut message: PresenceMessage, me: &NodeId, known: u64) -> Option<PresenceMessage> {
        let is_echo = message.node == *me;
        match self {
            Self::IgnoresIncarnations if !is_echo => message.incarnation = 1,
            Self::IgnoresGoodbyes if message.body == MessageBody::Goodbye => return None,
            Self::ForgetsGoodbyes if message.body == MessageBody::Goodbye => {
                message.body = MessageBody::State {
                    version: known + 1,
                    members: Vec::new(),
                };
            }
            Self::IgnoresVersions if !is_echo => message.body = latest(message.body, known),
            Self::IgnoresTheBaseOfADelta => {
                if let MessageBody::Delta { from, to, .. } = &mut message.body
                    && *to > known
                {
                    *from = known;
                }
            }
            Self::CountsAVisitorOnceANode => disguise(&mut message),
            Self::NeverAnswers if matches!(message.body, MessageBody::StateRequest { .. }) => return None,
            Self::TakesItsEchoForAnotherNode if is_echo => message.node = NodeId::new("echo").unwrap(),
            Self::TakesItsEchoForAnotherLife if is_echo => message.incarnation += 1,
            _ => {}
        }
        Some(message)
    }
}

/// The body as if it were right behind what is known.
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

/// Makes the visitors of each node other ones.
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
