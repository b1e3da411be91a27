use horizon_posts::Layout;

use crate::{SampleBlog, pairs};

#[test]
fn a_zola_blog_is_read_as_its_author_means_it() {
    let blog = SampleBlog::load("zola");
    assert_eq!(blog.layout(), Layout::Zola);
    let posts = [
        ("/blog/pan", "Pan de campo"),
        ("/blog/bread", "A plain loaf"),
        ("/blog/starter", "Sourdough"),
    ];
    assert_eq!(blog.posts(), pairs(&posts));
    assert_eq!(blog.pages(), pairs(&[("/about", "About the oven")]));
    blog.assert_redirects(&[
        ("/bread.html", "/blog/bread"),
        ("/es/blog/pan/", "/blog/pan"),
        ("/who-bakes/", "/about"),
    ]);
    blog.assert_hidden(2, 0, "content/blog/cake.md");
    let skipped = blog.check().skipped;
    assert!(matches!(&skipped[..], [sections] if sections.count == 2), "{skipped:?}");
}

#[test]
fn check_finds_what_readers_of_a_zola_blog_would_trip_over() {
    let blog = SampleBlog::load("zola");
    let expected = [
        "content/blog/2021-03-04-bread/index.md:12 front-matter",
        "content/blog/2021-03-04-bread/index.md:23 dead-link",
        "content/blog/2021-03-04-bread/index.md:24 dead-anchor",
        "content/blog/sourdough.md:19 missing-picture",
        "content/blog/sourdough.md:21 markup",
    ];
    assert_eq!(blog.findings(), expected, "{:#?}", blog.check().findings);
}
