//! Lists of posts, and the names under which pages are counted.

use horizon_app::{ArchivePage, BlogIndex, ListSubject, PostList, SeriesPart, TagCount, View};
use horizon_core::wire::PageStats;
use horizon_posts::Series;

use crate::{
    html,
    sample::{blog_index, blog_with, hello, library, page, post},
};

#[test]
fn each_page_with_islands_says_under_which_name_it_is_counted() {
    let html = |view: View| html(&view);
    let index = |query: &str, tag: Option<&str>| {
        let library = library("Title", "Text.");
        let tagged = library.tags().iter().map(|tagged| TagCount {
            tag: tagged.tag.clone(),
            count: tagged.posts.len(),
        });
        View::Blog(BlogIndex {
            tags: tagged.collect(),
            query: query.into(),
            tag: tag.map(str::to_owned),
            ..blog_index(Vec::new())
        })
    };
    let library = library("Title", "Text.");
    let tag = library.tags().first().unwrap().tag.clone();
    let (name, slug) = (tag.name.clone(), tag.slug.clone());
    let series = Series { name, slug };
    let list = |subject| {
        let (posts, page) = (Vec::new(), page(1));
        View::List(PostList { subject, posts, page })
    };
    let archive = ArchivePage {
        years: Vec::new(),
        of_year: None,
    };
    for (view, path) in [
        (View::Home(Vec::new()), ""),
        (index("", None), "list/blog"),
        (index("words", None), "list/search"),
        (index("", Some("größe")), "list/tags/gr%C3%B6%C3%9Fe"),
        (index("", Some("unknown")), "list/blog"),
        (list(ListSubject::Tag(tag)), "list/tags/gr%C3%B6%C3%9Fe"),
        (list(ListSubject::Series(series)), "list/series/gr%C3%B6%C3%9Fe"),
        (View::Tags(Vec::new()), "list/tags"),
        (View::AllSeries(Vec::new()), "list/series"),
        (View::Archive(archive), "list/archive"),
        (View::Page(library.page("about").unwrap().clone()), "page/about"),
        (hello(), "hello"),
    ] {
        let html = html(view);
        let body = format!("<body data-page=\"{path}\">");
        assert!(html.contains(&body), "{body} is not in {html}");
    }
    assert!(html(View::NotFound).contains("<body>"));
}

#[test]
fn a_number_of_a_card_is_hidden_while_it_is_zero() {
    let some = PageStats {
        visits: 5,
        ..PageStats::default()
    };
    for (stats, hidden) in [(Some(PageStats::default()), 3), (None, 3), (Some(some), 2)] {
        let html = html(&blog_with(stats));
        let (_, card) = html.split_once("<article").unwrap();
        let (card, _) = card.split_once("</article>").unwrap();
        assert_eq!(
            (card.matches("<li").count() - 1, card.matches(" hidden").count()),
            (3, hidden),
            "{card}"
        );
    }
}

#[test]
fn a_page_of_a_list_leads_to_the_pages_around_it() {
    let html = html(&View::Blog(blog_index(Vec::new())));
    for part in [
        r#"<link rel="canonical" href="https://example.org/blog?page=2">"#,
        r#"<link rel="prev" href="/blog">"#,
        r#"<link rel="next" href="/blog?page=3">"#,
        r#"<a rel="next" href="/blog?page=3">"#,
        "<title>All posts · Page 2 · A blog</title>",
        "Page 2 of 3",
        r#"<body data-page="list/blog">"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_post_of_a_series_names_its_part() {
    let mut page = post("Hello", "Ada");
    let other = page.older.clone().unwrap();
    let series = Series {
        name: "Walks".into(),
        slug: "walks".into(),
    };
    page.series = Some(SeriesPart {
        series,
        posts: vec![other, page.post.clone()],
        part: 1,
    });
    let html = html(&View::Post(Box::new(page)));
    for part in [
        "Part 2 of 2",
        r#"href="/series/walks""#,
        r#"<a href="/blog/hello" aria-current="page""#,
        "Series: Walks",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}
