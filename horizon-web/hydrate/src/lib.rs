//! The islands, for the browser.
