use std::time::Instant;

use horizon_core::Slug;
use horizon_posts::{ContentOptions, Library, PageName};

use crate::folder::{Folder, now, options};

fn slugs(posts: &[std::sync::Arc<horizon_posts::Post>]) -> Vec<&str> {
    posts.iter().map(|post| post.slug.as_str()).collect()
}

fn three() -> Folder {
    let folder = Folder::new();
    folder
        .write(
            "old.md",
            "---\ntitle: Über Straßen in Rust\ndate: 2026-01-01\ntags: [Rust, Web]\n---\n",
        )
        .write(
            "new.md",
            "---\ntitle: Rust und Über\ndate: 2026-03-01\ntags: rust\n---\n",
        )
        .write("mid.md", "---\ntitle: Counting\ndate: 2026-02-01\n---\n")
        .write(
            "draft.md",
            "---\ntitle: Draft\ndate: 2026-04-01\ndraft: true\ntags: [secret]\n---\n",
        )
        .write("pages/about.md", "---\ntitle: About\n---\nUs.\n")
        .write("pages/zoo.md", "---\ntitle: Zoo\ndraft: true\n---\n")
        .write("media/x.png", "png")
        .write(".hidden.md", "no post")
        .write("notes.txt", "no post");
    folder
}

#[test]
fn posts_are_sorted_newest_first_and_have_links_to_their_neighbours() {
    let library = three().load();
    assert_eq!(slugs(library.posts()), ["new", "mid", "old"]);
    let around = |slug| {
        let (older, newer) = library.neighbours(slug);
        (
            older.map(|post| post.slug.to_string()),
            newer.map(|post| post.slug.to_string()),
        )
    };
    assert_eq!(around("mid"), (Some("old".into()), Some("new".into())));
    assert_eq!(around("new"), (Some("mid".into()), None));
    assert_eq!(around("old"), (None, Some("mid".into())));
    assert_eq!(around("none"), (None, None));
}

#[test]
fn a_neighbour_is_not_a_translation_of_the_post() {
    let folder = Folder::new();
    for (name, date, more) in [
        ("old", "2026-01-01", ""),
        ("hello", "2026-02-01", "translationKey: hello\n"),
        ("hallo", "2026-02-02", "translationKey: hello\nlanguage: de\n"),
        ("new", "2026-03-01", ""),
    ] {
        folder.write(
            &format!("{name}.md"),
            format!("---\ntitle: x\ndate: {date}\n{more}---\n"),
        );
    }
    let library = folder.load();
    for slug in ["hello", "hallo"] {
        let (older, newer) = library.neighbours(slug);
        assert_eq!(older.unwrap().slug.as_str(), "old", "{slug}");
        assert_eq!(newer.unwrap().slug.as_str(), "new", "{slug}");
    }
}

#[test]
fn drafts_are_loaded_only_on_request() {
    let folder = three();
    let library = folder.load();
    assert!(library.post("draft").is_none() && library.tagged("secret").is_none() && library.page("zoo").is_none());
    let all = Library::load(
        folder.path(),
        &ContentOptions {
            drafts: true,
            ..options()
        },
        now(),
    );
    assert!(all.post("draft").unwrap().draft && all.page("zoo").unwrap().draft);
}

#[test]
fn pages_are_not_posts() {
    let library = three().load();
    assert_eq!(library.pages().len(), 1);
    assert_eq!(library.page("about").unwrap().html(), "<p>Us.</p>\n");
    assert!(library.post("about").is_none());
}

#[test]
fn a_tag_has_its_posts_however_it_is_written() {
    let library = three().load();
    let tags: Vec<_> = library
        .tags()
        .iter()
        .map(|t| (t.tag.slug.as_str(), t.posts.len()))
        .collect();
    assert_eq!(tags, [("rust", 2), ("web", 1)]);
    let rust = library.tagged("rust").unwrap();
    assert_eq!(
        (rust.tag.name.as_str(), slugs(&rust.posts)),
        ("rust", vec!["new", "old"])
    );
    assert!(library.tagged("none").is_none());
}

#[test]
fn an_empty_folder_is_an_empty_blog() {
    let library = Folder::new().load();
    assert!(library.posts().is_empty() && library.pages().is_empty() && library.tags().is_empty());
}

#[test]
fn a_thousand_posts_are_loaded() {
    let folder = Folder::new();
    let prose = "A sentence of several *words*, to be [read](/x).\n\n## Part\n\n".repeat(50);
    let code = "```rust\nfn main() {\n    println!(\"{}\", 1 + 1); // two\n}\n```\n".repeat(5);
    for i in 0..1_000 {
        // Highlighting is slow without optimisation, so only some posts have code.
        let code = if i % 10 == 0 { code.as_str() } else { "" };
        folder.post(&format!("post-{i}"), "2026-11-23", &format!("{prose}{code}"));
    }
    let start = Instant::now();
    let library = folder.load();
    println!(
        "1,000 posts of {} bytes, 100 with code: {:?}",
        prose.len(),
        start.elapsed()
    );
    assert_eq!(library.posts().len(), 1_000);
}

#[test]
fn every_page_has_a_name() {
    let folder = three();
    folder.write(
        "tags.md",
        format!(
            "---\ntitle: Tags\ndate: 2026-01-01\ntags: [Größe, {}]\nseries: Größe\n---\n",
            "x".repeat(600)
        ),
    );
    let library = folder.load();
    let fixed = [
        PageName::Home,
        PageName::Blog,
        PageName::Search,
        PageName::Archive,
        PageName::Tags,
        PageName::AllSeries,
    ];
    let mut names: Vec<Slug> = fixed
        .into_iter()
        .chain(library.series().iter().map(|series| PageName::Series(&series.series)))
        .chain(library.tags().iter().map(|tagged| PageName::Tag(&tagged.tag)))
        .chain(library.pages().iter().map(|page| PageName::Markdown(page)))
        .map(|name| name.slug().unwrap())
        .chain(library.posts().iter().map(|post| post.slug.clone()))
        .collect();
    names.sort();
    names.dedup();
    let texts: Vec<&str> = names.iter().map(Slug::as_str).collect();
    let expected = [
        "/",
        "list/archive",
        "list/blog",
        "list/search",
        "list/series",
        "list/series/größe",
        "list/tags",
        "list/tags/größe",
        "list/tags/rust",
        "list/tags/web",
        "mid",
        "new",
        "old",
        "page/about",
        "tags",
    ];
    assert_eq!(texts, expected);
    assert!(names.iter().all(|name| library.has_page(name)));
}

#[test]
fn other_names_have_no_page() {
    let library = three().load();
    for other in [
        "blog",
        "list",
        "list/tags/secret",
        "list/series/other",
        "list/archive/2026",
        "page/zoo",
        "about",
        "draft",
        "page/mid",
        "list/new",
    ] {
        assert!(!library.has_page(&Slug::new(other).unwrap()), "{other}");
    }
}

#[test]
fn a_series_is_in_reading_order_and_a_year_newest_first() {
    let folder = Folder::new();
    for (slug, date, series) in [
        ("two", "2025-02-01", "A Story"),
        ("one", "2024-12-31T23:30:00-05:00", "a story"),
        ("three", "2026-03-01", "A story"),
        ("other", "2026-01-01", "Alone"),
    ] {
        folder.write(
            &format!("{slug}.md"),
            format!("---\ntitle: {slug}\ndate: {date}\nseries: {series}\n---\n"),
        );
    }
    folder.post("none", "2025-06-01", "");
    let library = folder.load();
    let story = library.series_posts("a-story").unwrap();
    assert_eq!(
        (story.series.name.as_str(), slugs(&story.posts)),
        ("A story", vec!["one", "two", "three"])
    );
    let part = |slug| {
        library
            .series_part(library.post(slug).unwrap())
            .map(|(series, part)| (series.posts.len(), part))
    };
    assert_eq!(
        [part("one"), part("three"), part("other"), part("none")],
        [Some((3, 0)), Some((3, 2)), Some((1, 0)), None]
    );
    let years: Vec<_> = library
        .years()
        .iter()
        .map(|year| (year.year.as_str(), slugs(&year.posts)))
        .collect();
    let expected = [
        ("2026", vec!["three", "other"]),
        ("2025", vec!["none", "two"]),
        ("2024", vec!["one"]),
    ];
    assert_eq!(years, expected, "the year of the author, not that of UTC");
}
