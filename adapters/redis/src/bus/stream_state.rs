/// The state of the event stream, as a consumer last saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamState {
    /// Events that no accumulator has read yet.
    pub unread: u64,
    /// Events that an accumulator has read and not acknowledged.
    pub pending: u64,
    /// Events that this consumer took over from accumulators that did not acknowledge them.
    pub claimed: u64,
    /// Entries that are not events, which this consumer moved to the stream `analytics:refused`.
    pub rejected: u64,
    /// Events that were removed before they were counted, and whose loss this consumer was the first to find. The sum
    /// over all consumers and buses is what was lost. Alert on any value above zero.
    pub lost: u64,
}
