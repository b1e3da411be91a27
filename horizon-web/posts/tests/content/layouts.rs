//! Posts and pages are found where each site generator has them.

use std::os::unix::{ffi::OsStrExt, fs::symlink};
use std::{ffi::OsStr, fs, path::Path};

use horizon_posts::{ContentFolder, ContentOptions, Layout, Library, SkipReason};

use crate::folder::{Folder, now, options, pages, posts, skipped};

const POST: &str = "---\ntitle: A title\ndate: 2026-01-02\n---\nText.\n";
const PAGE: &str = "---\ntitle: A page\n---\nText.\n";
const TOML_SECTION: &str = "+++\ntitle = \"All posts\"\n+++\n";

#[test]
fn a_project_of_hugo_has_its_posts_in_content() {
    let folder = Folder::new();
    folder
        .write("hugo.toml", "title = \"A blog\"\n")
        .write("README.md", "# The project\n")
        .write("archetypes/default.md", POST)
        .write("themes/one/exampleSite/content/posts/sample.md", POST)
        .write("layouts/_default/single.html", "{{ .Content }}")
        .write("content/_index.md", PAGE)
        .write("content/about.md", PAGE)
        .write("content/posts/_index.md", PAGE)
        .write("content/posts/one.md", POST)
        .write("content/posts/trip/index.md", POST)
        .write("content/posts/trip/notes.md", POST)
        .write("content/posts/trip/sea.jpg", "jpeg")
        .write("content/posts/2025/two.markdown", POST)
        .write("content/posts/page.html", "---\ntitle: HTML\n---\n")
        .write("content/posts/other.org", "* Org\n")
        .write("content/posts/plain.md", "No front matter.\n")
        .write("content/.obsidian/x.md", POST);
    let content = folder.content();
    assert_eq!(content.layout(), Layout::Hugo);
    assert_eq!(content.diagnostics().to_string(), "");
    let library = content.library(now());
    assert_eq!(
        (posts(&library), pages(&library)),
        (vec!["one", "trip", "two"], vec!["about"])
    );
    assert_eq!(
        skipped(&content),
        [
            (SkipReason::Hidden, 1),
            (SkipReason::OutsideContent, 1),
            (SkipReason::Section, 2),
            (SkipReason::Format, 2),
            (SkipReason::BundlePart, 1),
            (SkipReason::NoFrontMatter, 1),
        ]
    );
}

#[test]
fn a_project_of_zola_has_its_posts_in_content() {
    let folder = Folder::new();
    folder
        .write("config.toml", "base_url = \"https://example.org\"\n[markdown]\n")
        .write("templates/x.md", POST)
        .write("content/_index.md", TOML_SECTION)
        .write("content/blog/_index.md", TOML_SECTION)
        .write("content/blog/2026-01-02-one.md", POST)
        .write("content/blog/2026-01-03-two/index.md", POST);
    let content = folder.content();
    assert_eq!(content.layout(), Layout::Zola);
    assert_eq!(posts(&content.library(now())), ["one", "two"]);
}

#[test]
fn a_project_of_jekyll_has_its_posts_in_posts() {
    let folder = Folder::new();
    folder
        .write("_config.yml", "title: A blog\n")
        .write("Gemfile", "gem 'jekyll'\n")
        .write("README.md", "# The project\n")
        .write("index.md", PAGE)
        .write("about.md", PAGE)
        .write("docs/setup.md", POST)
        .write("_posts/2026-01-02-one.md", POST)
        .write("_posts/deep/2026-01-03-two.markdown", POST)
        .write("travel/_posts/2026-01-04-three.md", POST)
        .write("_drafts/idea.md", POST)
        .write("_includes/note.md", POST)
        .write("_site/about.md", PAGE)
        .write("vendor/bundle/x.md", POST)
        .write("index.html", "---\n---\n{% for post in site.posts %}{% endfor %}\n");
    let content = folder.content();
    assert_eq!(content.layout(), Layout::Jekyll);
    let library = content.library(now());
    assert_eq!(
        (posts(&library), pages(&library)),
        (vec!["one", "three", "two"], vec!["about", "setup"])
    );
    let with_drafts = ContentOptions {
        drafts: true,
        ..options()
    };
    let drafts = Library::load(folder.path(), &with_drafts, now());
    assert!(drafts.post("idea").unwrap().draft);
    assert_eq!(
        skipped(&content),
        [
            (SkipReason::Underscore, 2),
            (SkipReason::GeneratorFolder, 1),
            (SkipReason::HomePage, 1),
            (SkipReason::Format, 1),
            (SkipReason::NoFrontMatter, 1),
            (SkipReason::FileType, 2),
        ]
    );
}

#[test]
fn a_project_of_astro_has_its_posts_in_collections() {
    let folder = Folder::new();
    folder
        .write("astro.config.mjs", "export default {}\n")
        .write("node_modules/x/README.md", POST)
        .write("src/content/blog/one.md", POST)
        .write("src/content/blog/two/index.mdx", POST)
        .write("src/pages/about.md", PAGE)
        .write("src/pages/index.md", PAGE);
    let content = folder.content();
    assert_eq!(content.layout(), Layout::Astro);
    let library = content.library(now());
    assert_eq!((posts(&library), pages(&library)), (vec!["one", "two"], vec!["about"]));
}

#[test]
fn the_content_folder_of_a_project_is_enough() {
    let folder = Folder::new();
    folder
        .write("zola/config.toml", "base_url = \"https://example.org\"\n")
        .write("zola/content/blog/one.md", POST)
        .write("hugo/hugo.yaml", "title: x\npermalinks:\n  posts: /:year/:slug/\n")
        .write("hugo/content/posts/one.md", POST)
        .write("unknown/posts/_index.md", TOML_SECTION)
        .write("unknown/posts/one.md", POST);
    for (name, layout, address) in [
        ("zola/content", Layout::Zola, "/blog/one/"),
        ("hugo/content", Layout::Hugo, "/2026/one/"),
        ("unknown", Layout::Zola, "/posts/one/"),
    ] {
        let content = ContentFolder::load(&folder.path().join(name), &options());
        assert_eq!(content.layout(), layout, "{name}");
        let library = content.library(now());
        assert_eq!(posts(&library), ["one"], "{name}");
        let target = library.redirect(address);
        assert!(
            target.is_none() || target.as_deref() == Some("/blog/one"),
            "{name}: {target:?}"
        );
    }
}

#[test]
fn folders_of_the_plain_layout_are_read() {
    let folder = Folder::new();
    folder
        .post("one", "2026-01-02", "Text.")
        .write("2024/two.md", POST)
        .write("trip/index.md", POST)
        .write("2024/about-it.md", PAGE)
        .write("2024/notes.md", "No front matter.\n")
        .write("pages/about.md", PAGE)
        .write("pages/team/ada.md", POST)
        .write("drafts/idea.md", POST)
        .write("templates/post.md", POST)
        .write("node_modules/x/README.md", POST)
        .write("_hidden/x.md", POST)
        .write("media/not-a-post.md", POST);
    let content = folder.content();
    assert_eq!(content.layout(), Layout::Plain);
    assert_eq!(content.diagnostics().to_string(), "");
    let library = content.library(now());
    assert_eq!(posts(&library), ["one", "trip", "two"]);
    assert_eq!(pages(&library), ["about", "about-it", "ada"]);
    let new: Vec<&Path> = content.newly_public(now());
    assert_eq!(new.len(), 4, "{new:?}");
    assert!(
        new.iter()
            .all(|path| !path.ends_with("one.md") && !path.ends_with("about.md"))
    );
}

#[test]
fn a_plain_folder_is_read_as_before() {
    let folder = Folder::new();
    folder
        .post("_one", "2026-01-02", "Text.")
        .post("index", "2026-01-02", "Text.")
        .post("x.de", "2026-01-02", "Text.")
        .write("undated.md", PAGE)
        .write("other.txt", "no post");
    let library = folder.load();
    assert_eq!(posts(&library), ["_one", "index", "x.de"]);
    assert_eq!(folder.diagnostics(), "undated.md:1: there is no date");
}

#[test]
fn the_later_of_two_files_with_one_name_has_its_folder_in_its_slug() {
    let folder = Folder::new();
    folder
        .write("2024/hello.md", POST.replace("2026", "2024"))
        .write("2025/hello.md", POST.replace("2026", "2025"))
        .write("2026/hello.md", POST);
    assert_eq!(posts(&folder.load()), ["2025-hello", "2026-hello", "hello"]);
}

#[test]
fn a_slug_that_is_given_by_its_author_is_never_changed() {
    let folder = Folder::new();
    folder
        .write("a/hello.md", POST)
        .write("b/hello.md", POST.replace("2026-01-02", "2026-01-03"));
    assert_eq!(posts(&folder.load()), ["b-hello", "hello"]);
    let other = folder.path().join("a/hello.md").display().to_string();
    let other = other.replace(&format!("{}/", folder.path().display()), "");
    let note = format!(
        "b/hello.md: note: the slug \"hello\" is already used by {other}; the URL of this file ends with \"b-hello\""
    );
    assert_eq!(folder.diagnostics(), note);
    let folder = Folder::new();
    let own = POST.replace("title:", "slug: hello\ntitle:");
    folder.write("a/x.md", &own).write("b/y.md", &own);
    assert_eq!(posts(&folder.load()), ["hello"]);
    assert!(
        folder
            .diagnostics()
            .starts_with("b/y.md: the slug \"hello\" is already used by ")
    );
}

#[test]
fn links_to_folders_are_followed_once_and_within_the_folder() {
    let (folder, outside) = (Folder::new(), Folder::new());
    outside.write("secret.md", POST);
    folder.write("2024/one.md", POST);
    symlink(folder.path(), folder.path().join("2024/cycle")).unwrap();
    symlink("../2024", folder.path().join("2024/self")).unwrap();
    symlink(outside.path(), folder.path().join("outside")).unwrap();
    symlink(outside.path().join("secret.md"), folder.path().join("2024/secret.md")).unwrap();
    symlink("nowhere.md", folder.path().join("2024/dangling.md")).unwrap();
    let content = folder.content();
    assert_eq!(posts(&content.library(now())), ["one"]);
    assert_eq!(
        skipped(&content),
        [(SkipReason::Link, 3), (SkipReason::ReadElsewhere, 2)]
    );
    assert_eq!(content.diagnostics().to_string(), "");
}

#[test]
fn a_tree_that_is_too_deep_or_too_large_is_read_in_part() {
    let folder = Folder::new();
    folder.post("one", "2026-01-02", "Text.");
    let deep = "d/".repeat(16);
    folder
        .write(&format!("{deep}two.md"), POST)
        .write(&format!("{deep}d/three.md"), POST);
    let content = folder.content();
    assert_eq!(posts(&content.library(now())), ["one", "two"]);
    assert_eq!(skipped(&content), [(SkipReason::TooDeep, 1)]);

    let folder = Folder::new();
    folder.post("one", "2026-01-02", "Text.");
    fs::create_dir(folder.path().join("many")).unwrap();
    for number in 0..20_100 {
        fs::write(folder.path().join(format!("many/{number}.txt")), "").unwrap();
    }
    folder.write("many/z.md", POST);
    let content = folder.content();
    assert_eq!(posts(&content.library(now())), ["one"]);
    assert!(content.diagnostics().to_string().contains("more than 20000 files"));
}

#[test]
fn names_in_any_unicode_form_are_one_name() {
    let folder = Folder::new();
    // As macOS writes them.
    folder
        .write("2024/cafe\u{301}.md", POST)
        .write("2024/u\u{308}.jpg", "jpeg")
        .write("2024/two.md", format!("{POST}[x](caf%C3%A9.md) ![y](%C3%BC.jpg)\n"));
    let bytes = OsStr::from_bytes(b"2024/\xff.jpg");
    fs::write(folder.path().join(bytes), "jpeg").unwrap();
    let content = folder.content();
    let library = content.library(now());
    let html = library.post("two").unwrap().html();
    assert!(html.contains("href=\"/blog/caf%C3%A9\""), "{html}");
    assert!(html.contains("src=\"/media/2024/%C3%BC.jpg\""), "{html}");
    assert!(library.file("/media/2024/u%CC%88.jpg").is_some());
    assert_eq!(skipped(&content), [(SkipReason::NameNotUtf8, 1)]);
}
