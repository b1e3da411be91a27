//! The levels of headings in the body of a post.

use crate::folder::{Folder, html};

/// Returns the levels of the headings in the HTML of a post.
fn levels(body: &str) -> Vec<u32> {
    let html = html(body);
    let headings = html.split("<h").skip(1);
    headings
        .filter_map(|heading| heading.chars().next()?.to_digit(10))
        .collect()
}

#[test]
fn no_level_of_headings_is_left_out() {
    for (body, expected) in [
        ("## a\n### b\n#### c\n## d", vec![2, 3, 4, 2]),
        ("### a\n#### b\n### c", vec![2, 3, 2]),
        ("# a\n## b\n# c\n### d\n#### e", vec![2, 3, 2, 3, 4]),
        ("## a\n#### b\n#### c\n### d\n## e", vec![2, 3, 3, 3, 2]),
        ("### a\n## b\n### c", vec![2, 2, 3]),
        ("###### a", vec![2]),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", vec![2, 3, 4, 5, 6, 6]),
    ] {
        assert_eq!(levels(body), expected, "{body}");
    }
}

#[test]
fn headings_in_quotes_are_below_their_section_and_do_not_change_others() {
    for (body, expected) in [
        ("## a\n### b\n> # q\n>\n> ### r\n\n#### c", vec![2, 3, 4, 5, 4]),
        ("> # q\n\n## a\n\n- #### l\n\n## b", vec![2, 2, 3, 2]),
    ] {
        assert_eq!(levels(body), expected, "{body}");
    }
}

#[test]
fn the_contents_have_the_levels_of_the_page() {
    for (body, expected) in [
        ("### a\n#### b\n##### c", vec![2, 3]),
        ("# a\n### b\n#### c\n##### d", vec![2, 3, 4]),
    ] {
        let folder = Folder::new();
        let library = folder.post("one", "2026-11-23", body).load();
        let toc = library.post("one").unwrap().toc().iter().map(|entry| entry.level);
        assert_eq!(toc.collect::<Vec<_>>(), expected, "{body}");
    }
}
