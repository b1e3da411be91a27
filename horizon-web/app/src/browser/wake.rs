//! What Leptos's script calls. It gives each the island's element, which none needs: a place on the page
//! is found by what it says of itself.

use any_spawner::Executor;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{like, numbers, talk};

/// Called once, before the islands are woken.
#[wasm_bindgen]
pub fn hydrate() {
    // To set it again does nothing.
    let _ = Executor::init_wasm_bindgen();
}

/// The post's numbers, and with them every other place on the page that shows one.
#[wasm_bindgen(js_name = LiveNumbers)]
pub fn live_numbers() {
    numbers::follow_page();
}

/// The like button.
#[wasm_bindgen(js_name = LikeButton)]
pub fn like_button() {
    like::start();
}

/// The comments and their form.
#[wasm_bindgen(js_name = Comments)]
pub fn comments() {
    talk::start();
}

/// How many are on the site.
#[wasm_bindgen(js_name = SiteFooter)]
pub fn site_footer() {
    numbers::follow_site();
}
