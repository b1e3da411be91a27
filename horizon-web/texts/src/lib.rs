//! The interface texts of the blog, and dates and numbers, in each language.
//!
//! A language is a file in `languages/`, in the syntax of [Fluent](https://projectfluent.org). [ICU4X] formats dates
//! and numbers and selects plural forms.
//!
//! ```
//! use horizon_texts::Texts;
//! let texts = Texts::for_language("de-AT").unwrap_or_default();
//! assert_eq!(texts.get("home-page"), "Startseite");
//! assert_eq!(texts.with("posts-found", &[("count", 2_u64.into())]), "2 Beiträge gefunden.");
//! assert_eq!(texts.date(2026, 5, 4), "4. Mai 2026");
//! ```
//!
//! [ICU4X]: https://icu4x.unicode.org

mod formats;
mod language;
mod message;
mod messages;
mod texts;
mod unit;

pub use language::{is_right_to_left, open_graph_locale};
pub use message::{Argument, TextPiece};
pub use messages::LANGUAGES;
pub use texts::Texts;
pub use unit::{TextUnit, UnitForms};
