//! The islands, for the browser.

// Linked for its islands: each is an export that the page's script calls.
use horizon_app as _;
