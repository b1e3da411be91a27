//! Front matter as authors of Hugo, Zola, Jekyll and Astro write it.

use horizon_core::reports::SiteTimeZone;
use horizon_posts::{ContentOptions, Cover, Library, MarkdownPage, Post};
use std::sync::Arc;

use crate::folder::{Folder, now, options};

/// Returns the post `x` with this front matter, which is complete and has no issue.
fn post(front: &str) -> Arc<Post> {
    let folder = Folder::new();
    let library = folder.write("x.md", front).load();
    assert_eq!(folder.diagnostics(), "", "{front}");
    library.posts()[0].clone()
}

/// Returns the post with these lines of YAML, and the diagnostics.
fn yaml(lines: &str) -> (Arc<Post>, String) {
    let folder = Folder::new();
    folder.write("x.md", format!("---\ntitle: x\ndate: 2026-11-23\n{lines}\n---\n"));
    (folder.load().posts()[0].clone(), folder.diagnostics())
}

fn tags(post: &Post) -> Vec<&str> {
    post.tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn yaml_toml_and_json_have_the_same_meaning() {
    let yaml = "---\ntitle: A \"b\"\ndate: 2026-11-23T09:30:00+01:00\ntags: [a, b]\ndescription: |\n  d\ndraft: no\n\
                aliases:\n  - /old/\ncover:\n  image: c.png\n  alt: C\n---\nBody\n";
    let toml = "+++\ntitle = 'A \"b\"'\ndate = 2026-11-23T09:30:00+01:00\ntags = [\"a\", \"b\"]\ndescription = \"\"\"\n\
                d\n\"\"\"\ndraft = false\naliases = [\n  \"/old/\",\n]\n\
                [cover]\nimage = \"c.png\"\nalt = \"C\"\n+++\nBody\n";
    let json = "{\n\t\"title\": \"A \\\"b\\\"\", \"date\": \"2026-11-23T09:30:00+01:00\", \"tags\": [\"a\", \"b\"],\n\
                \"description\": \"d\\n\", \"draft\": false, \"aliases\": [\"/old/\"],\n\
                \"cover\": {\"image\": \"c.png\", \"alt\": \"C\"}\n}\nBody\n";
    for front in [yaml, toml, json] {
        let post = post(front);
        assert_eq!(post.title, "A \"b\"");
        assert_eq!(post.date.rfc3339(), "2026-11-23T09:30:00+01:00");
        assert_eq!(tags(&post), ["a", "b"]);
        assert_eq!(post.lede(), Some("d"));
        assert_eq!(post.aliases, ["/old/"]);
        let cover = Cover {
            image: "/media/c.png".into(),
            alt: "C".into(),
            caption: None,
        };
        assert_eq!(post.cover, Some(cover));
        assert_eq!(post.html(), "<p>Body</p>\n");
    }
}

#[test]
fn an_error_names_the_line_of_the_file_in_every_format() {
    for (text, expected) in [
        (
            "+++\ntitle = \"x\"\ndate = never\n+++\n",
            "x.md:3: the front matter is not valid TOML: ",
        ),
        (
            "+++\ntitle = \"x\"\ntitle = \"y\"\n+++\n",
            "x.md:3: the front matter is not valid TOML: ",
        ),
        (
            "+++\ntitle = \"x\"\ndate = \"never\"\n+++\n",
            "x.md:3: \"date\" is \"never\", but a date is",
        ),
        (
            "+++\ntitle = \"x\"\ndate = 2026-11-23\n[cover]\nalt = \"y\"\n+++\n",
            "x.md:4: \"cover\" has no image",
        ),
        (
            "+++\ntitle = \"x\"\ndate = 2026-11-23\n\n[taxonomies]\ntags = [\n\"a\",\n\"!\"]\n+++\n",
            "x.md:8: warning: the tag \"!\" has no letter",
        ),
        (
            "+++\ntitle = \"x\"\n",
            "x.md:1: the front matter does not end: there is no second line \"+++\"",
        ),
        (
            "{\n\"title\": \"x\",\n\"date\": }\n",
            "x.md:3: the front matter is not valid JSON: ",
        ),
        (
            "{\n\"title\": \"x\",\n\"title\": \"y\",\n\"date\": \"2026-11-23\"\n}\n",
            "x.md:3: the front matter is not valid JSON: the key \"title\" is there twice",
        ),
        (
            "{\n\"title\": [],\n\"date\": \"2026-11-23\"\n}\n",
            "x.md:2: \"title\" must be a text",
        ),
        (
            "---\ntitle: x\ndate: 2026-11-23\nlast: &a {b: *a}\n---\n",
            "x.md:4: the front matter is not valid YAML",
        ),
    ] {
        let diagnostics = Folder::new().write("x.md", text).diagnostics();
        assert!(diagnostics.starts_with(expected), "{text:?} gave {diagnostics:?}");
        assert_eq!(diagnostics.lines().count(), 1, "{diagnostics}");
    }
}

#[test]
fn aliases_of_aliases_cannot_use_up_the_memory() {
    let mut front = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        front.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let nested = format!("deep: {}{}\n", "[".repeat(5_000), "]".repeat(5_000));
    for (front, line) in [(front, 5), (nested, 2)] {
        let diagnostics = Folder::new().write("x.md", format!("---\n{front}---\n")).diagnostics();
        let start = format!("x.md:{line}: the front matter is not valid YAML");
        assert!(diagnostics.starts_with(&start), "{diagnostics}");
    }
}

#[test]
fn an_unknown_key_may_be_there_twice() {
    let (post, diagnostics) =
        yaml("comments: true\ncomments: false\nextra: {a: 1, a: 2}\nbase: &b {tags: [z]}\n<<: *b");
    assert_eq!((tags(&post), diagnostics.as_str()), (vec!["z"], ""));
}

#[test]
fn dates_of_other_programs_are_read_in_the_time_zone_of_the_blog() {
    let folder = Folder::new();
    folder
        .write("2019-01-02-named.md", "---\ntitle: x\n---\n")
        .write("jekyll.md", "---\ntitle: x\ndate: 2019-01-02 15:04:05 -0500\n---\n")
        .write("local.md", "---\ntitle: x\ndate: 2019-1-2 15:04\n---\n")
        .write(
            "astro.md",
            "---\ntitle: x\npubDate: 'Jul 08 2022'\nupdatedDate: 2022-07-09\n---\n",
        )
        .write(
            "zola.md",
            "+++\ntitle = \"x\"\ndate = 2019-01-02\nupdated = 2019-02-03T04:05:06\n+++\n",
        );
    assert_eq!(folder.diagnostics(), "");
    let options = ContentOptions {
        time_zone: SiteTimeZone::new("Europe/Berlin").unwrap(),
        ..options()
    };
    let library = Library::load(folder.path(), &options, now());
    let dates = |slug: &str| {
        let post = library.post(slug).unwrap();
        (post.date.rfc3339(), post.updated.map(|date| date.rfc3339()))
    };
    let without_update = |date: &str| (date.to_owned(), None);
    assert_eq!(dates("named"), without_update("2019-01-02T00:00:00+01:00"));
    assert_eq!(dates("jekyll"), without_update("2019-01-02T15:04:05-05:00"));
    assert_eq!(dates("local"), without_update("2019-01-02T15:04:00+01:00"));
    let updated = Some("2022-07-09T00:00:00+02:00".to_owned());
    assert_eq!(dates("astro"), ("2022-07-08T00:00:00+02:00".to_owned(), updated));
    let updated = Some("2019-02-03T04:05:06+01:00".to_owned());
    assert_eq!(dates("zola"), ("2019-01-02T00:00:00+01:00".to_owned(), updated));
}

#[test]
fn the_date_of_another_key_is_a_publication_date_only_if_it_is_the_date_of_the_post() {
    let folder = Folder::new();
    folder
        .write("2099-01-01-named.md", "---\ntitle: x\n---\n")
        .write("pub.md", "---\ntitle: x\npubDate: 2099-01-01\n---\n")
        .write("both.md", "---\ntitle: x\ndate: 2026-11-23\npubDate: 2099-01-01\n---\n");
    let library = folder.load();
    let slugs: Vec<&str> = library.posts().iter().map(|post| post.slug.as_str()).collect();
    assert_eq!((slugs, folder.diagnostics().as_str()), (vec!["both"], ""));
}

#[test]
fn tags_are_the_tags_and_categories_in_every_spelling() {
    for (lines, expected) in [
        ("tags: a, b c", &["a", "b c"] as &[&str]),
        ("tags: [a, null, '', b]", &["a", "b"]),
        ("tags:", &[]),
        ("tags: [a]\ncategories: [b, A]", &["a", "b"]),
        ("category: b", &["b"]),
        ("taxonomies: {Tags: [a], categories: [b]}", &["a", "b"]),
        ("Categories: x, y", &["x", "y"]),
        ("tags: [cafe\u{301}, café]", &["café"]),
    ] {
        let (post, diagnostics) = yaml(lines);
        assert_eq!((tags(&post), diagnostics.as_str()), (expected.to_vec(), ""), "{lines}");
    }
    let (_, diagnostics) = yaml("categories: {a: b}");
    assert_eq!(
        diagnostics,
        "x.md:4: warning: \"categories\" must be a text or a list of texts; it has no effect"
    );
}

#[test]
fn the_keys_of_a_theme_are_read_in_any_case() {
    let (post, diagnostics) = yaml("extra: {Series: Deep dives, LANG: pt-br, toc: true, subtitle: S}");
    let series = post.series.as_ref().unwrap();
    assert_eq!(
        (series.name.as_str(), series.slug.as_str()),
        ("Deep dives", "deep-dives")
    );
    assert_eq!(post.language.as_ref().unwrap().to_string(), "pt-BR");
    assert!(post.show_toc);
    assert_eq!((post.lede(), diagnostics.as_str()), (Some("S"), ""));
    for lines in [
        "series: [One, Two]",
        "series: {name: One, order: 2}",
        "taxonomies: {series: [One]}",
    ] {
        assert_eq!(yaml(lines).0.series.as_ref().unwrap().name, "One", "{lines}");
    }
}

#[test]
fn a_wrong_value_of_another_programs_key_hides_no_post() {
    for (lines, reason) in [
        (
            "lang: the best",
            "\"lang\" is \"the best\", but a language is a BCP 47 tag, such as en, pt-BR or zh-Hant; it has no effect",
        ),
        ("series: {a: b}", "\"series\" must be a text; it has no effect"),
        ("series: '!'", "the series \"!\" has no letter and no digit"),
    ] {
        let (_, diagnostics) = yaml(lines);
        assert_eq!(diagnostics, format!("x.md:4: warning: {reason}"));
    }
    for silent in [
        "image: nothing",
        "image: {a: b}",
        "images: []",
        "toc: {depth: 3}",
        "lastmod: yesterday",
        "url: [1]",
        "permalink: pretty",
        "nav: {order: 1}",
        "menu: main",
        "header: true",
    ] {
        let (post, diagnostics) = yaml(silent);
        assert_eq!(diagnostics, "", "{silent}");
        assert!(post.cover.is_none() && post.aliases.is_empty(), "{silent}");
    }
}

#[test]
fn the_cover_has_the_key_of_another_program() {
    for lines in [
        "image: a.jpg\nimage_alt: A",
        "featured_image: a.jpg\nfeatured_image_alt: A",
        "heroImage: a.jpg\nheroImageAlt: A",
        "image: {src: a.jpg, alt: A}",
        "images: [a.jpg]\nimagesAlt: A",
        "header: {image: a.jpg, alt: A}",
        "params: {banner: a.jpg, banner_alt: A}",
        "cover: a.jpg\ncover_alt: A",
    ] {
        let (post, diagnostics) = yaml(lines);
        let cover = post.cover.as_ref().unwrap();
        assert_eq!(
            (cover.image.as_str(), cover.alt.as_str()),
            ("/media/a.jpg", "A"),
            "{lines}"
        );
        assert_eq!(diagnostics, "", "{lines}");
    }
    let (post, diagnostics) = yaml("thumbnail: a.jpg");
    assert_eq!(post.cover.as_ref().unwrap().alt, "");
    assert_eq!(
        diagnostics,
        "x.md:4: warning: \"thumbnail\" has no alt: describe the image as \"thumbnail_alt\", or write \"\" for \
         decoration"
    );
    assert_eq!(yaml("thumbnail: a.jpg\nthumbnail_alt: ''").1, "");
}

#[test]
fn old_addresses_are_read_from_every_key() {
    let (post, _) = yaml("aliases: [/a/]\nredirect_from: /b\npermalink: /c.html\nurl: /d/");
    assert_eq!(post.aliases, ["/a/", "/b", "/c.html", "/d/"]);
}

#[test]
fn files_that_other_programs_do_not_publish_are_not_public() {
    for line in [
        "headless: true",
        "render: false",
        "build: {render: never}",
        "_build: {Render: false}",
        "unpublishDate: 2026-12-01",
    ] {
        let folder = Folder::new();
        folder.write("x.md", format!("---\ntitle: x\ndate: 2026-11-23\n{line}\n---\n"));
        assert_eq!(
            (folder.load().posts().len(), folder.diagnostics().as_str()),
            (0, ""),
            "{line}"
        );
    }
    for line in [
        "headless: false",
        "render: always",
        "build: {list: never}",
        "unpublishDate:",
    ] {
        assert_eq!(yaml(line).1, "", "{line}");
    }
    for broken in [
        "+++\ntitle = x\ndate = 2026-11-23\ndraft = true\n+++\n",
        "{\n\"draft\": true,\n\"title\": x}\n",
    ] {
        let folder = Folder::new();
        folder.write("x.md", "---\ntitle: x\ndate: 2026-11-23\n---\n");
        let content = folder.content();
        folder.write("x.md", broken);
        assert!(content.library(now()).post("x").is_some());
        assert!(folder.content().is_all_broken());
    }
}

#[test]
fn a_lede_is_only_what_the_author_wrote() {
    let text = "word ".repeat(100);
    let folder = Folder::new();
    folder
        .write("none.md", format!("---\ntitle: x\ndate: 2026-11-23\n---\n{text}"))
        .write(
            "sub.md",
            "---\ntitle: x\ndate: 2026-11-23\nsubtitle: S\nexcerpt: E\n---\nText",
        )
        .write(
            "long.md",
            format!("---\ntitle: x\ndate: 2026-11-23\ndescription: {text}\n---\nText"),
        )
        .write(
            "more.md",
            "---\ntitle: x\ndate: 2026-11-23\n---\nOne ![alt](x.png)\n\nTwo\n\n<!--more-->\n\nThree",
        )
        .write("pages/y.md", "---\ntitle: y\nsummary: Y\n---\nText");
    let library = folder.load();
    let post = |slug: &str| library.post(slug).unwrap();
    assert_eq!(post("none").lede(), None);
    assert!(post("none").summary().starts_with("word word"));
    assert!(post("none").meta_description().chars().count() <= 160);
    assert_eq!((post("sub").lede(), post("sub").summary()), (Some("S"), "E"));
    assert_eq!(post("sub").meta_description(), "S");
    assert_eq!(post("more").summary(), "One Two");
    assert_eq!(post("long").lede(), Some(text.trim()));
    assert!(post("long").meta_description().ends_with("word…"));
    let page: &MarkdownPage = library.page("y").unwrap();
    assert_eq!((page.lede(), &*page.meta_description()), (None, "Y"));
}

#[test]
fn pages_have_a_place_in_the_navigation() {
    let folder = Folder::new();
    folder
        .write("pages/a.md", "---\ntitle: a\nweight: 2\n---\n")
        .write("pages/b.md", "---\ntitle: b\nnav_exclude: true\n---\n")
        .write("pages/c.md", "---\ntitle: c\nnav: false\nweight: heavy\n---\n");
    let library = folder.load();
    let place = |slug: &str| library.page(slug).map(|page| (page.weight, page.in_nav));
    assert_eq!(place("a"), Some((Some(2), true)));
    assert_eq!((place("b"), place("c")), (Some((None, false)), Some((None, false))));
    assert_eq!(
        folder.diagnostics(),
        "pages/c.md:4: warning: \"weight\" is \"heavy\", but it must be a whole number; it has no effect"
    );
}

#[test]
fn file_names_of_any_script_are_addresses_in_one_unicode_form() {
    let folder = Folder::new();
    folder
        .post("cafe\u{301} und mehr", "2026-11-23", "")
        .post("日本語", "2026-11-22", "")
        .write("z.md", "---\ntitle: Cafe\u{301}\ndate: 2026-11-21\nslug: größe\n---\n");
    assert_eq!(folder.diagnostics(), "");
    let library = folder.load();
    assert_eq!(library.post("café-und-mehr").unwrap().url(), "/blog/caf%C3%A9-und-mehr");
    assert!(library.post("cafe\u{301}-und-mehr").is_some() && library.post("日本語").is_some());
    assert_eq!(library.post("größe").unwrap().title, "Café");
}

#[test]
fn the_cover_of_a_zola_theme_is_in_extra() {
    for front in [
        "[extra]\ncover.image = \"/media/c.png\"\ncover.alt = \"C\"",
        "[extra.cover]\nimage = \"/media/c.png\"\nalt = \"C\"",
    ] {
        let post = post(&format!("+++\ntitle = \"x\"\ndate = 2026-11-23\n{front}\n+++\n"));
        let cover = post.cover.clone().unwrap();
        assert_eq!((cover.image.as_str(), cover.alt.as_str()), ("/media/c.png", "C"));
    }
}
