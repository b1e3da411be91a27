use bytes::Bytes;
use horizon_core::live::Numbers;

/// What a live page says at one moment. Each part stands for itself and has its own revision, so
/// that a connection that missed some frames writes what is newer than what it wrote, and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Whether there is all that there will be for a start.
    pub(crate) ready: bool,
    /// The numbers of the page, once they are known.
    pub(crate) numbers: Option<Numbers>,
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
pub(crate) enum Part {
    Live,
    Site,
    Comments,
}

impl Part {
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
    pub(crate) fn of(&self, part: Part) -> &T {
        match part {
            Part::Live => &self.live,
            Part::Site => &self.site,
            Part::Comments => &self.comments,
        }
    }

    pub(crate) fn of_mut(&mut self, part: Part) -> &mut T {
        match part {
            Part::Live => &mut self.live,
            Part::Site => &mut self.site,
            Part::Comments => &mut self.comments,
        }
    }
}
