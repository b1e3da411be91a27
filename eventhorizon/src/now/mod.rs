//! What happens on the site at this moment: viewers, active pages, their sources, and the last 30 minutes.

mod snapshot;

pub use snapshot::{ActivePage, ActiveSource, NowSnapshot};
