//! A site, and one page of each kind.

use std::sync::Arc;

use horizon_app::{
    Assets, BlogIndex, Card, Desk, DeskComment, ErrorPage, ExtraPage, FileProblem, Home, Link, Login, Page, PostHead,
    PostPage, Site, Tag, TagPage, TocEntry, Values,
};
use horizon_core::{
    Comment, EventId, ReaderId, Slug, Timestamp, Visibility,
    wire::{CommentView, PageStats, ThreadView, ThreadsView},
};

/// What someone writes who means harm.
pub(crate) const HOSTILE: &str = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>"#;

/// The site that every page belongs to.
pub(crate) fn site() -> Arc<Site> {
    Arc::new(Site {
        title: "A blog".into(),
        description: "About things.".into(),
        base_url: "https://example.org".into(),
        nav: vec![Link {
            title: "About".into(),
            href: "/about".into(),
        }],
        assets: Assets {
            bundle: Some("horizon-0123".into()),
            css: "/pkg/style-0123.css".into(),
            highlight_css: Some("/pkg/highlight-0123.css".into()),
            theme_js: "/pkg/theme-0123.js".into(),
            cluster_js: "/pkg/cluster-0123.js".into(),
            favicon: "/pkg/favicon-0123.svg".into(),
        },
    })
}

fn head(title: &str) -> PostHead {
    PostHead {
        slug: "hello".into(),
        title: title.into(),
        description: "What it is about".into(),
        date: Timestamp::from_millis(1_777_899_900_000),
        tags: vec![Tag {
            name: "Größe".into(),
            slug: "größe".into(),
        }],
        reading_minutes: 4,
        cover: None,
    }
}

fn comment(id: u128, author: &str, html: &str) -> CommentView {
    CommentView {
        id: EventId::from_u128(id),
        parent: None,
        author: author.into(),
        html: html.into(),
        at: Timestamp::from_millis(1_777_899_900_000),
        removed: false,
    }
}

/// A post with this title, and comments by this author.
pub(crate) fn post(title: &str, author: &str) -> PostPage {
    PostPage {
        post: head(title),
        html: "<h2 id=\"one\">One</h2><p>Words.</p>".into(),
        toc: vec![TocEntry {
            level: 2,
            id: "one".into(),
            text: title.into(),
        }],
        older: Some(Link {
            title: title.into(),
            href: "/blog/older".into(),
        }),
        newer: None,
        comments: ThreadsView {
            threads: vec![ThreadView {
                comment: comment(1, author, "<p>First.</p>"),
                replies: vec![comment(2, "", "<p>Answer.</p>")],
                has_more_replies: false,
            }],
            has_earlier: true,
        },
        has_unknown_comments: false,
        before: None,
        is_one_thread: false,
        reply_to: None,
        is_waiting: false,
    }
}

/// What a reader who likes a post finds in it.
pub(crate) fn values() -> Values {
    Values {
        numbers: Some(PageStats {
            viewers: 17,
            visits: 1_204,
            likes: 58,
            comments: 1,
        }),
        totals: Some(PageStats {
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
pub(crate) fn hello() -> Page {
    Page::Post(Box::new(post("Hello", "Ada")))
}

fn on_the_desk() -> DeskComment {
    let (slug, reader) = (Slug::new("hello").unwrap(), ReaderId::from_u128(0));
    let mut comment = Comment::new(EventId::from_u128(9), slug, reader, Timestamp::from_millis(0));
    (comment.author, comment.body) = (HOSTILE.into(), HOSTILE.into());
    comment.visibility = Visibility::Pending;
    DeskComment {
        comment,
        post_title: HOSTILE.into(),
    }
}

fn file_problem(place: &str, is_last_good_shown: bool) -> FileProblem {
    FileProblem {
        place: place.into(),
        reason: HOSTILE.into(),
        is_last_good_shown,
    }
}

/// One page of each kind.
pub(crate) fn all() -> Vec<Page> {
    let cards = vec![Card {
        post: head(HOSTILE),
        numbers: Some(PageStats::default()),
    }];
    vec![
        Page::Home(Home { posts: cards.clone() }),
        Page::Blog(BlogIndex {
            posts: cards.clone(),
            tags: Vec::new(),
            query: HOSTILE.into(),
            tag: Some(HOSTILE.into()),
        }),
        Page::Post(Box::new(post(HOSTILE, HOSTILE))),
        Page::Tag(TagPage {
            tag: Tag {
                name: HOSTILE.into(),
                slug: HOSTILE.into(),
            },
            posts: cards,
        }),
        Page::Extra(ExtraPage {
            path: "/about".into(),
            title: HOSTILE.into(),
            description: HOSTILE.into(),
            html: "<p>Words.</p>".into(),
        }),
        Page::NotFound,
        Page::Error(ErrorPage {
            status: 503,
            title: HOSTILE.into(),
            detail: HOSTILE.into(),
        }),
        Page::Login(Login {
            error: Some(HOSTILE.into()),
        }),
        Page::Desk(Desk {
            comments: vec![on_the_desk()],
            only_waiting: true,
            older: None,
            problems: vec![file_problem("posts/a.md:3", true), file_problem("posts/b.md", false)],
            more_problems: 7,
        }),
    ]
}
