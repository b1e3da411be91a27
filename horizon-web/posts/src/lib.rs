//! Reads a folder of Markdown as posts, pages, feeds and a sitemap.
//!
//! [`ContentFolder::load`] reads `*.md` in the folder as posts and `pages/*.md` as pages, and the Markdown in
//! sub-folders as posts if it has a date. A project of Hugo, Zola, Jekyll or Astro is read where its files are
//! ([`Layout`]). A file that cannot be read is a [`Diagnostic`] and does not affect other files.
//! [`ContentFolder::library`] returns what is public at a given time, and [`watch`] updates it when files change and
//! when a post becomes due. Images are in `media/`, which the server serves at `/media/`, including those of posts that
//! are not public, or beside posts ([`Library::file`]). Old addresses lead to posts ([`Library::redirect`]).
//!
//! The slug of a file is its name without `.md` and without a leading `YYYY-MM-DD-`, unless its front matter has a
//! `slug`. The front matter is YAML between two `---` lines, TOML between two `+++` lines, or JSON:
//!
//! ```yaml
//! title: Counting people, not sockets    # required
//! date: 2026-11-23                       # required for a post, unless the file's name has one
//! updated: 2026-11-24
//! description: How presence is counted.
//! summary: People, not sockets.          # for lists and feeds
//! tags: [presence, rust]                 # a list, or one text such as `presence, rust`
//! series: Counting
//! language: en
//! aliases: [/2026/counting/]             # old addresses
//! draft: false
//! cover: { image: media/people.jpg, alt: "A crowd, seen from above", caption: Berlin }
//! showToc: true
//! slug: counting-people
//! ```
//!
//! Keys may be written in any case. The keys of Hugo, Zola, Jekyll and Astro with the same meaning have the same effect
//! (docs/blog/front-matter.md lists them). A key that is probably a misspelling of a known one is reported; other keys
//! are ignored.
//!
//! A post is not public before its date, and a draft is never public. Drafts are marked as in the common site
//! generators: `draft: true`, `published: false`, `status: draft`, `visibility: private` and so on. If such a value or
//! key is invalid, as in `draft: maybe` or `darft: true`, the post is not public.

mod addresses;
mod body;
mod check;
mod code_cache;
mod connect;
mod content;
mod content_file;
mod content_index;
mod content_options;
mod date;
mod date_text;
mod diagnostic;
mod feed;
mod file_language;
mod file_name;
mod file_role;
mod file_type;
mod folder_links;
mod folder_rules;
mod folder_tree;
mod front_matter;
mod grammars;
mod highlight;
mod highlight_code;
mod highlight_library;
mod language;
mod layout;
mod library;
mod lists;
mod markdown;
mod page_name;
mod pagination;
mod parallel;
mod parse;
mod picture;
mod post;
mod preview;
mod redirects;
mod render_cache;
mod rendered_body;
mod search;
mod site_files;
mod sitemap;
mod skipped;
mod slug;
mod slug_conflicts;
mod source;
mod text;
mod unicode;
mod urls;
mod watch;

pub use check::{CheckReport, CheckRule, Finding};
pub use content::ContentFolder;
pub use content_file::ScheduledFile;
pub use content_options::ContentOptions;
pub use date::{Date, DateError};
pub use diagnostic::{Diagnostic, DiagnosticEffect, Diagnostics, Severity};
pub use feed::{FEED_POSTS, SiteInfo, atom, rss};
pub use highlight::highlight_css;
pub use language::{Language, LanguageError};
pub use layout::Layout;
pub use library::Library;
pub use lists::{SeriesPosts, TagPosts, YearPosts};
pub use markdown::{FrameOrigin, FrameOriginError, MarkdownExtensions, MarkdownExtensionsError};
pub use page_name::PageName;
pub use pagination::{POSTS_PER_PAGE, Pagination};
pub use picture::{Picture, PictureLookup, PictureVariant, Pictures};
pub use post::{Cover, MarkdownPage, Post, Series, Tag, TocEntry};
pub use preview::Preview;
pub use search::{MAX_SEARCH_CHARS, MAX_SEARCH_WORDS, Passage, PassagePart, SearchIndex, SearchResult, SearchResults};
pub use sitemap::{robots, sitemap};
pub use skipped::{SkipReason, SkippedFiles};
pub use source::MAX_FILE_BYTES;
pub use unicode::{fold, nfc};
pub use watch::{DEBOUNCE, LONGEST_SLEEP, WatchError, watch};
