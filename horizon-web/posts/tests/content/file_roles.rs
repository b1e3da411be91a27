//! Files that are not documents: a generator or its theme uses them for something else.

use horizon_posts::{DiagnosticEffect, SkipReason};

use crate::folder::{Folder, now, pages, posts, skipped};

const POST: &str = "---\ntitle: A title\ndate: 2026-01-02\n---\nText.\n";
const AUTHOR: &str = "---\nname: Ada\navatar: ./ada.jpg\n---\nShe writes.\n";

fn astro() -> Folder {
    let folder = Folder::new();
    folder
        .write("astro.config.mjs", "")
        .write("src/content/blog/post.md", POST);
    folder
}

#[test]
fn a_collection_of_astro_without_titles_and_dates_is_skipped_with_one_note() {
    let folder = astro();
    folder
        .write("src/content/authors/ada.md", AUTHOR)
        .write("src/content/authors/en/grace.md", AUTHOR);
    assert_eq!(
        folder.diagnostics(),
        "src/content/authors: note: skipped: no file of this collection has a title or a date"
    );
    let content = folder.content();
    assert_eq!(posts(&content.library(now())), ["post"]);
    assert_eq!(skipped(&content), [(SkipReason::DataCollection, 2)]);
}

#[test]
fn a_broken_file_in_a_collection_of_data_is_reported() {
    let folder = astro();
    folder
        .write("src/content/authors/ada.md", AUTHOR)
        .write("src/content/authors/grace.md", "---\nname: [\n---\n");
    let diagnostics = folder.diagnostics();
    assert!(diagnostics.contains("authors: note: skipped"), "{diagnostics}");
    assert!(diagnostics.contains("authors/grace.md:"), "{diagnostics}");
}

#[test]
fn a_file_without_a_title_in_a_collection_of_posts_is_an_error() {
    for other in [
        POST,
        "---\ntitle: A page\n---\n",
        "---\ntitle: x\ndate: never\n---\n",
        "---\ndate: never\n---\n",
    ] {
        let folder = astro();
        folder
            .write("src/content/notes/one.md", "---\nauthor: Ada\n---\nText.\n")
            .write("src/content/notes/two.md", other)
            .write("src/pages/about.md", "---\nauthor: Ada\n---\nText.\n");
        let diagnostics = folder.diagnostics();
        for file in ["src/content/notes/one.md", "src/pages/about.md"] {
            let expected = format!("{file}:1: there is no title");
            assert!(diagnostics.contains(&expected), "{other}: {diagnostics}");
        }
    }
}

#[test]
fn a_page_for_a_template_of_a_theme_is_skipped_with_a_note() {
    let folder = Folder::new();
    folder
        .write("hugo.toml", "")
        .write("content/search.md", "---\ntitle: Search\nlayout: search\n---\n\n")
        .write(
            "content/archives.md",
            "+++\ntitle = \"Archive\"\nlayout = \"archives\"\n+++\n",
        )
        .write(
            "content/own.md",
            "---\ntitle: Own\nlayout: archives\n---\nMy archive is on paper.\n",
        )
        .write("content/empty.md", "---\ntitle: Empty\n---\n");
    let content = folder.content();
    assert_eq!(pages(&content.library(now())), ["empty", "own"]);
    let notes: Vec<_> = content
        .diagnostics()
        .iter()
        .map(|note| (note.path.clone(), note.effect))
        .collect();
    let expected =
        ["archives.md", "search.md"].map(|name| (folder.path().join("content").join(name), DiagnosticEffect::Skipped));
    assert_eq!(notes, expected);
    assert_eq!(skipped(&content), [(SkipReason::ThemePage, 2)]);
}
