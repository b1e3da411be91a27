//! The project's logo and picture are on the project's own blog only.

use horizon_app::{DEFAULT_TITLE, Site, View};

use crate::{html_of, site};

fn home(title: &str, description: &str) -> String {
    let site = Site {
        title: title.into(),
        description: description.into(),
        ..Site::clone(&site())
    };
    html_of(&site.into(), View::Home(Vec::new()))
}

#[test]
fn only_the_own_blog_has_the_logo_and_the_picture() {
    let own = home(DEFAULT_TITLE, "About things.");
    assert!(own.contains("class=\"mark\"") && own.contains("own-intro"), "{own}");
    let other = home("The shed", "About things.");
    assert!(
        !other.contains("class=\"mark\"") && !other.contains("own-intro"),
        "{other}"
    );
}

#[test]
fn a_blog_without_a_description_has_no_empty_text() {
    let html = home("The shed", "");
    assert!(
        !html.contains("class=\"lede\"") && !html.contains("<bdi></bdi>"),
        "{html}"
    );
    assert!(!html.contains("<meta name=\"description\""), "{html}");
}
