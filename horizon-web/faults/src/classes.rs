use clap::ValueEnum;

use crate::{defect::Defect, scale::Scale};

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// An accumulator is killed again and again.
    AccumulatorKill,
    /// A web node is killed again and again.
    WebKill,
    /// Redis is killed again and again, and comes back with what it wrote.
    RedisKill,
    /// Redis stops answering, and goes on.
    RedisPause,
    /// Every connection that listens is cut, once a second.
    PubsubKill,
    /// Redis has no memory left and evicts nothing.
    RedisFull,
    /// An accumulator sleeps until others have done its work, and goes on.
    Zombie,
    /// Each event is sent ten times, in any order.
    Repeats,
    /// No accumulator runs while events come.
    Backlog,
}

impl Class {
    /// All of them, in the order in which they are played.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// How often events are sent and a fault happens meanwhile.
    pub(crate) fn rounds(self, scale: &Scale) -> u64 {
        match self {
            Self::AccumulatorKill => scale.accumulator_kills,
            Self::WebKill => scale.web_kills,
            Self::RedisKill => scale.redis_kills,
            Self::RedisPause => scale.pauses.len() as u64,
            Self::PubsubKill => scale.pubsub_kills,
            Self::RedisFull => scale.full_memories,
            Self::Zombie | Self::Repeats | Self::Backlog => 1,
        }
    }

    /// What redis-server is told.
    pub(crate) fn redis_options(self) -> &'static [&'static str] {
        match self {
            // With `everysec` it answers before it writes while the disk is slow, and a kill takes that away.
            Self::RedisKill => &["--appendfsync", "always"],
            Self::RedisFull => &["--maxmemory-policy", "noeviction"],
            _ => &[],
        }
    }

    /// What is broken on purpose under this class, one at a time.
    pub(crate) fn sabotage(self) -> &'static [Defect] {
        match self {
            Self::AccumulatorKill => &[Defect::AcknowledgesFirst, Defect::NeverTakesOver],
            Self::WebKill => &[Defect::PromisesFirst, Defect::KeepsToItself],
            Self::RedisKill => &[Defect::KeepsNothing],
            Self::RedisPause => &[Defect::MintsAgain],
            Self::PubsubKill => &[Defect::ListensOnce, Defect::NeverPublishes],
            Self::RedisFull => &[Defect::GivesUp, Defect::BelievesErrors],
            Self::Zombie => &[Defect::ForgetsIds],
            Self::Repeats => &[Defect::Nothing, Defect::ForgetsIds],
            Self::Backlog => &[Defect::HoldsEvents, Defect::TrimsUnread],
        }
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
