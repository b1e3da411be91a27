//! The islands: what the browser takes over. Everything else on a page is plain HTML.
//!
//! Each holds what the server rendered and starts to work once it is in the browser (an effect does
//! not run on the server). None has properties: they would travel as JSON, whose reader is a quarter
//! of the download, and everything they could say stands in the page.

use leptos::prelude::*;

use crate::browser::{like, numbers, talk};

/// The post's numbers, and with them every other place on the page that shows one.
#[island]
pub fn LiveNumbers(children: Children) -> impl IntoView {
    Effect::new(|_| numbers::follow_page());
    children()
}

/// The like button.
#[island]
pub fn LikeButton(children: Children) -> impl IntoView {
    Effect::new(|_| like::start());
    children()
}

/// The comments and their form.
#[island]
pub fn Comments(children: Children) -> impl IntoView {
    Effect::new(|_| talk::start());
    children()
}

/// How many are on the site.
#[island]
pub fn SiteFooter(children: Children) -> impl IntoView {
    Effect::new(|_| numbers::follow_site());
    children()
}
