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

#[test]
fn a_document_that_hugo_lists_nowhere_has_only_its_page() {
    for lines in [
        "build:\n  list: never\n",
        "_build:\n  list: never\n",
        "build: {render: always, list: false}\n",
    ] {
        let folder = folder(lines);
        assert_eq!(folder.diagnostics(), "", "{lines}");
        let library = folder.load();
        let post = library.post("x").unwrap();
        assert!(!post.is_listed, "{lines}");
        assert!(library.listed_posts().iter().all(|post| post.slug.as_str() != "x"));
        assert!(
            library
                .tags()
                .iter()
                .flat_map(|tag| &tag.posts)
                .all(|post| post.is_listed)
        );
        assert!(
            library
                .years()
                .iter()
                .flat_map(|year| &year.posts)
                .all(|post| post.is_listed)
        );
        assert!(
            library
                .series()
                .iter()
                .flat_map(|series| &series.posts)
                .all(|post| post.is_listed)
        );
        let (older, newer) = library.neighbours("x");
        assert!(older.is_some() && newer.is_some(), "its page leads to others");
        for listed in ["later", "other"] {
            let (older, newer) = library.neighbours(listed);
            assert!(older.into_iter().chain(newer).all(|post| post.is_listed), "{listed}");
        }
        let translation = library.posts().iter().find(|post| post.title == "Esel").unwrap();
        assert_eq!(library.translations(translation).len(), 0);
        let index = SearchIndex::build(&library, || false).unwrap();
        assert_eq!(index.search("quagga").results.len(), 0);
        let page = library.page("y").unwrap();
        assert!(!page.is_listed && !page.in_nav, "{lines}");
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
