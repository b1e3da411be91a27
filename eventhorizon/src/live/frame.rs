use bytes::Bytes;
use horizon_core::wire::PageStats;

/// The content of a live stream at one moment. Each part has its own revision, so that a connection that missed frames
/// writes only the parts that are newer than what it wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Whether this is the first complete frame or a later one.
    pub(crate) ready: bool,
    pub(crate) stats: Option<PageStats>,
    /// The revision of the comments that `stats` counts.
    pub(crate) comments_revision: u64,
    /// Whether `stats` come from the page's sources and not from the cache.
    pub(crate) is_current: bool,
    pub(crate) messages: PerPart<Message>,
}

/// An encoded message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// Zero before the first message of its part.
    pub(crate) revision: u64,
    pub(crate) bytes: Bytes,
}

/// The parts of a frame, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FramePart {
    Stats,
    Site,
    Comments,
}

impl FramePart {
    pub(crate) const ALL: [Self; 3] = [Self::Stats, Self::Site, Self::Comments];
}

/// A value for each part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerPart<T> {
    stats: T,
    site: T,
    comments: T,
}

impl<T> PerPart<T> {
    pub(crate) fn get(&self, part: FramePart) -> &T {
        match part {
            FramePart::Stats => &self.stats,
            FramePart::Site => &self.site,
            FramePart::Comments => &self.comments,
        }
    }

    pub(crate) fn get_mut(&mut self, part: FramePart) -> &mut T {
        match part {
            FramePart::Stats => &mut self.stats,
            FramePart::Site => &mut self.site,
            FramePart::Comments => &mut self.comments,
        }
    }
}
