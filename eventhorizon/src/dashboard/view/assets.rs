//! The style sheet and the script.

/// `dashboard.css`, minified.
pub(crate) const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/dashboard.css"));

/// `dashboard.js`, minified.
pub(crate) const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/dashboard.js"));
