//! Files are named, dated and addressed as their generator does.

use horizon_posts::{ContentFolder, ContentOptions, SkipReason};

use crate::folder::{Folder, now, options, pages, posts, skipped};

const POST: &str = "---\ntitle: A title\ndate: 2026-01-02\n---\nText.\n";
const PAGE: &str = "---\ntitle: A page\n---\nText.\n";

#[test]
fn a_date_in_a_file_name_of_jekyll_may_have_single_digits() {
    let folder = Folder::new();
    folder
        .write("_config.yml", "title: A blog\n")
        .write("_posts/2019-1-2-short-date.md", PAGE)
        .write("_posts/2019-12-3-other.md", PAGE);
    let library = folder.load();
    assert_eq!(folder.diagnostics(), "");
    let days: Vec<String> = library.posts().iter().map(|post| post.date.day()).collect();
    assert_eq!(
        (posts(&library), days),
        (
            vec!["other", "short-date"],
            vec!["2019-12-03".into(), "2019-01-02".into()]
        )
    );
    let target = library.redirect("/2019/01/02/short-date.html");
    assert_eq!(target.as_deref(), Some("/blog/short-date"));
}

#[test]
fn a_file_of_hugo_or_jekyll_without_a_title_has_its_name_as_title() {
    let untitled = "---\ndate: 2026-01-02\n---\nText.\n";
    for (config, file) in [
        ("_config.yml", "_posts/2026-01-02-my-FIRST_post.md"),
        ("hugo.toml", "content/posts/my-FIRST_post.md"),
        ("hugo.toml", "content/posts/my-FIRST_post/index.md"),
    ] {
        let folder = Folder::new();
        folder.write(config, "").write(file, untitled);
        let library = folder.load();
        assert_eq!(folder.diagnostics(), "", "{file}");
        assert_eq!(library.posts()[0].title, "My First Post", "{file}");
    }
    let folder = Folder::new();
    folder.write("x.md", untitled);
    assert_eq!(folder.diagnostics(), "x.md:1: there is no title");
}

#[test]
fn the_home_page_and_the_error_page_of_a_generator_are_not_pages() {
    for (config, content) in [
        ("_config.yml", ""),
        ("hugo.toml", "content/"),
        ("config.toml", "content/"),
        ("astro.config.mjs", "src/pages/"),
    ] {
        let folder = Folder::new();
        folder
            .write(
                config,
                if config == "config.toml" {
                    "base_url = \"x\"\n"
                } else {
                    ""
                },
            )
            .write(&format!("{content}404.md"), PAGE)
            .write(&format!("{content}404.html"), PAGE)
            .write(&format!("{content}index.md"), PAGE)
            .write(&format!("{content}_index.md"), PAGE)
            .write(&format!("{content}about.md"), PAGE);
        let content = folder.content();
        assert_eq!(pages(&content.library(now())), ["about"], "{config}");
        assert!(content.library(now()).file("/404.html").is_none(), "{config}");
        let reasons = skipped(&content);
        for expected in [
            (SkipReason::Section, 1),
            (SkipReason::HomePage, 2),
            (SkipReason::Format, 1),
        ] {
            assert!(reasons.contains(&expected), "{config}: {reasons:?}");
        }
    }
}

#[test]
fn a_file_of_a_bundle_is_found_at_each_old_address_of_the_bundle() {
    let post = POST.replace("title:", "aliases: [/old/name/]\npath: own/address\ntitle:");
    for (name, config, address) in [
        (
            "hugo.toml",
            "[permalinks]\nposts = \"/:year/:month/:slug/\"\n",
            "/2026/01/trip/sea.jpg",
        ),
        (
            "config.toml",
            "base_url = \"https://example.org\"\n",
            "/own/address/sea.jpg",
        ),
    ] {
        let folder = Folder::new();
        folder
            .write(name, config)
            .write("content/posts/trip/index.md", &post)
            .write("content/posts/trip/sea.jpg", "jpeg")
            .write("content/posts/trip/deep/sky.jpg", "jpeg");
        let library = folder.load();
        for (old, file) in [
            (address, "sea.jpg"),
            ("/old/name/sea.jpg", "sea.jpg"),
            ("/old/name/deep/sky.jpg", "deep/sky.jpg"),
            ("/posts/trip/sea.jpg", "sea.jpg"),
        ] {
            let target = format!("/media/posts/trip/{file}");
            assert_eq!(library.redirect(old), Some(target), "{name}: {old}");
        }
    }
}

#[test]
fn a_title_and_a_language_that_differ_from_the_configuration_are_noted() {
    for (name, config) in [
        (
            "config.toml",
            "base_url = \"x\"\ntitle = \"Mein Blog\"\ndefault_language = \"de\"\n",
        ),
        ("hugo.yaml", "title: Mein Blog\nlanguageCode: de\n"),
        ("_config.yml", "title: Mein Blog\nlang: de\n"),
    ] {
        let folder = Folder::new();
        folder.write(name, config).write("content/posts/one.md", POST);
        let content = folder.content();
        let notes = content.check_settings(Some("EventHorizon"));
        let messages: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
        let title = format!("the blog's title is EventHorizon, {name} says Mein Blog: set HORIZON_TITLE");
        let language = format!("the blog's language is en, {name} says de: set HORIZON_LANGUAGE");
        assert_eq!(messages, [title, language]);
        assert_eq!(content.check_settings(None).len(), 1);
        let german = ContentOptions {
            language: "de".parse().unwrap(),
            ..options()
        };
        let german = ContentFolder::load(folder.path(), &german);
        assert!(german.check_settings(None).is_empty());
        assert!(german.check_settings(Some("Mein Blog")).is_empty());
    }
}
