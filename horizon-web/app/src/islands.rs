//! The islands: what the browser takes over. Everything else on a page is plain HTML.
//!
//! Each holds what the server rendered, and Leptos's script wakes its half in the browser by its name:
//! [`browser::wake`](crate::browser::wake). None has properties: everything they could say stands in the page.

use leptos::{prelude::*, tachys::html::islands::Island};

/// The post's numbers, and with them every other place on the page that shows one.
#[component]
pub fn LiveNumbers(children: Children) -> impl IntoView {
    Island::new("LiveNumbers", children())
}

/// The like button.
#[component]
pub fn LikeButton(children: Children) -> impl IntoView {
    Island::new("LikeButton", children())
}

/// The comments and their form.
#[component]
pub fn Comments(children: Children) -> impl IntoView {
    Island::new("Comments", children())
}

/// How many are on the site.
#[component]
pub fn SiteFooter(children: Children) -> impl IntoView {
    Island::new("SiteFooter", children())
}
