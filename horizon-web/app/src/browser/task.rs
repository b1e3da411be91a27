//! What runs later: requests, and what follows a signal. Each takes a box, because code for one more type
//! of future or of closure is code to download.

use std::pin::Pin;

use reactive_graph::effect::Effect;
use wasm_bindgen_futures::spawn_local;

/// Runs a future on this page, as long as the page lives.
pub(crate) fn spawn(future: Pin<Box<dyn Future<Output = ()>>>) {
    spawn_local(future);
}

/// Runs `act` once the current work is done, and again whenever a signal that it read has changed.
pub(crate) fn effect(mut act: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| act());
}
