use clap::ValueEnum;

use crate::{mutant::FaultMutant, scale::Scale};

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// An accumulator is killed repeatedly.
    AccumulatorKill,
    /// The accumulator of an SQLite file is killed repeatedly.
    SqliteKill,
    /// A web node is killed repeatedly.
    WebKill,
    /// Redis is killed repeatedly and restarts with its files.
    RedisKill,
    /// Redis is paused and resumed.
    RedisPause,
    /// All pub/sub connections are closed once a second.
    PubsubKill,
    /// Redis is out of memory and evicts nothing.
    RedisFull,
    /// An accumulator is paused until others have claimed its events, and resumed.
    Zombie,
    /// Each event is sent ten times in random order.
    Repeats,
    /// No accumulator runs while events are sent.
    Backlog,
    /// PostgreSQL is killed repeatedly and restarts with its files.
    PostgresKill,
    /// PostgreSQL is paused and resumed.
    PostgresPause,
    /// All connections to PostgreSQL are terminated once a second, and the reply to a COMMIT is lost.
    PostgresTerminate,
    /// Two accumulators count into one PostgreSQL. One is killed repeatedly, and then paused while it holds the lock.
    PostgresAccumulators,
    /// The stream is deleted while it has unread events.
    StreamDeleted,
    /// FLUSHALL while events are unread.
    Flushall,
    /// Redis is killed while events are unread, and restarts without its files.
    RedisEmptied,
    /// Redis evicts keys (`allkeys-lru`, 4 MB).
    Eviction,
    /// The clock of a web node is wrong: by 2 hours, by -31 days, by 50 minutes, by 5 minutes.
    ClockOff,
    /// A replica becomes the master while clients write to the old one, without `?wait=1`.
    Partition,
    /// The same with `?wait=1`: clients wait for one replica.
    PartitionWait,
    /// The SQLite file is deleted or replaced while the server runs.
    DatabaseDeleted,
    /// The SQLite file belongs to another program.
    ForeignDatabase,
    /// The address is a node of a Redis Cluster.
    ClusterNode,
    /// Two accumulators of one stream count into different stores.
    TwoStores,
    /// Two web nodes have the same name.
    DuplicateNames,
    /// Standard error fails: a pipe without a reader, `/dev/full`, a full pipe.
    DeadLog,
    /// A disk of 16 MB with the SQLite file and the log is full, and then freed.
    FullDisk,
    /// PostgreSQL is killed and paused, and its connections are terminated, while the only process writes to it.
    PostgresBlog,
    /// The disk of PostgreSQL's tables is full, and then freed.
    PostgresTablesFull,
    /// The disk of PostgreSQL's write-ahead log is full, then freed, and PostgreSQL is started again.
    PostgresWalFull,
}

impl Class {
    /// Returns all classes in the order of a run.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Returns the number of rounds, each with a fault.
    pub(crate) fn rounds(self, scale: &Scale) -> u64 {
        match self {
            Self::AccumulatorKill => scale.accumulator_kills,
            Self::SqliteKill => scale.sqlite_kills,
            Self::WebKill => scale.web_kills,
            Self::RedisKill => scale.redis_kills,
            Self::RedisPause => scale.pauses.len() as u64,
            Self::PubsubKill => scale.pubsub_kills,
            Self::RedisFull => scale.full_memories,
            Self::PostgresKill => scale.postgres_kills,
            Self::PostgresPause => scale.postgres_pauses.len() as u64,
            Self::PostgresTerminate => scale.postgres_terminations,
            Self::PostgresAccumulators => scale.postgres_accumulator_kills,
            _ => 1,
        }
    }

    /// Returns the number of events that publishers send while faults happen.
    pub(crate) fn events(self, scale: &Scale) -> u64 {
        match self {
            Self::SqliteKill => scale.sqlite_events,
            _ if self.has_postgres_store() => scale.postgres_events,
            _ => scale.events,
        }
    }

    /// Returns whether the class checks that losses are reported, instead of totals under load.
    pub(crate) fn is_alarm(self) -> bool {
        self as usize >= Self::StreamDeleted as usize
    }

    /// Returns the description.
    pub(crate) fn sentence(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }

    /// Returns whether the store is an SQLite file, which has one accumulator.
    pub(crate) fn has_sqlite_store(self) -> bool {
        self == Self::SqliteKill
    }

    /// Returns whether the class is not an alarm and has its store in PostgreSQL.
    pub(crate) fn has_postgres_store(self) -> bool {
        matches!(
            self,
            Self::PostgresKill | Self::PostgresPause | Self::PostgresTerminate | Self::PostgresAccumulators
        )
    }

    /// Returns the options of redis-server.
    pub(crate) fn redis_options(self) -> &'static [&'static str] {
        match self {
            // With `everysec` a kill may lose acknowledged events while the disk is slow.
            Self::RedisKill => &["--appendfsync", "always"],
            Self::RedisFull => &["--maxmemory-policy", "noeviction"],
            _ => &[],
        }
    }

    /// Returns the mutants that this class must detect.
    pub(crate) fn mutants(self) -> &'static [FaultMutant] {
        match self {
            Self::AccumulatorKill => &[FaultMutant::AcknowledgesFirst, FaultMutant::NeverClaims],
            Self::SqliteKill => &[FaultMutant::SeparatesSeconds],
            Self::WebKill => &[FaultMutant::AcknowledgesEarly, FaultMutant::LocalPresenceOnly],
            Self::RedisKill => &[FaultMutant::NoPersistence],
            Self::RedisPause => &[FaultMutant::NewIdOnRetry],
            Self::PubsubKill => &[FaultMutant::NeverRefreshesTotals, FaultMutant::NeverPublishes],
            Self::RedisFull => &[FaultMutant::SkipsFailedBatches, FaultMutant::IgnoresErrors],
            Self::Zombie => &[FaultMutant::ForgetsIds],
            Self::Repeats => &[
                FaultMutant::Unmodified,
                FaultMutant::ForgetsIds,
                FaultMutant::SeparatesSeconds,
            ],
            Self::Backlog => &[FaultMutant::HoardsEvents, FaultMutant::TrimsUnread],
            Self::PostgresKill => &[FaultMutant::CommitsAsynchronously, FaultMutant::SkipsFailedBatches],
            Self::PostgresPause => &[FaultMutant::GivesUpWaiting],
            Self::PostgresTerminate => &[
                FaultMutant::Unmodified,
                FaultMutant::ForgetsIds,
                FaultMutant::SkipsFailedBatches,
            ],
            Self::PostgresAccumulators => &[
                FaultMutant::CountsWithoutLock,
                FaultMutant::KeepsLock,
                FaultMutant::AcknowledgesFirst,
                FaultMutant::NeverClaims,
            ],
            Self::StreamDeleted | Self::Partition => &[FaultMutant::AlwaysReady, FaultMutant::SkipsLossChecks],
            Self::Flushall => &[FaultMutant::HidesAlarms],
            Self::RedisEmptied | Self::Eviction | Self::TwoStores => &[FaultMutant::SkipsLossChecks],
            Self::ClockOff | Self::ClusterNode | Self::DuplicateNames => &[FaultMutant::SkipsStartupChecks],
            Self::PartitionWait => &[FaultMutant::DropsWait],
            Self::DatabaseDeleted | Self::PostgresWalFull => {
                &[FaultMutant::AcknowledgesErrors, FaultMutant::AlwaysReady]
            }
            Self::ForeignDatabase => &[FaultMutant::InitializesForeignFile],
            Self::DeadLog => &[
                FaultMutant::Unmodified,
                FaultMutant::BlocksOnLog,
                FaultMutant::PanicsOnLog,
            ],
            Self::FullDisk => &[FaultMutant::PanicsOnLog, FaultMutant::AcknowledgesErrors],
            Self::PostgresBlog => &[FaultMutant::NewIdOnRetry, FaultMutant::CommitsAsynchronously],
            Self::PostgresTablesFull => &[FaultMutant::AcknowledgesErrors],
        }
    }

    /// Returns the name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
