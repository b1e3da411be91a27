//! The script for pages of any kind.

use std::sync::LazyLock;

static SCRIPT: LazyLock<String> = LazyLock::new(|| slim(include_str!("client/client.js")));

/// The script that makes a page live, as a browser gets it: an ES module without dependencies.
///
/// Serve it as `text/javascript` beside the routes, under the name `client.js`: it asks for what is beside it.
/// [`client_types`] says how a page uses it.
///
/// ```
/// assert!(eventhorizon::client_js().contains("new EventSource"));
/// ```
#[must_use]
pub fn client_js() -> &'static str {
    &SCRIPT
}

/// The types of [`client_js`], for TypeScript and for whoever reads them: what hooks there are, and what it exports.
#[must_use]
pub fn client_types() -> &'static str {
    include_str!("client/client.d.ts")
}

