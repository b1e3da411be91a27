//! A folder of Markdown as a blog's content: posts, pages, feeds and a sitemap.
//!
//! [`Library::load`] reads `*.md` in the folder as posts and `pages/*.md` as pages, and either gives
//! the whole library or tells every problem of every file at once. [`watch`] keeps it fresh while
//! people edit. Images live in `media/`, which the server shows at `/media/`.
//!
//! The slug of a file is its name without `.md` and without a leading `YYYY-MM-DD-`, unless its
//! front matter says `slug`. The front matter is YAML between two `---` lines:
//!
//! ```yaml
//! title: Counting people, not sockets    # required
//! date: 2026-11-23                       # required for a post: a day, or RFC 3339
//! updated: 2026-11-24
//! description: How presence is counted.
//! tags: [presence, rust]                 # a list, or one text
//! draft: false
//! cover: { image: media/people.jpg, alt: "A crowd, seen from above", caption: Berlin }
//! showToc: true
//! slug: counting-people
//! ```
//!
//! Other keys are let be.

mod body;
mod code;
mod date;
mod document;
mod feed;
mod front_matter;
mod highlight;
mod library;
mod load;
mod markdown;
mod post;
mod problem;
mod sitemap;
mod source;
mod text;
mod urls;
mod watch;

pub use date::{Date, DateError};
pub use feed::{FEED_POSTS, SiteInfo, atom, rss};
pub use highlight::highlight_css;
pub use library::{Library, MAX_SEARCH_WORDS, TagPosts};
pub use load::Options;
pub use post::{Cover, Page, Post, Tag, TocEntry};
pub use problem::{Problem, Problems};
pub use sitemap::{robots, sitemap};
pub use source::MAX_FILE_BYTES;
pub use watch::{DEBOUNCE, WatchError, watch};
