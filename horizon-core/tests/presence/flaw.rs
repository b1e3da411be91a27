use std::time::Duration;

use horizon_core::{
    VisitorKey,
    presence::{Body, Message, NodeId, Timing},
};

use crate::crowd::VISITORS;

/// A mistake that an implementation could make, planted around the right one: it bends what goes in or out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
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

impl Flaw {
    pub(crate) fn timing(flaw: Option<Self>) -> Timing {
        let mut timing = Timing::default();
        match flaw {
            Some(Self::NeverDropsTheSilent) => timing.dead_after = Duration::from_secs(3600),
            Some(Self::HasNoGrace) => timing.grace = Duration::ZERO,
            _ => {}
        }
        timing
    }

    /// Whether a message that the node says is swallowed.
    pub(crate) fn swallows(self, message: &Message) -> bool {
        match self {
            Self::NeverHealsAGap => matches!(message.body, Body::Ask { of: Some(_) }),
            Self::AsksNobodyWhenItComes => matches!(message.body, Body::Ask { of: None }),
            Self::NeverBeats => matches!(message.body, Body::Beat { .. }),
            _ => false,
        }
    }

    /// What the node hears instead of `message`, when the version that it knows of the sender is `known`.
    pub(crate) fn bend(self, mut message: Message, me: &NodeId, known: u64) -> Option<Message> {
        let is_echo = message.node == *me;
        match self {
            Self::IgnoresIncarnations if !is_echo => message.incarnation = 1,
            Self::IgnoresGoodbyes if message.body == Body::Goodbye => return None,
            Self::ForgetsGoodbyes if message.body == Body::Goodbye => {
                message.body = Body::State {
                    version: known + 1,
                    members: Vec::new(),
                };
            }
            Self::IgnoresVersions if !is_echo => message.body = latest(message.body, known),
            Self::IgnoresTheBaseOfADelta => {
                if let Body::Delta { from, to, .. } = &mut message.body
                    && *to > known
                {
                    *from = known;
                }
            }
            Self::CountsAVisitorOnceANode => disguise(&mut message),
            Self::NeverAnswers if matches!(message.body, Body::Ask { .. }) => return None,
            Self::TakesItsEchoForAnotherNode if is_echo => message.node = NodeId::new("echo").unwrap(),
            Self::TakesItsEchoForAnotherLife if is_echo => message.incarnation += 1,
            _ => {}
        }
        Some(message)
    }
}

/// The body as if it were right behind what is known.
fn latest(body: Body, known: u64) -> Body {
    match body {
        Body::State { members, .. } => Body::State {
            version: known + 1,
            members,
        },
        Body::Delta { joined, left, .. } => Body::Delta {
            from: known,
            to: known + 1,
            joined,
            left,
        },
        Body::Beat { .. } => Body::Beat { version: known.max(1) },
        other => other,
    }
}

/// Makes the visitors of each node other ones.
fn disguise(message: &mut Message) {
    let number: u128 = message.node.as_str()[1..].parse().unwrap();
    let shift = |visitors: &mut Vec<VisitorKey>| {
        for visitor in visitors {
            *visitor = VisitorKey::from_u128(visitor.as_u128() + (number + 1) * VISITORS as u128);
        }
    };
    match &mut message.body {
        Body::State { members, .. } => shift(members),
        Body::Delta { joined, left, .. } => {
            shift(joined);
            shift(left);
        }
        _ => {}
    }
}
