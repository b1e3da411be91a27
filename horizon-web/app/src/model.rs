//! What a page shows, as plain data: the server fills it in, the pages put it into HTML.

use horizon_core::{Comment, EventId, Timestamp, wire::PageStats, wire::ThreadsView};

/// What is the same on every page.
#[derive(Clone, Debug)]
pub struct Site {
    /// The blog's name.
    pub title: String,
    /// What the blog is about, in a sentence.
    pub description: String,
    /// Where readers find it: `https://example.org`, without a trailing slash.
    pub base_url: String,
    /// The links of the header, after `Blog`.
    pub nav: Vec<Link>,
    /// The files of the browser's side.
    pub assets: Assets,
}

/// The addresses of the files that `cargo xtask bundle` made, as its manifest names them.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The stem of `/pkg/{bundle}.js` and `/pkg/{bundle}_bg.wasm`. Without it pages come without islands.
    pub bundle: Option<String>,
    /// The style sheet.
    pub css: String,
    /// The style sheet of highlighted code, where there is one.
    pub highlight_css: Option<String>,
    /// The small script that sets the theme before the first paint.
    pub theme_js: String,
    /// The small script that keeps `/cluster` fresh.
    pub cluster_js: String,
    /// The icon.
    pub favicon: String,
}

/// A link with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub title: String,
    /// Where it goes.
    pub href: String,
}

/// One page of the blog, with all that it shows.
#[derive(Clone, Debug)]
pub enum Page {
    /// `/`
    Home(Home),
    /// `/blog`
    Blog(BlogIndex),
    /// `/blog/{slug}`
    Post(Box<PostPage>),
    /// `/tags/{tag}`
    Tag(TagPage),
    /// A page from Markdown that is no post.
    Extra(ExtraPage),
    /// Status 404.
    NotFound,
    /// Something went wrong.
    Error(ErrorPage),
    /// `/admin` for a stranger.
    Login(Login),
    /// `/admin` for the author.
    Desk(Desk),
    /// `/cluster` for the author.
    Cluster(Cluster),
}

/// The first page: the latest posts.
#[derive(Clone, Debug)]
pub struct Home {
    /// The latest posts, newest first.
    pub posts: Vec<Card>,
}

/// All posts, or those that a search or a tag leaves.
#[derive(Clone, Debug)]
pub struct BlogIndex {
    /// The posts found, newest first.
    pub posts: Vec<Card>,
    /// Every tag, in the order to show.
    pub tags: Vec<TagCount>,
    /// What was searched for, empty for nothing.
    pub query: String,
    /// The slug of the tag that was picked.
    pub tag: Option<String>,
}

/// The posts with one tag.
#[derive(Clone, Debug)]
pub struct TagPage {
    /// The tag.
    pub tag: Tag,
    /// Its posts, newest first.
    pub posts: Vec<Card>,
}

/// A tag of posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it says.
    pub name: String,
    /// Its name in addresses, `/tags/{slug}`.
    pub slug: String,
}

/// A tag and how many posts have it.
#[derive(Clone, Debug)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// How many posts have it.
    pub posts: usize,
}

/// A post in a list.
#[derive(Clone, Debug)]
pub struct Card {
    /// What every post says about itself.
    pub post: PostHead,
    /// Its numbers at this moment, as far as they are known.
    pub numbers: Option<PageStats>,
}

/// What every post says about itself.
#[derive(Clone, Debug)]
pub struct PostHead {
    /// Its name in addresses.
    pub slug: String,
    /// Its title, plain text.
    pub title: String,
    /// What it is about, plain text.
    pub description: String,
    /// When it was published.
    pub date: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// How long it takes to read.
    pub reading_minutes: u32,
    /// Its picture.
    pub cover: Option<Cover>,
}

/// The picture above a post.
#[derive(Clone, Debug)]
pub struct Cover {
    /// Its address, from `/` or absolute.
    pub image: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// The line below it, plain text.
    pub caption: Option<String>,
}

/// One post, with its comments.
#[derive(Clone, Debug)]
pub struct PostPage {
    /// What it says about itself.
    pub post: PostHead,
    /// Its text as HTML, put into the page as it is.
    pub html: String,
    /// Its headings, empty for no table of contents.
    pub toc: Vec<TocEntry>,
    /// The next older post.
    pub older: Option<Link>,
    /// The next newer post.
    pub newer: Option<Link>,
    /// The newest threads, those before [`before`](Self::before), or one thread.
    pub comments: ThreadsView,
    /// Whether the comments cannot be read at the moment, and so none are shown.
    pub has_unknown_comments: bool,
    /// The thread that the shown ones stand before, from `?before={id}`.
    pub before: Option<EventId>,
    /// Whether the comments are one thread with a page of its replies, from `?thread={id}`.
    pub is_one_thread: bool,
    /// The comment that the form answers, from `?reply={id}`.
    pub reply_to: Option<EventId>,
    /// Whether the comment that was just sent waits for the author; said to who has no script.
    pub is_waiting: bool,
}

/// A heading of a post.
#[derive(Clone, Debug)]
pub struct TocEntry {
    /// 2 for `h2`, and so on.
    pub level: u8,
    /// The heading's anchor.
    pub id: String,
    /// The heading's text, plain.
    pub text: String,
}

/// A page from Markdown that is no post.
#[derive(Clone, Debug)]
pub struct ExtraPage {
    /// Its path, from `/`.
    pub path: String,
    /// Its title, plain text.
    pub title: String,
    /// What it is about, plain text.
    pub description: String,
    /// Its text as HTML, put into the page as it is.
    pub html: String,
}

/// Something went wrong.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// What the reader can do, a sentence.
    pub detail: String,
}

/// The way into the admin desk.
#[derive(Clone, Debug)]
pub struct Login {
    /// Why the last try failed, a sentence.
    pub error: Option<String>,
}

/// The author's desk: the newest comments of all posts.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The comments, newest first.
    pub comments: Vec<DeskComment>,
    /// Whether only those that wait are shown.
    pub only_waiting: bool,
    /// Where older ones are.
    pub older: Option<String>,
    /// The files of the blog that cannot be shown, by path.
    pub problems: Vec<FileProblem>,
    /// How many more of them there are.
    pub more_problems: usize,
}

/// Why a file of the blog cannot be shown.
#[derive(Clone, Debug)]
pub struct FileProblem {
    /// Where it is, with the line if that is known: `posts/a.md:3`.
    pub place: String,
    /// What is wrong, a sentence.
    pub reason: String,
    /// Whether readers see an earlier version of it.
    pub is_last_good_shown: bool,
}

/// A comment on the author's desk.
#[derive(Clone, Debug)]
pub struct DeskComment {
    /// The comment as it is stored.
    pub comment: Comment,
    /// The title of the post it stands on.
    pub post_title: String,
}

/// The processes that serve and count, as they were last heard of.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Those that serve readers, by name.
    pub web: Vec<WebNode>,
    /// Those that count events, by name.
    pub accumulators: Vec<AccumulatorNode>,
    /// What is to be said about all of it, a sentence; empty for nothing.
    pub note: String,
}

/// A process of the cluster.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// When it started.
    pub started: Timestamp,
    /// How long ago it was last heard of, in milliseconds.
    pub silent_millis: u64,
    /// How long Redis takes to answer it, in microseconds.
    pub round_trip_micros: Option<u64>,
    /// By how many milliseconds its clock is ahead of that of Redis, or negative behind it.
    pub clock_offset_millis: Option<i64>,
    /// Why it cannot do all of its work, each as a sentence.
    pub problems: Vec<String>,
}

/// A process that serves readers.
#[derive(Clone, Debug)]
pub struct WebNode {
    /// What every process says of itself.
    pub node: Node,
    /// Distinct visitors who are connected to it.
    pub viewers: u64,
}

/// A process that counts events.
#[derive(Clone, Debug)]
pub struct AccumulatorNode {
    /// What every process says of itself.
    pub node: Node,
    /// Events that it counted since it started.
    pub counted: u64,
    /// Events that nobody has read yet, as it last saw it.
    pub unread: u64,
    /// Events that were read and not yet acknowledged, as it last saw it.
    pub pending: u64,
    /// Events that were removed before they were counted.
    pub lost: u64,
}
