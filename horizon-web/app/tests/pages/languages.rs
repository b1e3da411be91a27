//! The pages in other languages.

use horizon_app::{ClusterPage, Link, NodeStatus, Site, Texts, View, WebNode};
use horizon_core::Timestamp;

use crate::{
    html_of,
    sample::{HOSTILE, all, hello, post, site_in},
};

/// Content and names in the samples.
const CONTENT: &[&str] = &[
    "What it is about",
    "Größe",
    // The language of the folder is English.
    "Link to this section",
    "About things.",
    "A blog",
    "About",
    "Words.",
    "First.",
    "Answer.",
    "Hello",
    "Ada",
    "One",
    "web-1",
    "posts/",
];

/// Names that are the same in all languages.
const NAMES: &[&str] = &[
    "HORIZON_ADMIN_TOKEN",
    "horizon-web check",
    "HORIZON_BUS",
    "Markdown",
    "Redis",
    "Atom",
    "RSS",
    "UTC",
    "µs",
    "ms",
];

fn cluster() -> View {
    let node = |clock| NodeStatus {
        name: "web-1".into(),
        started: Timestamp::from_millis(1_795_550_822_604),
        silent_millis: 7_000,
        round_trip_micros: Some(5_000),
        clock_offset_millis: clock,
        problems: vec!["1".into()],
    };
    let web = |clock| WebNode {
        node: node(clock),
        viewers: 3,
    };
    View::Cluster(ClusterPage {
        web: [None, Some(0), Some(-30), Some(7_000)].map(web).into(),
        accumulators: Vec::new(),
        note: String::new(),
    })
}

/// Returns the texts of a document that people see or hear.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut text = String::new();
    for part in body.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or((part, ""));
        let attributes = ["aria-label", "placeholder", "title", "alt"].map(|name| format!(" {name}=\""));
        let spoken = attributes.iter().filter_map(|start| tag.split_once(start.as_str()));
        let spoken = spoken.filter_map(|(_, rest)| rest.split('"').next());
        // The attributes with texts for the islands.
        let data = tag.split(" data-").skip(1).filter(|attribute| {
            let name = attribute.split('=').next().unwrap_or_default();
            let names = [
                "offline",
                "server",
                "too-many",
                "forbidden",
                "published",
                "pending",
                "system",
                "light",
                "dark",
            ];
            let plurals = ["zero", "one", "two", "few", "many", "other"];
            names.contains(&name) || plurals.contains(&name) || name.starts_with("field-")
        });
        let data = data.filter_map(|attribute| attribute.split('"').nth(1));
        for words in spoken.chain(data).chain([words]) {
            text.push_str(words);
            text.push('\n');
        }
    }
    text
}

#[test]
fn every_text_is_from_the_language_file() {
    let site = site_in("ar");
    let hostile_html = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let hostile_attribute = HOSTILE
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    for view in all().into_iter().chain([cluster()]) {
        let html = html_of(&site, view);
        let mut text = visible(&html.replace(&hostile_attribute, "").replace(&hostile_html, ""));
        for known in CONTENT.iter().chain(NAMES) {
            text = text.replace(known, "");
        }
        let untranslated: Vec<_> = text
            .lines()
            .filter(|line| {
                let mut words = line.split(|c: char| !c.is_ascii_alphabetic());
                words.any(|word| word.len() > 2)
            })
            .collect();
        assert!(untranslated.is_empty(), "{untranslated:#?}");
    }
}

#[test]
fn a_page_has_the_language_and_direction_of_the_blog() {
    let html = html_of(&site_in("ar"), View::NotFound);
    assert!(
        html.starts_with(r#"<!DOCTYPE html><html lang="ar" dir="rtl"><head>"#),
        "{html}"
    );
    assert!(html.contains("الصفحة غير موجودة"), "{html}");
    let html = html_of(&site_in("de-AT"), hello());
    for part in [
        r#"<html lang="de-AT" dir="ltr">"#,
        r#"content="de_AT" property="og:locale""#,
        r#""inLanguage":"de-AT""#,
        "4. Mai 2026",
        "1 Min. Lesezeit",
        "1\u{a0}204</span> <span data-one=\"Aufruf\" data-other=\"Aufrufe\">Aufrufe</span>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

fn hello_in(language: &str) -> View {
    let mut page = post("Hello", "Ada");
    std::sync::Arc::make_mut(&mut page.post).language = Some(language.parse().unwrap());
    View::Post(Box::new(page))
}

#[test]
fn a_post_has_the_interface_of_its_language() {
    let html = html_of(&site_in("en"), hello_in("fr"));
    assert!(
        html.contains(r#"<html lang="fr" dir="ltr">"#) && html.contains("Écrire un commentaire"),
        "{html}"
    );
    assert!(
        html.contains("<body data-page"),
        "the interface has the language of the page: {html}"
    );
}

#[test]
fn a_post_in_a_language_without_texts_has_the_interface_of_the_blog() {
    let html = html_of(&site_in("de"), hello_in("he"));
    for part in [
        r#"<html lang="he" dir="rtl">"#,
        r#"<body lang="de" dir="ltr""#,
        r#"<h1 lang="he" dir="rtl">"#,
        r#"<div lang="he" dir="rtl" data-copy-code="Kopieren""#,
        "Kommentar schreiben",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_blog_in_another_language_has_english_texts_that_are_marked() {
    let site = Site {
        language: "pl".into(),
        texts: Texts::default(),
        nav: vec![Link {
            title: "O mnie".into(),
            href: "/about".into(),
        }],
        ..Site::clone(&site_in("en"))
    };
    let html = html_of(&site.into(), all().remove(0));
    for part in [
        r#"<html lang="pl" dir="ltr">"#,
        r#"<body lang="en" dir="ltr""#,
        r#"<h3 lang="pl" dir="ltr">"#,
        r#"<bdi lang="pl" dir="ltr">A blog</bdi>"#,
        r#"<bdi lang="pl" dir="ltr">About things.</bdi>"#,
        r#"<a href="/blog">Blog</a>"#,
        r#"<a href="/about" lang="pl" dir="ltr">O mnie</a>"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn translations_are_linked() {
    let mut page = post("Hello", "Ada");
    let mut other = horizon_posts::Post::clone(&page.post);
    other.slug = "bonjour".parse().unwrap();
    (other.language, other.title) = (Some("fr".parse().unwrap()), "Bonjour".into());
    page.translations = vec![page.post.clone(), other.into()];
    let html = html_of(&site_in("en"), View::Post(Box::new(page)));
    for part in [
        r#"hreflang="en" href="https://example.org/blog/hello""#,
        r#"hreflang="fr" href="https://example.org/blog/bonjour""#,
        "Translations",
        r#"href="/blog/bonjour""#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}
