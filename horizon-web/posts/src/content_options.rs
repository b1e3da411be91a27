use horizon_core::reports::SiteTimeZone;

use crate::{FrameOrigin, Language, MarkdownExtensions, Pictures};

/// How the folder is read.
#[derive(Clone, Debug, Default)]
pub struct ContentOptions {
    /// Include drafts and files whose date is in the future.
    pub drafts: bool,
    /// Pass all HTML in Markdown through. Otherwise only safe elements are, and the rest is shown as text.
    pub raw_html: bool,
    /// The extensions of Markdown.
    pub markdown: MarkdownExtensions,
    /// The language of the blog, and of documents that state no other.
    pub language: Language,
    /// The origins whose pages may be in a frame. Other frames are links.
    pub frames: Vec<FrameOrigin>,
    /// The blog's own URL, such as `https://blog.example`; links to it are not external.
    pub base_url: String,
    /// The time zone of dates without an offset, such as days.
    pub time_zone: SiteTimeZone,
    /// First path segments of the server's own URLs, such as `feed.xml`. A page cannot have one of them as its slug.
    pub reserved: &'static [&'static str],
    /// The sizes and variants of pictures.
    pub pictures: Pictures,
}
