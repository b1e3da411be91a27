//! A sample page of each kind.

use std::{fs, num::NonZeroUsize, sync::Arc};

use horizon_app::{
    ArchivePage, ArchiveYear, AssetUrls, BlogIndex, ErrorPage, Link, ListSubject, LoginPage, ModerationItem,
    ModerationPage, PostCard, PostList, PostPage, SeriesCount, SeriesPart, Site, SlotValues, TagCount, Texts, View,
};
use horizon_core::{
    Comment, EventId, ReaderId, Slug, Timestamp, Visibility,
    wire::{CommentView, PageStats, ThreadView, ThreadsView},
};
use horizon_posts::{
    ContentOptions, Diagnostic, DiagnosticEffect, Diagnostics, Library, Pagination, Passage, PassagePart, Series, Tag,
};

/// Text of an attacker.
pub(crate) const HOSTILE: &str = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>"#;

/// The site of all pages, in English.
pub(crate) fn site() -> Arc<Site> {
    site_in("en")
}

/// Returns the site in a language.
pub(crate) fn site_in(language: &str) -> Arc<Site> {
    Arc::new(Site {
        language: language.into(),
        texts: Texts::for_language(language).unwrap_or_default(),
        title: "A blog".into(),
        description: "About things.".into(),
        base_url: Some("https://example.org".into()),
        nav: vec![Link {
            title: "About".into(),
            href: "/about".into(),
        }],
        assets: AssetUrls {
            bundle: Some("horizon-0123".into()),
            css: "/pkg/style-0123.css".into(),
            highlight_css: Some("/pkg/highlight-0123.css".into()),
            theme_js: "/pkg/theme-0123.js".into(),
            cluster_js: "/pkg/cluster-0123.js".into(),
            links_js: "/pkg/links-0123.js".into(),
            copy_js: "/pkg/copy-0123.js".into(),
            favicon: "/pkg/favicon-0123.svg".into(),
        },
        frames: Vec::new(),
    })
}

/// Returns a library with the post `hello`, an older post and the page `about`, all with this title.
pub(crate) fn library(title: &str, body: &str) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let title = serde_json::to_string(title).unwrap();
    for (name, date) in [
        ("hello", "2026-05-04T13:05:00Z"),
        ("older", "2026-05-03"),
        ("pages/about", "2026-05-02"),
    ] {
        let path = folder.path().join(name).with_extension("md");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let front =
            format!("title: {title}\ndescription: What it is about\ndate: {date}\ntags: [Größe]\nshowToc: true");
        fs::write(path, format!("---\n{front}\n---\n{body}")).unwrap();
    }
    let options = ContentOptions {
        raw_html: true,
        ..ContentOptions::default()
    };
    Library::load(folder.path(), &options, Timestamp::from_millis(1_800_000_000_000))
}

fn comment(id: u128, author: &str, html: &str) -> CommentView {
    CommentView {
        id: EventId::from_u128(id),
        parent: None,
        author: author.into(),
        badge: None,
        html: html.into(),
        at: Timestamp::from_millis(1_777_899_900_000),
        removed: false,
    }
}

/// Returns the page of a post with this title and comments by this author.
pub(crate) fn post(title: &str, author: &str) -> PostPage {
    let library = library(title, "## One\n\nWords.");
    let comments = ThreadsView {
        threads: vec![ThreadView {
            comment: comment(1, author, "<p>First.</p>"),
            replies: vec![comment(2, "", "<p>Answer.</p>")],
            has_more_replies: false,
        }],
        has_earlier: true,
    };
    PostPage {
        older: library.post("older").cloned(),
        ..PostPage::new(library.post("hello").unwrap().clone(), Some(comments))
    }
}

/// Returns the values for a reader who likes the post.
pub(crate) fn values() -> SlotValues {
    SlotValues {
        page: Some(PageStats {
            viewers: 17,
            visits: 1_204,
            likes: 58,
            comments: 1,
            ..PageStats::default()
        }),
        site: Some(PageStats {
            viewers: 2,
            visits: 12_345,
            ..PageStats::default()
        }),
        liked: true,
        like_id: EventId::from_u128(3),
        comment_id: EventId::from_u128(4),
    }
}

/// A harmless post.
pub(crate) fn hello() -> View {
    View::Post(Box::new(post("Hello", "Ada")))
}

/// Returns a list of one post with these numbers.
pub(crate) fn blog_with(stats: Option<PageStats>) -> View {
    View::Blog(blog_index(vec![PostCard {
        post: library("Hello", "Words.").post("hello").unwrap().clone(),
        stats,
        passage: None,
    }]))
}

/// Returns the second page of a list.
pub(crate) fn blog_index(posts: Vec<PostCard>) -> BlogIndex {
    BlogIndex {
        posts,
        total: Some(45),
        page: page(2),
        tags: Vec::new(),
        has_more_tags: true,
        has_series: true,
        query: String::new(),
        tag: None,
    }
}

/// Returns a page of a list with three pages.
pub(crate) fn page(number: usize) -> Pagination {
    Pagination::new(NonZeroUsize::new(number).unwrap(), 45).unwrap()
}

/// Lists with this text as every name.
fn lists(text: &str, cards: &[PostCard]) -> Vec<View> {
    let (name, slug) = (text.to_owned(), text.to_owned());
    let tag = Tag {
        name: name.clone(),
        slug: slug.clone(),
    };
    let series = Series { name, slug };
    let list = |subject| {
        View::List(PostList {
            subject,
            posts: cards.to_vec(),
            page: page(2),
        })
    };
    let year = |count| ArchiveYear {
        year: text.to_owned(),
        count,
        posts: cards.iter().map(|card| card.post.clone()).collect(),
    };
    let archive = |of_year| {
        View::Archive(ArchivePage {
            years: vec![year(1)],
            of_year,
        })
    };
    let tags = vec![TagCount {
        tag: tag.clone(),
        count: 2,
    }];
    let index = BlogIndex {
        tags: tags.clone(),
        query: text.into(),
        tag: Some(text.into()),
        ..blog_index(cards.to_vec())
    };
    let series_count = SeriesCount {
        series: series.clone(),
        count: 2,
    };
    vec![
        View::Blog(index),
        list(ListSubject::Tag(tag)),
        list(ListSubject::Series(series)),
        View::Tags(tags),
        View::AllSeries(vec![series_count]),
        archive(None),
        archive(Some(page(2))),
    ]
}

/// The post with two parts of a series.
fn post_in_series(text: &str) -> PostPage {
    let page = post(text, text);
    let series = Series {
        name: text.into(),
        slug: text.into(),
    };
    PostPage {
        series: Some(SeriesPart {
            series,
            posts: vec![page.post.clone(), page.post.clone()],
            part: 0,
        }),
        ..page
    }
}

fn pending_comment() -> ModerationItem {
    let (slug, reader) = (Slug::new("hello").unwrap(), ReaderId::from_u128(0));
    let mut comment = Comment::new(EventId::from_u128(9), slug, reader, Timestamp::from_millis(0));
    (comment.author, comment.body) = (HOSTILE.into(), HOSTILE.into());
    comment.visibility = Visibility::Pending;
    ModerationItem {
        comment,
        post_title: HOSTILE.into(),
    }
}

/// More errors than the page shows.
fn content_errors() -> Diagnostics {
    let error = |number: usize| Diagnostic {
        path: format!("posts/{number:02}.md").into(),
        line: (number == 0).then_some(3),
        effect: if number == 0 {
            DiagnosticEffect::LastGoodShown
        } else {
            DiagnosticEffect::NotShown
        },
        reason: HOSTILE.into(),
    };
    (0..57).map(error).collect()
}

/// Returns one page of each kind.
pub(crate) fn all() -> Vec<View> {
    let library = library(HOSTILE, "Words.");
    let part = |is_match| PassagePart {
        text: HOSTILE.into(),
        is_match,
    };
    let cards = vec![PostCard {
        post: library.post("hello").unwrap().clone(),
        stats: Some(PageStats::default()),
        passage: Some(Passage {
            parts: vec![part(false), part(true)],
        }),
    }];
    let mut views = lists(HOSTILE, &cards);
    views.extend([
        View::Home(cards),
        View::Post(Box::new(post_in_series(HOSTILE))),
        View::Page(library.page("about").unwrap().clone()),
        View::NotFound,
        View::Error(ErrorPage {
            status: 503,
            title: HOSTILE.into(),
            detail: HOSTILE.into(),
        }),
        View::Login(LoginPage {
            error: Some(HOSTILE.into()),
            back: Some(HOSTILE.into()),
            token_path: Some(HOSTILE.into()),
        }),
        View::Moderation(ModerationPage {
            comments: vec![pending_comment()],
            only_pending: true,
            older: None,
            previews: Vec::new(),
            errors: content_errors(),
        }),
    ]);
    views
}
