use horizon_posts::Layout;

use crate::{SampleBlog, pairs};

#[test]
fn a_hugo_blog_is_read_as_its_author_means_it() {
    let blog = SampleBlog::load("hugo");
    assert_eq!(blog.layout(), Layout::Hugo);
    let posts = [
        ("/blog/second-night", "Second night"),
        ("/blog/second-night-de", "Zweite Nacht"),
        ("/blog/first-light", "First light"),
        ("/blog/eclipse", "Eclipse"),
    ];
    assert_eq!(blog.posts(), pairs(&posts));
    assert_eq!(blog.pages(), pairs(&[("/about", "About this notebook")]));
    blog.assert_redirects(&[
        ("/old/first-light.html", "/blog/first-light"),
        ("/2009/first-light/", "/blog/first-light"),
        ("/2019/03/first-light/", "/blog/first-light"),
        ("/2019/03/second-night/", "/blog/second-night"),
        ("/de/2019/03/second-night/", "/blog/second-night-de"),
        ("/eclipse-2008/", "/blog/eclipse"),
        ("/me/", "/about"),
    ]);
    blog.assert_hidden(2, 1, "content/posts/comet.md");
}

#[test]
fn check_finds_what_readers_of_a_hugo_blog_would_trip_over() {
    let blog = SampleBlog::load("hugo");
    let expected = [
        "content/posts/first-light/index.md:10 front-matter",
        "content/posts/first-light/index.md:24 markup",
        "content/posts/first-light/index.md:26 dead-anchor",
        "content/posts/second-night.de.md other-url",
        "content/posts/second-night.md:12 dead-anchor",
        "content/posts/second-night.md:12 old-address",
        "content/posts/second-night.md:14 old-address",
        "content/posts/second-night.md:15 dead-link",
        "content/posts/second-night.md:17 missing-picture",
        "content/posts/second-night.md:19 blocked-picture",
    ];
    assert_eq!(blog.findings(), expected, "{:#?}", blog.check().findings);
}
