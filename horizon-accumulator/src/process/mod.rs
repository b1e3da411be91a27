//! What a program around the accumulator needs, whether it is `horizon-accumulator` or `horizon-web`: its log, its
//! clock, the signals that end it, and the pipe and the store that its configuration names.

mod alone;
mod clock;
mod log;
mod node;
mod ready;
mod run;
mod secret_text;
mod signals;
mod speak;
mod store;
mod url;

pub use crate::backoff::cause;
pub use alone::Alone;
pub use clock::now;
pub use log::start_log;
pub use node::random_node;
pub use ready::Ready;
pub use run::run;
pub use secret_text::SecretText;
pub use signals::{asked_to_stop, ended};
pub use speak::speak;
pub use store::Store;
pub use url::{Delivery, PipeUrl, StoreUrl, pipe_and_store};
