//! The islands: the parts of a page that the browser updates.
//!
//! Each wraps the HTML of the server, and Leptos's script calls its function in
//! [`browser::exports`](crate::browser::exports) by name. Islands have no properties.

use leptos::{prelude::*, tachys::html::islands::Island};

/// The numbers of the post.
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

/// The posts of a list with their numbers.
#[component]
pub fn PostCards(children: Children) -> impl IntoView {
    Island::new("PostCards", children())
}

/// The numbers of the site.
#[component]
pub fn SiteFooter(children: Children) -> impl IntoView {
    Island::new("SiteFooter", children())
}
