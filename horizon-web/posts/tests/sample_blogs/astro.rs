use horizon_posts::Layout;

use crate::{SampleBlog, pairs};

#[test]
fn an_astro_blog_is_read_as_its_author_means_it() {
    let blog = SampleBlog::load("astro");
    assert_eq!(blog.layout(), Layout::Astro);
    let posts = [
        ("/blog/minato", "港"),
        ("/blog/knots", "Knots"),
        ("/blog/harbour", "The harbour"),
        ("/blog/storm", "Storm"),
    ];
    assert_eq!(blog.posts(), pairs(&posts));
    assert_eq!(blog.pages(), pairs(&[("/about", "About the harbour")]));
    blog.assert_redirects(&[("/log/storm-2021", "/blog/storm"), ("/blog/ja/minato/", "/blog/minato")]);
    blog.assert_hidden(1, 0, "src/content/blog/tide.md");
}

#[test]
fn check_finds_what_readers_of_an_astro_blog_would_trip_over() {
    let blog = SampleBlog::load("astro");
    let expected = [
        "src/content/blog/harbour.md:5 front-matter",
        "src/content/blog/harbour.md:13 missing-picture",
        "src/content/blog/knots/index.mdx:8 markup",
        "src/content/blog/knots/index.mdx:15 markup",
        "src/content/blog/storm.md:9 no-alternative-text",
        "src/content/blog/storm.md:11 markup",
        "src/content/blog/storm.md:13 dead-link",
    ];
    assert_eq!(blog.findings(), expected, "{:#?}", blog.check().findings);
}
