use bytes::Bytes;
use horizon_core::wire::PageStats;

/// What a live page says at one moment. Each part stands for itself and has its own revision, so
/// that a connection that missed some frames writes what is newer than what it wrote, and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Whether there is all that there will be for a start.
    pub(crate) ready: bool,
    /// The numbers of the page, once they are known.
    pub(crate) numbers: Option<PageStats>,
    /// Which comments the numbers tell of.
    pub(crate) comments_revision: u64,
    /// Whether the numbers come from the page's sources, and are not what was known before they answered.
    pub(crate) is_current: bool,
    /// The parts, each an encoded message, by [`Part`].
    pub(crate) messages: Parts<Message>,
}

/// An encoded message, and which of its part it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// Zero while nothing was said.
    pub(crate) revision: u64,
    pub(crate) bytes: Bytes,
}

/// The parts of a frame, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FramePart {
    Live,
    Site,
    Comments,
}

impl FramePart {
    pub(crate) const ALL: [Self; 3] = [Self::Live, Self::Site, Self::Comments];
}

/// Something for each part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<T> {
    live: T,
    site: T,
    comments: T,
}

impl<T> Parts<T> {
    pub(crate) fn of(&self, part: FramePart) -> &T {
        match part {
            FramePart::Live => &self.live,
            FramePart::Site => &self.site,
            FramePart::Comments => &self.comments,
        }
    }

    pub(crate) fn of_mut(&mut self, part: FramePart) -> &mut T {
        match part {
            FramePart::Live => &mut self.live,
            FramePart::Site => &mut self.site,
            FramePart::Comments => &mut self.comments,
        }
    }
}
