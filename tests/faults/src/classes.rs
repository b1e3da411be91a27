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
    /// The stream is deleted while events wait in it.
    StreamDeleted,
    /// FLUSHALL while events wait.
    Flushall,
    /// Redis is killed while events wait, and comes back without its files.
    RedisEmptied,
    /// Redis evicts what was not used for long (`allkeys-lru`, 4 MB).
    Eviction,
    /// The clock of a web node is off: by 2 hours, by -31 days, by 50 minutes, by 5 minutes.
    ClockOff,
    /// A replica becomes the master while clients write to the old one and wait for no replica.
    Partition,
    /// The same with clients who wait for one replica (`?wait=1`).
    PartitionWait,
    /// The SQLite file is deleted, or replaced, under the running server.
    DatabaseDeleted,
    /// The SQLite file is another program's.
    ForeignDatabase,
    /// The address is that of a node of a Redis Cluster.
    ClusterNode,
    /// Two accumulators of one stream count into different stores.
    TwoStores,
    /// Two web nodes have one name.
    DuplicateNames,
    /// Nobody takes the log: its reader is gone, `/dev/full`, a pipe that nobody reads.
    DeadLog,
    /// One disk of 16 MB with the SQLite file and the log is full, and then free again.
    FullDisk,
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
            _ => 1,
        }
    }

    /// Whether it checks that nothing is lost in silence, on a scene of its own, and not numbers under load.
    pub(crate) fn is_alarm(self) -> bool {
        self as usize >= Self::StreamDeleted as usize
    }

    /// What happens, as a sentence.
    pub(crate) fn sentence(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
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
            Self::StreamDeleted | Self::Partition => &[Defect::AlwaysReady, Defect::ReadsOnSilently],
            Self::Flushall => &[Defect::HidesAlarms],
            Self::RedisEmptied | Self::Eviction | Self::TwoStores => &[Defect::ReadsOnSilently],
            Self::ClockOff | Self::ClusterNode | Self::DuplicateNames => &[Defect::ChecksNothing],
            Self::PartitionWait => &[Defect::DropsWait],
            Self::DatabaseDeleted => &[Defect::AcknowledgesErrors, Defect::AlwaysReady],
            Self::ForeignDatabase => &[Defect::SetsUpFirst],
            Self::DeadLog => &[Defect::Nothing, Defect::BlocksOnLog, Defect::PanicsOnLog],
            Self::FullDisk => &[Defect::PanicsOnLog, Defect::AcknowledgesErrors],
        }
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
