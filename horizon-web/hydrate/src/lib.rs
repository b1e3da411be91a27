//! The islands, for the browser.

// Linked for its islands: each is an export that the page's script calls.
use horizon_app as _;

/// Called once by the page's script, before it wakes the islands.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
