//! Live streams: one task for each watched page encodes frames, and all its connections write the same bytes.

#[cfg_attr(not(feature = "comments"), path = "comments_disabled.rs")]
mod comments;
mod frame;
mod hub;
mod latest;
mod latest_totals;
mod observed;
mod observed_page;
mod open;
mod page;
mod reader_messages;
mod reader_page;
mod sse;
mod stream;

pub(crate) use frame::{Frame, FramePart, PerPart};
pub(crate) use hub::{Hub, HubParts, TopicLease};
pub(crate) use latest::LatestReceiver;
pub(crate) use observed::ObservedPages;
pub use open::LiveOptions;
pub(crate) use open::check_observed;
#[cfg(feature = "dashboard")]
pub(crate) use open::greeting;
pub(crate) use reader_messages::ReaderMessages;
#[cfg(feature = "dashboard")]
pub(crate) use sse::encode;
pub use stream::Live;
pub(crate) use stream::{OpenConnection, ViewerStream};

#[cfg(test)]
mod tests;
