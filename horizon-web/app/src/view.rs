//! The data of each page. The server fills it in; [`pages`](crate::pages) renders it.

use std::sync::Arc;

use horizon_core::{Comment, EventId, Slug, Timestamp, wire::ThreadsView};
use horizon_posts::{Diagnostics, FrameOrigin, PageName, Post, Preview};
use horizon_texts::Texts;

use crate::list_view::{ArchivePage, BlogIndex, ListSubject, PostCard, PostList, SeriesCount, SeriesPart, TagCount};

/// The name of a blog without one: that of the project's own blog, whose pages have the project's logo and picture.
pub const DEFAULT_TITLE: &str = "EventHorizon";

/// What all pages have in common.
#[derive(Clone, Debug)]
pub struct Site {
    /// The blog's name.
    pub title: String,
    /// One sentence, or nothing.
    pub description: String,
    /// The public URL: `https://example.org`, without a trailing slash; `None` if it is unknown.
    pub base_url: Option<String>,
    /// The links of the header after `Blog`.
    pub nav: Vec<Link>,
    /// The files for the browser.
    pub assets: AssetUrls,
    /// The origins whose pages posts may show in a frame.
    pub frames: Vec<FrameOrigin>,
    /// The language tag of the blog.
    pub language: String,
    /// The interface texts in that language, or else in English.
    pub texts: Texts,
}

impl Site {
    /// Returns whether this is the project's own blog. Every other blog has its own look, without the project's logo.
    #[must_use]
    pub fn is_own_blog(&self) -> bool {
        self.title == DEFAULT_TITLE
    }
}

/// The URLs of the files that `cargo xtask bundle` builds.
#[derive(Clone, Debug)]
pub struct AssetUrls {
    /// The stem of `/pkg/{bundle}.js` and `/pkg/{bundle}_bg.wasm`. Without it pages have no islands.
    pub bundle: Option<String>,
    /// The style sheet.
    pub css: String,
    /// The style sheet of highlighted code.
    pub highlight_css: Option<String>,
    /// The script that sets the theme before the first paint.
    pub theme_js: String,
    /// The script that updates `/cluster`.
    pub cluster_js: String,
    /// The script that reports links to other sites and to files.
    pub links_js: String,
    /// The script that adds a button to code, which copies it.
    pub copy_js: String,
    /// The icon.
    pub favicon: String,
}

/// A link with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text.
    pub title: String,
    /// The URL.
    pub href: String,
}

/// A page of the blog with its data.
#[derive(Clone, Debug)]
pub enum View {
    /// `/`: the latest posts, newest first.
    Home(Vec<PostCard>),
    /// `/blog`
    Blog(BlogIndex),
    /// `/blog/{slug}`
    Post(Box<PostPage>),
    /// `/tags/{tag}` or `/series/{series}`
    List(PostList),
    /// `/tags`: all tags, by slug.
    Tags(Vec<TagCount>),
    /// `/series`: all series, by slug.
    AllSeries(Vec<SeriesCount>),
    /// `/archive` or `/archive/{year}`
    Archive(ArchivePage),
    /// A Markdown page that is not a post.
    Page(Arc<horizon_posts::MarkdownPage>),
    /// Status 404.
    NotFound,
    /// An error.
    Error(ErrorPage),
    /// `/admin` without a session.
    Login(LoginPage),
    /// `/admin` with a session.
    Moderation(ModerationPage),
    /// `/cluster`
    Cluster(ClusterPage),
}

impl View {
    /// Returns whether the page is a post or page that is not public. It has no live numbers and no comments.
    pub(crate) fn is_draft(&self) -> bool {
        match self {
            Self::Post(page) => page.post.draft,
            Self::Page(page) => page.draft,
            _ => false,
        }
    }

    /// Returns the name under which the page is counted, or `None` if it is not.
    pub(crate) fn page_name(&self) -> Option<Slug> {
        match self {
            _ if self.is_draft() => None,
            Self::Home(_) => PageName::Home.slug(),
            Self::Blog(index) => index.page_name().slug(),
            Self::List(list) => match &list.subject {
                ListSubject::Tag(tag) => PageName::Tag(tag).slug(),
                ListSubject::Series(series) => PageName::Series(series).slug(),
            },
            Self::Tags(_) => PageName::Tags.slug(),
            Self::AllSeries(_) => PageName::AllSeries.slug(),
            Self::Archive(_) => PageName::Archive.slug(),
            Self::Post(page) => Some(page.post.slug.clone()),
            Self::Page(page) => PageName::Markdown(page).slug(),
            Self::NotFound | Self::Error(_) | Self::Login(_) | Self::Moderation(_) | Self::Cluster(_) => None,
        }
    }
}

/// The sign-in form.
#[derive(Clone, Debug, Default)]
pub struct LoginPage {
    /// The reason why the last attempt failed.
    pub error: Option<String>,
    /// The path of this site to return to, instead of `/admin`.
    pub back: Option<String>,
    /// The path at which the browser asks for a token of the reports, if signing in leads to them.
    pub token_path: Option<String>,
}

/// A post with its comments.
#[derive(Clone, Debug)]
pub struct PostPage {
    /// The post.
    pub post: Arc<Post>,
    /// The part that it is of a series.
    pub series: Option<SeriesPart>,
    /// The next older post.
    pub older: Option<Arc<Post>>,
    /// The next newer post.
    pub newer: Option<Arc<Post>>,
    /// The translations of the post and itself; empty without translations.
    pub translations: Vec<Arc<Post>>,
    /// The newest threads, the threads before [`before`](Self::before), or one thread.
    pub comments: ThreadsView,
    /// Whether the comments cannot be read. The page then shows a notice instead.
    pub has_unknown_comments: bool,
    /// The thread after the shown ones, from `?before={id}`.
    pub before: Option<EventId>,
    /// Whether the comments are one thread with a page of its replies, from `?thread={id}`.
    pub is_one_thread: bool,
    /// The comment that the form replies to, from `?reply={id}`.
    pub reply_to: Option<EventId>,
    /// Whether the comment that was just sent is pending, for readers without scripts.
    pub is_pending: bool,
}

impl PostPage {
    /// A post with its newest comments. Without comments the page says that they cannot be shown.
    #[must_use]
    pub fn new(post: Arc<Post>, comments: Option<ThreadsView>) -> Self {
        Self {
            post,
            series: None,
            older: None,
            newer: None,
            translations: Vec::new(),
            has_unknown_comments: comments.is_none(),
            comments: comments.unwrap_or_default(),
            before: None,
            is_one_thread: false,
            reply_to: None,
            is_pending: false,
        }
    }
}

/// An error.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// A few words.
    pub title: String,
    /// One sentence for the reader.
    pub detail: String,
}

/// The newest comments of all posts, for moderation.
#[derive(Clone, Debug)]
pub struct ModerationPage {
    /// The comments, newest first.
    pub comments: Vec<ModerationItem>,
    /// Whether only pending comments are shown.
    pub only_pending: bool,
    /// The URL of older comments.
    pub older: Option<String>,
    /// The posts and pages that are not public, newest first.
    pub previews: Vec<Preview>,
    /// The errors in content files.
    pub errors: Diagnostics,
}

/// A comment with the title of its post.
#[derive(Clone, Debug)]
pub struct ModerationItem {
    /// The comment as stored.
    pub comment: Comment,
    /// The title of the post.
    pub post_title: String,
}

/// The nodes of the registry.
#[derive(Clone, Debug, Default)]
pub struct ClusterPage {
    /// The web nodes, by name.
    pub web: Vec<WebNode>,
    /// The accumulators, by name.
    pub accumulators: Vec<AccumulatorNode>,
    /// One sentence; may be empty.
    pub note: String,
}

/// The state of a node.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// The time of its start.
    pub started: Timestamp,
    /// The time since its last heartbeat, in milliseconds.
    pub silent_millis: u64,
    /// The round-trip time to Redis, in microseconds.
    pub round_trip_micros: Option<u64>,
    /// The offset of its clock from that of Redis, in milliseconds; positive if it is ahead.
    pub clock_offset_millis: Option<i64>,
    /// Its problems, each one sentence.
    pub problems: Vec<String>,
}

/// A web node.
#[derive(Clone, Debug)]
pub struct WebNode {
    /// Its state.
    pub node: NodeStatus,
    /// Distinct viewers who are connected to it.
    pub viewers: u64,
}

/// An accumulator.
#[derive(Clone, Debug)]
pub struct AccumulatorNode {
    /// Its state.
    pub node: NodeStatus,
    /// Events that it counted since its start.
    pub counted: u64,
    /// Events that no consumer has read.
    pub unread: u64,
    /// Events that were read but not acknowledged.
    pub pending: u64,
    /// Events that were deleted before they were counted.
    pub lost: u64,
}
