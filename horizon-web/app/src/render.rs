//! From a page to a template: the document in pieces, and what it may load.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use sha2::{Digest, Sha256};

use crate::{Page, Piece, Site, Values, blanks::Marks, document::document};

/// How the script that starts the islands begins: the only one that stands in a page itself.
const INLINE: &str = "<script type=\"module\">";

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
    /// `key` is a random number that is used for nothing else: who writes posts or comments must not know it.
    #[must_use]
    pub fn new(site: &Site, page: &Page, key: u128) -> Self {
        let marks = Marks::new(key);
        let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new())));
        let html = owner.with(|| document(site, page, &marks).to_html());
        owner.unset_with_forced_cleanup();
        Self {
            status: status(page),
            policy: policy(&html),
            pieces: marks.pieces(&html),
        }
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
