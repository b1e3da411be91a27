//! Renders a view as a template.

use std::sync::Arc;

use any_spawner::Executor;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use horizon_core::{Error, Result};
use horizon_posts::FrameOrigin;
use horizon_texts::Texts;
use leptos::{nonce::Nonce, reactive::owner::take_context};
use sha2::{Digest, Sha256};

use crate::{Site, SlotValues, TemplatePart, View, document::document, language::PageLanguage, slots::SlotMarkers};

/// The start of the only inline script, which starts the islands.
const INLINE: &str = "<script type=\"module\">";

/// Separates texts for hydration, which only Leptos's own islands need. It is not valid HTML.
const HYDRATION_MARKER: &str = "<!>";

/// The end of a document.
const END: &str = "</html>";

/// The maximum size of a document, in bytes: 64 MiB.
const MAX_DOCUMENT_BYTES: usize = 64 * 1024 * 1024;

/// A rendered page with [slots](crate::Slot) for the values that differ between responses.
#[derive(Clone, Debug)]
pub struct Template {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The Content-Security-Policy. It allows the inline script by its hash, so that it is the same for all responses.
    pub policy: String,
    /// The HTML, in order.
    pub parts: Vec<TemplatePart>,
    /// The texts of the page, for its slots.
    pub texts: Texts,
}

impl Template {
    /// Renders `view` as a document. Needs a tokio runtime.
    ///
    /// `key` marks the slots. It must be secret, so that posts and comments cannot contain markers.
    ///
    /// # Errors
    /// The document is longer than 64 MiB.
    pub async fn new(site: &Arc<Site>, view: View, key: u128) -> Result<Self> {
        let (status, markers) = (status(&view), Arc::new(SlotMarkers::new(key)));
        let language = Arc::new(PageLanguage::new(site, &view));
        let render = {
            let (site, view, markers) = (Arc::clone(site), Arc::new(view), Arc::clone(&markers));
            let language = Arc::clone(&language);
            move || {
                // A nonce would be the same for all responses; the policy has a hash instead.
                let _ = take_context::<Nonce>();
                document(&site, &view, &language, &markers)
            }
        };
        // Leptos yields to the executor while it renders. Fails if it is already initialised.
        let _ = Executor::init_tokio();
        // The request is empty, because no page uses it.
        let response = leptos_axum::render_app_async(render)(Request::new(Body::empty())).await;
        let html = to_bytes(response.into_body(), MAX_DOCUMENT_BYTES)
            .await
            .map_err(|error| Error::permanent("rendering a page failed").with_source(error))?;
        let html = String::from_utf8_lossy(&html);
        // Remove the script that Leptos appends for pending resources: pages have no resources.
        let html = html.rsplit_once(END).map_or("", |(html, _)| html).to_owned() + END;
        let html = html.replace(HYDRATION_MARKER, "");
        Ok(Self {
            status,
            policy: policy(&html, &site.frames),
            parts: markers.split(&html),
            texts: language.texts.clone(),
        })
    }

    /// Returns the HTML with these values.
    #[must_use]
    pub fn fill(&self, values: &SlotValues) -> String {
        let fill = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Slot(slot) => slot.fill(values, &self.texts),
        };
        self.parts.iter().map(fill).collect()
    }
}

fn status(view: &View) -> u16 {
    match view {
        View::NotFound => 404,
        View::Error(error) if (400..600).contains(&error.status) => error.status,
        View::Error(_) => 500,
        _ => 200,
    }
}

/// Returns a policy that allows files of this site and the inline script in the head.
fn policy(html: &str, frames: &[FrameOrigin]) -> String {
    // The content of posts and comments is in the body, where no script is allowed.
    let head = html.split_once("</head>").map_or("", |(head, _)| head);
    let inline = head
        .split_once(INLINE)
        .and_then(|(_, rest)| rest.split_once("</script>"));
    let script = inline.map_or_else(String::new, |(script, _)| {
        format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)))
    });
    let frames: String = frames.iter().map(|origin| format!(" {origin}")).collect();
    let frames = if frames.is_empty() {
        frames
    } else {
        format!("; frame-src{frames}")
    };
    format!(
        "default-src 'none'; script-src 'self'{script} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'{frames}"
    )
}
