//! The functions that Leptos's script calls, by name. The script passes the element of the island, which the functions
//! ignore.

use any_spawner::Executor;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{comments, like, stats};

/// Initialises the executor. Called once, before the islands.
#[wasm_bindgen]
pub fn hydrate() {
    // Fails if it is already initialised.
    let _ = Executor::init_wasm_bindgen();
}

/// Starts the numbers of the post.
#[wasm_bindgen(js_name = LiveNumbers)]
pub fn live_numbers() {
    stats::bind_page();
}

/// Starts the like button.
#[wasm_bindgen(js_name = LikeButton)]
pub fn like_button() {
    like::start();
}

/// Starts the comments and their form.
#[wasm_bindgen(js_name = Comments)]
pub fn comments() {
    comments::start();
}

/// Starts the numbers of the posts in a list.
#[wasm_bindgen(js_name = PostCards)]
pub fn post_cards() {
    stats::bind_cards();
}

/// Starts the numbers of the site.
#[wasm_bindgen(js_name = SiteFooter)]
pub fn site_footer() {
    stats::bind_site();
}
