//! From a page to a template: the document in pieces, and what it may load.

use std::sync::Arc;

use any_spawner::Executor;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use horizon_core::{Error, Result};
use leptos::{nonce::Nonce, reactive::owner::take_context};
use sha2::{Digest, Sha256};

use crate::{Page, Piece, Site, Values, blanks::Marks, document::document};

/// How the script that starts the islands begins: the only one that stands in a page itself.
const INLINE: &str = "<script type=\"module\">";

/// Where a document ends.
const END: &str = "</html>";

/// The longest document, in bytes: 64 MiB, which is more than any post that is taken makes.
const LONGEST: usize = 64 * 1024 * 1024;

/// A page, rendered once for all its readers. What each answer says anew is left blank.
#[derive(Clone, Debug)]
pub struct Template {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The Content-Security-Policy. It names the page's script by its hash, so that it is the same in every answer.
    pub policy: String,
    /// The HTML, in order.
    pub pieces: Vec<Piece>,
}

impl Template {
    /// Renders `page` as a whole document.
    ///
    /// `key` is used for nothing else, and whoever writes posts or comments must not know it. It runs on a tokio runtime.
    ///
    /// # Errors
    /// The document is longer than 64 MiB.
    pub async fn new(site: &Arc<Site>, page: Page, key: u128) -> Result<Self> {
        let (status, marks) = (status(&page), Arc::new(Marks::new(key)));
        let (site, page, marked) = (Arc::clone(site), Arc::new(page), Arc::clone(&marks));
        let write = move || {
            // Each rendering has a nonce, and this one is for many answers: the policy names the script by its hash.
            let _ = take_context::<Nonce>();
            document(&site, &page, &marked)
        };
        // Leptos yields to this executor once while it renders. To set it again does nothing.
        let _ = Executor::init_tokio();
        // Leptos reads the request's path, and pages do not need it.
        let answer = leptos_axum::render_app_async(write)(Request::new(Body::empty())).await;
        let html = to_bytes(answer.into_body(), LONGEST)
            .await
            .map_err(|error| Error::permanent("a page could not be rendered").with_source(error))?;
        let html = String::from_utf8_lossy(&html);
        // Behind it stands a script for what is still to be loaded, which is nothing.
        let html = html.rsplit_once(END).map_or("", |(html, _)| html).to_owned() + END;
        Ok(Self {
            status,
            policy: policy(&html),
            pieces: marks.pieces(&html),
        })
    }

    /// The HTML with these values in its blanks.
    #[must_use]
    pub fn fill(&self, values: &Values) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Blank(blank) => blank.fill(values),
        };
        self.pieces.iter().map(fill).collect()
    }
}

fn status(page: &Page) -> u16 {
    match page {
        Page::NotFound => 404,
        Page::Error(error) if (400..600).contains(&error.status) => error.status,
        Page::Error(_) => 500,
        _ => 200,
    }
}

/// What the page may load: its own files, and the script in its head.
fn policy(html: &str) -> String {
    // What authors and readers wrote stands in the body: no script there is ever allowed.
    let head = html.split_once("</head>").map_or("", |(head, _)| head);
    let inline = head
        .split_once(INLINE)
        .and_then(|(_, rest)| rest.split_once("</script>"));
    let script = inline.map_or_else(String::new, |(script, _)| {
        format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)))
    });
    format!(
        "default-src 'none'; script-src 'self'{script} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}
