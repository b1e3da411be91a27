//! What the configuration of a generator excludes is not public.

use horizon_posts::{ContentFolder, SkipReason};

use crate::folder::{Folder, now};

const POST: &str = "---\ntitle: A title\ndate: 2026-01-02\n---\nText.\n";
const ZOLA: &str = "base_url = \"https://example.org\"\n";

/// Returns the slugs of all public posts and pages.
fn public(content: &ContentFolder) -> Vec<String> {
    let library = content.library(now());
    let posts = library.posts().iter().map(|post| post.slug.to_string());
    let mut slugs: Vec<String> = posts
        .chain(library.pages().iter().map(|page| page.slug.to_string()))
        .collect();
    slugs.sort();
    slugs
}

fn excluded(content: &ContentFolder) -> usize {
    let mut skipped = content.skipped().iter();
    let excluded = skipped.find(|skipped| skipped.reason == SkipReason::Excluded);
    excluded.map_or(0, |excluded| excluded.count)
}

#[test]
fn what_jekyll_excludes_is_not_public() {
    let folder = Folder::new();
    folder
        .write(
            "_config.yml",
            "exclude: [private, \"notes.md\", secret.txt, 'in*l.md', other/]\n\
             defaults:\n- scope: {path: hidden}\n  values: {published: false}\n\
             - scope: {path: ''}\n  values: {layout: post}\n",
        )
        .write("private/a.md", POST)
        .write("private/sea.jpg", "jpeg")
        .write("notes.md", POST)
        .write("secret.txt", "x")
        .write("internal.md", POST)
        .write("other/b.md", POST)
        .write("hidden/c.md", POST)
        .write("robots.txt", "x")
        .write("about.md", POST)
        .write("_posts/2026-01-02-one.md", POST);
    let content = folder.content();
    assert_eq!(public(&content), ["about", "one"]);
    assert_eq!(excluded(&content), 6);
    assert_eq!(content.diagnostics().to_string(), "");
    let library = content.library(now());
    assert!(library.file("/private/sea.jpg").is_none() && library.file("/secret.txt").is_none());
    assert!(library.file("/robots.txt").is_some());
}

#[test]
fn what_zola_ignores_is_not_public() {
    let folder = Folder::new();
    folder
        .write(
            "config.toml",
            format!("{ZOLA}ignored_content = [\"*/ignored.md\", \"*.{{tmp,bak}}.md\", \"**/in\"]\n"),
        )
        .write("content/blog/ignored.md", POST)
        .write("content/blog/x.bak.md", POST)
        .write("content/blog/in/y.md", POST)
        .write("content/blog/one.md", POST)
        .write("content/blog/inside.md", POST)
        .write("content/secret/_index.md", "+++\ntitle = \"x\"\ndraft = true\n+++\n")
        .write("content/secret/a.md", POST)
        .write("content/secret/deep/b.md", POST)
        .write("content/list/_index.md", "+++\nrender = false\n+++\n")
        .write("content/list/c.md", POST);
    for content in [
        folder.content(),
        ContentFolder::load(&folder.path().join("content"), &crate::folder::options()),
    ] {
        assert_eq!(public(&content), ["c", "inside", "one"]);
        assert_eq!(excluded(&content), 4);
        assert_eq!(content.diagnostics().to_string(), "");
    }
}

#[test]
fn what_hugo_ignores_is_not_public() {
    let folder = Folder::new();
    folder
        .write(
            "hugo.toml",
            "ignoreFiles = ['\\.foo\\.md$', '/private/', '^content/b\\.md$']\n\
             [[cascade]]\ndraft = true\n[cascade.target]\npath = '/site/**'\n",
        )
        .write("content/posts/x.foo.md", POST)
        .write("content/private/a.md", POST)
        .write("content/b.md", POST)
        .write("content/site/c.md", POST)
        .write("content/posts/one.md", POST);
    let content = folder.content();
    assert_eq!(public(&content), ["one"]);
    assert_eq!(content.diagnostics().to_string(), "");
}

#[test]
fn what_a_section_of_hugo_hides_is_not_public() {
    let hidden = [
        "cascade:\n  draft: true\n",
        "cascade:\n  build:\n    render: never\n",
        "cascade:\n  _build: {render: false}\n",
        "cascade:\n- params: {x: 1}\n- headless: true\n",
        "cascade:\n- target: {path: '/posts/**'}\n  draft: true\n",
        "cascade:\n- target: {path: '{/posts/one,/posts/deep/*}'}\n  draft: true\n",
        "draft: true\n",
        "headless: true\n",
    ];
    for front in hidden {
        let folder = Folder::new();
        folder
            .write("hugo.toml", "")
            .write("content/about.md", POST)
            .write("content/posts/_index.md", format!("---\ntitle: x\n{front}---\n"))
            .write("content/posts/one.md", POST)
            .write("content/posts/deep/two.md", POST);
        let content = folder.content();
        assert_eq!(public(&content), ["about"], "{front}");
        assert!(excluded(&content) > 0, "{front}");
        assert_eq!(content.diagnostics().to_string(), "", "{front}");
    }
    for front in ["cascade: {type: blog}\n", "build: {render: never}\n", "draft: false\n"] {
        let folder = Folder::new();
        folder
            .write("hugo.toml", "")
            .write("content/posts/_index.md", format!("---\ntitle: x\n{front}---\n"))
            .write("content/posts/one.md", POST);
        assert_eq!(public(&folder.content()), ["one"], "{front}");
    }
}

#[test]
fn a_rule_that_cannot_be_understood_hides_what_it_may_be_about() {
    for (name, text, reason) in [
        (
            "hugo.toml",
            "ignoreFiles = ['(']\n",
            "\"(\" in \"ignoreFiles\" cannot be understood",
        ),
        (
            "hugo.toml",
            "ignoreFiles = ['^/home/me/']\n",
            "cannot be understood, so no file is public",
        ),
        (
            "hugo.toml",
            "title = \nignoreFiles = ['a']\n",
            "hugo.toml: the file is not valid toml",
        ),
        (
            "_config.yml",
            "exclude: [{a: b}]\n",
            "cannot be understood, so no file is public",
        ),
    ] {
        let folder = Folder::new();
        folder
            .write(name, text)
            .write("content/posts/one.md", POST)
            .write("_posts/2026-01-02-two.md", POST);
        if name == "hugo.toml" {
            std::fs::remove_dir_all(folder.path().join("_posts")).unwrap();
        }
        assert_eq!(public(&folder.content()), [""; 0], "{text}");
        assert!(
            folder.diagnostics().contains(reason),
            "{text}: {}",
            folder.diagnostics()
        );
    }
    let folder = Folder::new();
    folder
        .write("hugo.toml", "")
        .write("content/about.md", POST)
        .write("content/posts/_index.md", "---\ntitle: [\ndraft: true\n---\n")
        .write("content/posts/one.md", POST);
    assert_eq!(public(&folder.content()), ["about"]);
    assert!(
        folder
            .diagnostics()
            .starts_with("content/posts/_index.md: the section page cannot be understood")
    );
}
