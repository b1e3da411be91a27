use horizon_posts::Layout;

use crate::{SampleBlog, pairs};

#[test]
fn a_jekyll_blog_is_read_as_its_author_means_it() {
    let blog = SampleBlog::load("jekyll");
    assert_eq!(blog.layout(), Layout::Jekyll);
    let posts = [
        ("/blog/la-colline", "La colline"),
        ("/blog/winter", "Winter walk"),
        ("/blog/first-walk", "The first walk"),
    ];
    assert_eq!(blog.posts(), pairs(&posts));
    assert_eq!(blog.pages(), pairs(&[("/about", "About the walker")]));
    blog.assert_redirects(&[
        ("/2007/05/first-walk.html", "/blog/first-walk"),
        ("/node/12", "/blog/first-walk"),
        ("/journal/2007/first-walk/", "/blog/first-walk"),
        ("/journal/2010/winter/", "/blog/winter"),
        ("/about-me/", "/about"),
    ]);
    blog.assert_hidden(2, 0, "_posts/2061-07-28-comet.md");
}

#[test]
fn check_finds_what_readers_of_a_jekyll_blog_would_trip_over() {
    let blog = SampleBlog::load("jekyll");
    let expected = [
        "_posts/2007-05-06-first-walk.md:15 dead-link",
        "_posts/2010-01-02-winter.markdown:14 markup",
        "_posts/2010-01-02-winter.markdown:16 dead-anchor",
        "_posts/2010-01-02-winter.markdown:16 old-address",
    ];
    assert_eq!(blog.findings(), expected, "{:#?}", blog.check().findings);
}
