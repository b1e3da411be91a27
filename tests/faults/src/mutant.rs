use clap::ValueEnum;

/// A deliberate defect that the fault run must detect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaultMutant {
    /// An unmodified program, built from the same parts as the mutants.
    Unmodified,
    /// An accumulator that acknowledges a batch before it counts it.
    AcknowledgesFirst,
    /// An accumulator that does not recognise repeated events.
    ForgetsIds,
    /// An accumulator that counts the reading times of a batch in a transaction of its own.
    SeparatesSeconds,
    /// An accumulator that does not publish the totals.
    NeverPublishes,
    /// An accumulator that never claims the pending events of a dead one.
    NeverClaims,
    /// An accumulator that skips a batch after an error.
    SkipsFailedBatches,
    /// An accumulator that skips a batch if the store does not answer within two seconds.
    GivesUpWaiting,
    /// A web node that acknowledges an event before Redis has it.
    AcknowledgesEarly,
    /// A web node that receives totals over one pub/sub connection and never reads them again.
    NeverRefreshesTotals,
    /// A web node that keeps all events of the stream in memory.
    HoardsEvents,
    /// A web node that knows only its own viewers.
    LocalPresenceOnly,
    /// A publisher that takes an error for an acknowledgement.
    IgnoresErrors,
    /// A publisher that sends each retry with a new id.
    NewIdOnRetry,
    /// A Redis without persistence.
    NoPersistence,
    /// Connections to PostgreSQL that turn `synchronous_commit` off.
    CommitsAsynchronously,
    /// Connections to PostgreSQL whose lock of the site does not exclude other transactions.
    CountsWithoutLock,
    /// Connections to PostgreSQL that stay open although an unfinished transaction gets no message.
    KeepsLock,
    /// A client that trims the stream by its length.
    TrimsUnread,
    /// A process whose `/readyz` always returns 200.
    AlwaysReady,
    /// A process whose `/metrics` has no problem and no lost event.
    HidesAlarms,
    /// A process that acknowledges a like although the store rejected it.
    AcknowledgesErrors,
    /// An accumulator that checks neither its stream nor the other accumulators.
    SkipsLossChecks,
    /// A web node that checks neither the clock of Redis, nor its kind, nor its other clients.
    SkipsStartupChecks,
    /// An address of Redis without `?wait=1`.
    DropsWait,
    /// A server that initialises a database before it checks whose it is.
    InitializesForeignFile,
    /// A server that waits until its log is written.
    BlocksOnLog,
    /// A server that logs with `eprintln!`, which panics on an error.
    PanicsOnLog,
}

/// The part of the cluster that a mutant replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MutatedPart {
    Accumulators,
    Webs,
    Publishers,
    Redis,
    /// The connections to PostgreSQL.
    Postgres,
    /// A proxy for an unmodified process.
    Proxy,
}

impl FaultMutant {
    /// Returns whether this mutant replaces the part.
    pub(crate) fn replaces(self, part: MutatedPart) -> bool {
        let replaced = match self {
            Self::Unmodified => return matches!(part, MutatedPart::Accumulators | MutatedPart::Webs),
            Self::AcknowledgesFirst
            | Self::ForgetsIds
            | Self::SeparatesSeconds
            | Self::NeverPublishes
            | Self::NeverClaims
            | Self::SkipsFailedBatches
            | Self::GivesUpWaiting
            | Self::SkipsLossChecks => MutatedPart::Accumulators,
            Self::AcknowledgesEarly
            | Self::NeverRefreshesTotals
            | Self::HoardsEvents
            | Self::LocalPresenceOnly
            | Self::SkipsStartupChecks
            | Self::InitializesForeignFile
            | Self::BlocksOnLog
            | Self::PanicsOnLog => MutatedPart::Webs,
            Self::AlwaysReady | Self::HidesAlarms | Self::AcknowledgesErrors => MutatedPart::Proxy,
            Self::IgnoresErrors | Self::NewIdOnRetry => MutatedPart::Publishers,
            Self::CommitsAsynchronously | Self::CountsWithoutLock | Self::KeepsLock => MutatedPart::Postgres,
            Self::NoPersistence | Self::TrimsUnread | Self::DropsWait => MutatedPart::Redis,
        };
        replaced == part
    }

    /// Returns the name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Returns the description.
    pub(crate) fn sentence(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }
}
