//! The language of documents, and translations.

use horizon_posts::{ContentOptions, Library, atom, rss, sitemap};

use crate::folder::{Folder, now, options, site};

const BODY: &str = "## Eins\n\n> [!NOTE]\n> Text.\n\n- [x] a\n";

fn translated() -> Folder {
    let folder = Folder::new();
    folder
        .write(
            "hello.md",
            "---\ntitle: Hello\ndate: 2026-11-23\ntranslationKey: hello\n---\n",
        )
        .write(
            "bonjour.md",
            "---\ntitle: Bonjour\ndate: 2026-11-22\nlang: fr\ntranslationKey: hello\n---\n",
        )
        .write("seul.md", "---\ntitle: Seul\ndate: 2026-11-21\nlang: fr\n---\n");
    folder
}

#[test]
fn the_texts_in_a_body_are_in_the_language_of_the_document_or_of_the_blog() {
    let folder = Folder::new();
    folder
        .write("a.md", format!("---\ntitle: A\ndate: 2026-11-23\n---\n{BODY}"))
        .write(
            "b.md",
            format!("---\ntitle: B\ndate: 2026-11-22\nlang: fr\n---\n{BODY}"),
        );
    let options = ContentOptions {
        language: "de".parse().unwrap(),
        ..options()
    };
    let library = Library::load(folder.path(), &options, now());
    let html = |slug| library.post(slug).unwrap().html();
    for (html, texts) in [
        (html("a"), ["Link zu diesem Abschnitt: Eins", ">Hinweis<", "Erledigt"]),
        (html("b"), ["Lien vers cette section", ">Note<", "Fait"]),
    ] {
        for text in texts {
            assert!(html.contains(text), "{text} is not in {html}");
        }
    }
}

#[test]
fn a_translation_is_not_in_the_feeds_of_a_blog_that_has_the_original() {
    let library = translated().load();
    for feed in [atom(&library, &site()), rss(&library, &site())] {
        assert!(feed.contains("/blog/hello") && feed.contains("/blog/seul"), "{feed}");
        assert!(!feed.contains("/blog/bonjour"), "{feed}");
    }
    assert!(atom(&library, &site()).contains(r#" xml:lang="fr""#));
}

#[test]
fn the_sitemap_links_translations() {
    let library = translated().load();
    let slugs = |slug| {
        let translations = library.translations(library.post(slug).unwrap());
        translations
            .iter()
            .map(|post| post.slug.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs("bonjour"), ["hello", "bonjour"]);
    assert!(slugs("seul").is_empty());
    let xml = sitemap(&library, &site());
    for link in [
        r#"<xhtml:link rel="alternate" hreflang="en" href="https://blog.example/blog/hello"/>"#,
        r#"<xhtml:link rel="alternate" hreflang="fr" href="https://blog.example/blog/bonjour"/>"#,
    ] {
        assert_eq!(xml.matches(link).count(), 2, "{link} in {xml}");
    }
}

#[test]
fn a_list_leaves_out_the_translations_of_its_posts() {
    let folder = Folder::new();
    let post = |title: &str, lang: &str, fields: &str| format!("---\ntitle: {title}\nlang: {lang}\n{fields}\n---\n");
    folder
        .write(
            "a.md",
            post("A", "en", "date: 2026-11-23\ntranslationKey: a\ntags: [x]\nseries: S"),
        )
        .write(
            "a-fr.md",
            post(
                "A",
                "fr",
                "date: 2026-11-23\ntranslationKey: a\ntags: [x, y]\nseries: S",
            ),
        )
        .write("b.md", post("B", "en", "date: 2026-11-22\ntags: [x]\nseries: S"))
        .write(
            "c.md",
            post("C", "fr", "date: 2026-11-21\ntranslationKey: c\ntags: [x]"),
        );
    let library = folder.load();
    let slugs = |posts: &[std::sync::Arc<horizon_posts::Post>]| -> Vec<String> {
        posts.iter().map(|post| post.slug.to_string()).collect()
    };
    assert_eq!(slugs(library.posts()), ["a", "a-fr", "b", "c"]);
    assert_eq!(slugs(library.listed_posts()), ["a", "b", "c"]);
    assert_eq!(slugs(&library.tagged("x").unwrap().posts), ["a", "b", "c"]);
    assert_eq!(
        slugs(&library.tagged("y").unwrap().posts),
        ["a-fr"],
        "the only one with the tag"
    );
    assert_eq!(slugs(&library.years()[0].posts), ["a", "b", "c"]);
    assert_eq!(slugs(&library.series_posts("s").unwrap().posts), ["b", "a"]);
    for slug in ["a", "a-fr"] {
        let (_, part) = library.series_part(library.post(slug).unwrap()).unwrap();
        assert_eq!(part, 1, "{slug}");
    }
}

#[test]
fn translations_that_are_both_in_a_series_are_different_parts() {
    let folder = Folder::new();
    let post = |lang: &str, day: u8| {
        format!("---\ntitle: A\nlang: {lang}\ndate: 2026-11-{day}\ntranslationKey: a\nseries: S\n---\n")
    };
    // No post is in the language of the blog, so the series has both.
    folder.write("a-de.md", post("de", 21)).write("a-fr.md", post("fr", 22));
    let library = folder.load();
    let part = |slug: &str| library.series_part(library.post(slug).unwrap()).unwrap().1;
    assert_eq!([part("a-de"), part("a-fr")], [0, 1]);
}
