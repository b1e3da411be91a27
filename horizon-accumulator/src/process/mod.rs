//! What a program around the accumulator needs, whether it is `horizon-accumulator` or `horizon-web`: its log, its
//! clock, the signals that end it, and the pipe and the store that its configuration names.

mod alone;
mod clock;
#[cfg(feature = "service")]
mod log;
#[cfg(feature = "redis")]
mod node;
mod ready;
#[cfg(feature = "service")]
mod run;
mod secret_text;
#[cfg(feature = "signals")]
mod signals;
#[cfg(feature = "redis")]
mod speak;
mod store;
mod url;

pub use crate::backoff::cause;
pub use alone::Alone;
pub use clock::now;
#[cfg(feature = "service")]
pub use log::start_log;
#[cfg(feature = "redis")]
pub use node::random_node;
pub use ready::Ready;
#[cfg(feature = "service")]
pub use run::run;
pub use secret_text::SecretText;
#[cfg(feature = "signals")]
pub use signals::{asked_to_stop, ended};
#[cfg(feature = "redis")]
pub use speak::speak;
pub use store::Store;
#[cfg(feature = "redis")]
pub use url::Delivery;
pub use url::{PipeUrl, StoreUrl, pipe_and_store};
