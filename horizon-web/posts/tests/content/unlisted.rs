//! Documents of Hugo that have a page and are in no list, and documents without a page.

use horizon_posts::{SearchIndex, atom, rss, sitemap};

use crate::folder::{Folder, pages, posts, site};

/// Returns a folder of Hugo with a listed post, and with a post and a page that have these lines in their front matter.
fn folder(lines: &str) -> Folder {
    let folder = Folder::new();
    let front = "date: 2026-01-02\ntags: [tag-x]\nseries: Series X\ntranslationKey: key\n";
    folder
        .write("hugo.toml", "")
        .write(
            "content/posts/other.md",
            "---\ntitle: Other\ndate: 2026-01-01\n---\nText.\n",
        )
        .write(
            "content/posts/later.md",
            "---\ntitle: Later\ndate: 2026-01-03\n---\nText.\n",
        )
        .write(
            "content/posts/x.md",
            format!("---\ntitle: Zebra\n{front}{lines}---\nQuagga.\n"),
        )
        .write(
            "content/posts/esel.md",
            format!("---\ntitle: Esel\n{front}---\nText.\n"),
        )
        .write(
            "content/y.md",
            format!("---\ntitle: Okapi\nmenu: main\n{lines}---\nText.\n"),
        );
    folder
}

/// Front matter of Hugo for documents in no list.
const UNLISTED: [&str; 3] = [
    "build:\n  list: never\n",
    "_build:\n  list: never\n",
    "build: {render: always, list: false}\n",
];

#[test]
fn a_document_that_hugo_lists_nowhere_has_a_page_and_is_in_no_list() {
    for lines in UNLISTED {
        let folder = folder(lines);
        assert_eq!(folder.diagnostics(), "", "{lines}");
        let library = folder.load();
        assert!(!library.post("x").unwrap().is_listed, "{lines}");
        let page = library.page("y").unwrap();
        assert!(!page.is_listed && !page.in_nav, "{lines}");
        let tags = library.tags().iter().map(|tag| &tag.posts);
        let years = library.years().iter().map(|year| &year.posts);
        let series = library.series().iter().map(|series| &series.posts);
        let lists = tags.chain(years).chain(series).flatten();
        let mut listed = lists.chain(library.listed_posts());
        assert!(listed.all(|post| post.is_listed), "{lines}");
        let index = SearchIndex::build(&library, || false).unwrap();
        assert_eq!(index.search("quagga").results.len(), 0);
        for text in [
            sitemap(&library, &site()),
            atom(&library, &site()),
            rss(&library, &site()),
        ] {
            for hidden in ["/blog/x<", "/blog/x\"", "example/y<", "Zebra", "Okapi"] {
                assert!(!text.contains(hidden), "{lines}: {hidden} in {text}");
            }
        }
    }
}

#[test]
fn no_other_post_leads_to_a_post_that_is_not_listed() {
    let library = folder(UNLISTED[0]).load();
    let (older, newer) = library.neighbours("x");
    assert!(older.is_some() && newer.is_some(), "its page leads to others");
    for listed in ["later", "other"] {
        let (older, newer) = library.neighbours(listed);
        assert!(older.into_iter().chain(newer).all(|post| post.is_listed), "{listed}");
    }
    let translation = library.posts().iter().find(|post| post.title == "Esel").unwrap();
    assert_eq!(library.translations(translation).len(), 0);
}

#[test]
fn a_document_that_hugo_lists_is_listed() {
    for lines in [
        "",
        "build:\n  list: always\n",
        "build:\n  list: local\n  render: always\n",
    ] {
        let library = folder(lines).load();
        assert!(library.post("x").unwrap().is_listed, "{lines}");
        let page = library.page("y").unwrap();
        assert!(page.is_listed && page.in_nav, "{lines}");
    }
}

#[test]
fn a_document_that_hugo_does_not_render_has_no_page() {
    for value in ["never", "false", "link"] {
        let library = folder(&format!("build:\n  render: {value}\n")).load();
        assert!(!posts(&library).contains(&"x"), "{value}");
        assert_eq!(pages(&library), Vec::<&str>::new(), "{value}");
    }
}
