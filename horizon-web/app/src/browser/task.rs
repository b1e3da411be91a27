//! Futures and effects. They are boxed to keep the download small: each type would generate more code.

use std::pin::Pin;

use reactive_graph::effect::Effect;
use wasm_bindgen_futures::spawn_local;

pub(crate) fn spawn(future: Pin<Box<dyn Future<Output = ()>>>) {
    spawn_local(future);
}

/// Runs `act` soon, and again whenever a signal that it read has changed.
pub(crate) fn effect(mut act: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| act());
}
