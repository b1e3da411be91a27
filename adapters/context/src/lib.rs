//! Where a visitor came from, and with which browser: reads the context of a visit from a request.
//!
//! [`ContextReader`] makes a `VisitContext` of a [`PageRequest`], with the countries of a [`CountryFile`].
//! `eventhorizon` uses it for each page that is opened.
//!
//! ```
//! use horizon_context::{ContextReader, PageRequest};
//!
//! let reader = ContextReader::new(["blog.example.org"]);
//! let context = reader.read(&PageRequest {
//!     user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"),
//!     accept_language: Some("de-AT,de;q=0.9"),
//!     referrer: Some("https://www.google.co.uk/search?q=private"),
//!     page_query: Some("utm_campaign=spring"),
//!     viewport_width: Some(1280),
//!     ..PageRequest::default()
//! });
//! let text = |value: Option<horizon_core::ContextValue>| value.map(|value| value.as_str().to_owned());
//! assert_eq!(text(context.source).as_deref(), Some("google"));
//! assert_eq!(text(context.channel).as_deref(), Some("search"));
//! assert_eq!(text(context.campaign).as_deref(), Some("spring"));
//! assert_eq!(text(context.browser).as_deref(), Some("firefox 132"));
//! assert_eq!(text(context.system).as_deref(), Some("linux"));
//! assert_eq!(text(context.device).as_deref(), Some("laptop"));
//! assert_eq!(text(context.language).as_deref(), Some("de"));
//! ```
//!
//! # Values
//!
//! All values have at most 64 characters, and are in lower case except the country. A value that is unknown is `None`.
//!
//! | value | from |
//! |---|---|
//! | source | `utm_source`, `ref` or `source` of the page's query, otherwise the referrer (1) |
//! | channel | `direct`, `search`, `social`, `mail`, `ai`, `paid` or `other`, by the medium or the source |
//! | medium, campaign, term, content | `utm_medium`, `utm_campaign`, `utm_term`, `utm_content` |
//! | browser | family and major version, such as `firefox 132` (2) |
//! | system | family and major version, such as `android 14`, `windows 10` (3) |
//! | device | `phone`, `tablet`, `laptop` or `desktop` (4) |
//! | country | two capital letters (ISO 3166-1, and `XK`): from the header of a trusted proxy, or from an MMDB file |
//! | language | the primary subtag of the first entry of `Accept-Language` |
//!
//! 1. The name of a known host, or the registrable domain. A referrer on the site's own hosts, in a private network or
//!    without a domain is ignored.
//! 2. The variants of a browser for phones have its name. The browser within an app has the name of the app without a
//!    version, such as `instagram`, or `android webview 130`, `ios webview`.
//! 3. Without a version where browsers send a constant one: `macos`, `chrome os`. Linux distributions are `linux`.
//!    Windows 11 sends the version of Windows 10.
//! 4. By the width of the viewport: `phone` below 576 CSS pixels, `tablet` below 992, `laptop` below 1,440. Without a
//!    width by the agent, which never gives `laptop`; TVs and consoles are `desktop`.
//!
//! # Privacy and bounds
//!
//! The address, the agent string and the referrer are read and dropped in the same call: no part of them is logged, or
//! contained in an error. A cache of recent agents has keyed hashes, with a key that never leaves the process. Of each
//! text only the first bytes are read.
//!
//! # Data
//!
//! `data/DATA.md` names the packages with the names of sources and the patterns of browsers, their versions and
//! licences. They are compiled in; nothing is fetched.

mod agent;
mod agent_names;
mod campaign;
mod channel;
mod country;
mod country_file;
mod device;
mod iso_3166;
mod language;
mod reader;
mod referrer;
mod sources;
mod value;

pub use country_file::CountryFile;
pub use reader::{ContextReader, PageRequest};

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
