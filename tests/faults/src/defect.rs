use clap::ValueEnum;

/// What is broken on purpose, to see whether the run notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Defect {
    /// Stand-ins of ours run in place of the product's programs, and are whole.
    Nothing,
    /// An accumulator acknowledges a batch and then counts it.
    AcknowledgesFirst,
    /// An accumulator that forgets which events it has counted.
    ForgetsIds,
    /// An accumulator that tells nobody the totals.
    NeverPublishes,
    /// An accumulator that leaves what the dead had taken.
    NeverTakesOver,
    /// An accumulator that goes on to the next batch after an error.
    GivesUp,
    /// A web node answers and then hands the event to Redis.
    PromisesFirst,
    /// A web node that hears of totals by pub/sub alone, on one connection.
    ListensOnce,
    /// A web node that reads what waits into its own memory.
    HoldsEvents,
    /// A web node that knows of its own readers only.
    KeepsToItself,
    /// A publisher that takes an error for an acknowledgement.
    BelievesErrors,
    /// A publisher that gives each attempt a new id.
    MintsAgain,
    /// A Redis that keeps nothing on the disk.
    KeepsNothing,
    /// Somebody trims the stream by its length.
    TrimsUnread,
    /// `/readyz` says 200, whatever happens.
    AlwaysReady,
    /// `/metrics` shows no problem and no loss.
    HidesAlarms,
    /// A like is acknowledged although the store refused it.
    AcknowledgesErrors,
    /// An accumulator that reads on, whatever becomes of its stream and whoever else counts.
    ReadsOnSilently,
    /// A web node that looks at nothing but its own work: not at the clock of Redis, its kind or its other clients.
    ChecksNothing,
    /// `?wait=1` is left out of the address.
    DropsWait,
    /// A server that sets its database up and looks later whose it is.
    SetsUpFirst,
    /// A server that waits until its log is written.
    BlocksOnLog,
    /// A server that prints with `eprintln!`, which panics when nobody takes it.
    PanicsOnLog,
}

/// Which part of the stage is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Accumulators,
    Webs,
    Publishers,
    Redis,
    /// What stands before a genuine process and answers in its place.
    Front,
}

impl Defect {
    /// Whether a stand-in runs in place of this part of the product.
    pub(crate) fn replaces(self, part: Part) -> bool {
        let broken = match self {
            Self::Nothing => return matches!(part, Part::Accumulators | Part::Webs),
            Self::AcknowledgesFirst
            | Self::ForgetsIds
            | Self::NeverPublishes
            | Self::NeverTakesOver
            | Self::GivesUp
            | Self::ReadsOnSilently => Part::Accumulators,
            Self::PromisesFirst
            | Self::ListensOnce
            | Self::HoldsEvents
            | Self::KeepsToItself
            | Self::ChecksNothing
            | Self::SetsUpFirst
            | Self::BlocksOnLog
            | Self::PanicsOnLog => Part::Webs,
            Self::AlwaysReady | Self::HidesAlarms | Self::AcknowledgesErrors => Part::Front,
            Self::BelievesErrors | Self::MintsAgain => Part::Publishers,
            Self::KeepsNothing | Self::TrimsUnread | Self::DropsWait => Part::Redis,
        };
        broken == part
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What is broken, as a sentence.
    pub(crate) fn sentence(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }
}
