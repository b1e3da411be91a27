//! A sample page of each kind.

use std::{fs, sync::Arc};

use horizon_app::{
    AssetUrls, BlogIndex, ErrorPage, Link, LoginPage, ModerationItem, ModerationPage, PostCard, PostPage, Site,
    SlotValues, Texts, View,
};
use horizon_core::{
    Comment, EventId, ReaderId, Slug, Timestamp, Visibility,
    wire::{CommentView, PageStats, ThreadView, ThreadsView},
};
use horizon_posts::{ContentOptions, Diagnostic, DiagnosticEffect, Diagnostics, Library, Tag};

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

/// Returns a list of this many posts.
pub(crate) fn blog_of(posts: usize) -> View {
    let card = PostCard {
        post: library("Hello", "Words.").post("hello").unwrap().clone(),
        stats: Some(PageStats::default()),
    };
    View::Blog(BlogIndex {
        posts: vec![card; posts],
        tags: Vec::new(),
        query: String::new(),
        tag: None,
    })
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
    let cards = vec![PostCard {
        post: library.post("hello").unwrap().clone(),
        stats: Some(PageStats::default()),
    }];
    let tag = Tag {
        name: HOSTILE.into(),
        slug: HOSTILE.into(),
    };
    vec![
        View::Home(cards.clone()),
        View::Blog(BlogIndex {
            posts: cards.clone(),
            tags: Vec::new(),
            query: HOSTILE.into(),
            tag: Some(HOSTILE.into()),
        }),
        View::Post(Box::new(post(HOSTILE, HOSTILE))),
        View::Tag(tag, cards),
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
            errors: content_errors(),
        }),
    ]
}
