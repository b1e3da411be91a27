use std::path::Path;

use horizon_posts::{ContentFolder, ContentOptions, Cover, Tag};

use crate::folder::Folder;

/// Returns the diagnostics of a file `x.md` with this text.
fn diagnostics(text: impl AsRef<[u8]>) -> String {
    Folder::new().write("x.md", text).diagnostics()
}

/// Returns the diagnostics of a post with this front matter.
fn diagnostics_of(front: &str) -> String {
    diagnostics(format!("---\n{front}\n---\nBody\n"))
}

#[test]
fn a_file_without_front_matter_is_refused() {
    let none = "x.md:1: there is no front matter: the first line must be \"---\", then title and date, then \"---\"";
    assert_eq!(diagnostics("Hello\n"), none);
    assert_eq!(diagnostics(""), none);
    assert_eq!(diagnostics("\n---\ntitle: x\n---\n"), none);
    assert_eq!(
        diagnostics("---\ntitle: x\ndate: 2026-11-23\n"),
        "x.md:1: the front matter does not end: there is no second line \"---\""
    );
}

#[test]
fn broken_yaml_is_refused_with_the_line_of_the_file() {
    for (front, line) in [
        ("title: x\ndate: 2026-11-23\ntags: [a, b", 4),
        ("title: \"x\ndate: 2026-11-23", 2),
        ("title: x\n\tdate: 2026-11-23", 2),
        ("title: x\ndate: 2026-11-23\ntitle: y", 4),
        ("title: a: b\ndate: 2026-11-23", 2),
        ("title: *nobody", 2),
        ("- a\n- b", 2),
        ("just words", 2),
    ] {
        let diagnostics = diagnostics_of(front);
        let start = format!("x.md:{line}: the front matter is not valid YAML");
        assert!(diagnostics.starts_with(&start), "{front:?} gave {diagnostics:?}");
        assert_eq!(
            diagnostics.lines().count(),
            1,
            "one diagnostic in one line: {diagnostics}"
        );
    }
}

#[test]
fn each_wrong_key_is_named_with_its_line() {
    for (front, expected) in [
        ("date: 2026-11-23", "x.md:1: there is no title"),
        ("title:\ndate: 2026-11-23", "x.md:1: there is no title"),
        ("title: ''\ndate: 2026-11-23", "x.md:1: there is no title"),
        ("title: [a]\ndate: 2026-11-23", "x.md:2: \"title\" must be a text"),
        ("date: 2026-11-23\ntitle: {a: b}", "x.md:3: \"title\" must be a text"),
        ("title: x", "x.md:1: there is no date"),
        (
            "title: x\ndate: yesterday",
            "x.md:3: \"date\" is \"yesterday\", but a date is YYYY-MM-DD or RFC 3339, such as 2026-11-23 or \
             2026-11-23T09:30:00+01:00",
        ),
        (
            "title: x\ndate: 2026-02-30",
            "x.md:3: \"date\" is \"2026-02-30\", but a date is YYYY-MM-DD or RFC 3339, such as 2026-11-23 or \
             2026-11-23T09:30:00+01:00",
        ),
        (
            "title: x\ndate: 2026-11-23\ndraft: perhaps",
            "x.md:4: \"draft\" must be true or false",
        ),
        (
            "title: x\ndate: 2026-11-23\nshowToc: perhaps",
            "x.md:4: \"showToc\" must be true or false",
        ),
        (
            "title: x\ndate: 2026-11-23\nshowToc: [true]",
            "x.md:4: \"showToc\" must be true or false",
        ),
        (
            "title: x\ndate: 2026-11-23\ntags: {a: b}",
            "x.md:4: \"tags\" must be a text or a list of texts",
        ),
        (
            "title: x\ndate: 2026-11-23\ntags: [a, '!']",
            "x.md:4: the tag \"!\" has no letter and no digit",
        ),
    ] {
        assert_eq!(diagnostics_of(front), expected, "{front:?}");
    }
}

#[test]
fn a_cover_and_a_slug_are_checked_too() {
    for (front, expected) in [
        (
            "title: x\ndate: 2026-11-23\ncover: [x.png]",
            "x.md:4: \"cover\" must be a mapping of image, alt and caption, each a text",
        ),
        (
            "title: x\ndate: 2026-11-23\ncover:\n  alt: x",
            "x.md:5: \"cover\" has no image",
        ),
        (
            "title: x\ndate: 2026-11-23\ncover: {image: x.png}",
            "x.md:4: warning: \"cover\" has no alt: describe the image, or write \"\" for decoration",
        ),
        (
            "title: x\ndate: 2026-11-23\ncover: x.png",
            "x.md:4: warning: \"cover\" has no alt: describe the image as \"cover_alt\", or write \"\" for decoration",
        ),
        ("title: x\ndate: 2026-11-23\ncover: {image: ''}", ""),
        (
            "title: x\ndate: 2026-11-23\ncover: {image: 'javascript:x', alt: x}",
            "x.md:4: the image \"javascript:x\" of \"cover\" is not a web address",
        ),
        (
            "title: x\ndate: 2026-11-23\nslug: .a b",
            "x.md:4: \"slug\" is \".a b\", but a slug must not start with a dot",
        ),
        (
            "title: x\ndate: 2026-11-23\nslug: My First Post",
            "x.md:4: warning: \"slug\" is \"My First Post\", which is not a slug: the address has \"my-first-post\"",
        ),
    ] {
        assert_eq!(diagnostics_of(front), expected, "{front:?}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_the_line() {
    assert_eq!(diagnostics(b"---\ntitle: x\nda\xffte"), "x.md:3: the file is not UTF-8");
}

#[test]
fn a_huge_file_is_refused() {
    assert_eq!(
        diagnostics(vec![b'x'; (1 << 20) + 1]),
        "x.md: the file is longer than 1048576 bytes"
    );
}

#[test]
fn a_name_that_makes_no_slug_is_refused() {
    let diagnostics = Folder::new().post("2026-11-23-!!!", "2026-11-23", "").diagnostics();
    assert_eq!(
        diagnostics,
        "2026-11-23-!!!.md: \"!!!\" from the file name is not a slug: a slug must not be empty; rename the file or set \
         \"slug\""
    );
}

#[test]
fn two_files_with_one_slug_are_refused_and_both_are_named() {
    let folder = Folder::new();
    folder
        .post("2026-11-23-hello", "2026-11-23", "")
        .post("hello", "2026-11-24", "");
    let diagnostics = folder.diagnostics();
    let other = folder.path().join("2026-11-23-hello.md");
    let other = other
        .display()
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(
        diagnostics,
        format!("hello.md: the slug \"hello\" is already used by {other}")
    );
}

#[test]
fn a_page_may_have_the_slug_of_a_post() {
    let folder = Folder::new();
    folder
        .post("about", "2026-11-23", "")
        .write("pages/about.md", "---\ntitle: About\n---\n");
    assert_eq!(folder.diagnostics(), "");
}

#[test]
fn a_page_cannot_have_a_path_of_the_blog() {
    let folder = Folder::new();
    folder
        .post("feed.xml", "2026-11-23", "")
        .write("pages/feed.xml.md", "---\ntitle: Feed\n---\n");
    let diagnostics = folder.diagnostics();
    assert_eq!(
        diagnostics,
        "pages/feed.xml.md: the URL /feed.xml is reserved; give the page another slug"
    );
}

#[test]
fn a_folder_that_does_not_exist_is_a_problem() {
    let content = ContentFolder::load(Path::new("/no/such/folder"), &ContentOptions::default());
    let diagnostics = content.diagnostics().to_string();
    assert!(content.is_all_broken());
    assert!(
        diagnostics.starts_with("/no/such/folder: the folder cannot be read: "),
        "{diagnostics}"
    );
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let folder = Folder::new();
    folder
        .write("a.md", "---\ntitle: [x]\ndate: never\ndraft: 7up\n---\n")
        .write("b.md", "no front matter")
        .post("good", "2026-11-23", "")
        .write("pages/c.md", "---\ndescription: a page\n---\n");
    let diagnostics = folder.diagnostics();
    let starts: Vec<&str> = diagnostics
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        starts,
        ["a.md:2", "a.md:3", "a.md:4", "b.md:1", "pages/c.md:1"],
        "{diagnostics}"
    );
}

#[test]
fn all_keys_of_the_front_matter_are_read() {
    let folder = Folder::new();
    folder.write(
        "2026-11-20-long-name.md",
        "\u{feff}---\r\ntitle: 'Counting: people'\r\nslug: counting\r\ndate: 2026-11-23T09:30:00+01:00\r\nupdated: \
         2026-11-24\r\n\
         description: How\r\ntags: [Rust, exactly once, rust]\r\nshowToc: true\r\nweight: 7\r\nother: {deep: [1, \
         2]}\r\n\
         cover:\r\n  image: media/a.jpg\r\n  alt: A crowd\r\n  caption: Berlin\r\n---\r\nBody\r\n",
    );
    let library = folder.load();
    let post = library.post("counting").unwrap();
    assert_eq!(post.title, "Counting: people");
    assert_eq!(post.description.as_deref(), Some("How"));
    assert_eq!(post.date.rfc3339(), "2026-11-23T09:30:00+01:00");
    assert_eq!(post.updated.unwrap().to_string(), "24 November 2026");
    let tag = |name: &str, slug: &str| Tag {
        name: name.into(),
        slug: slug.into(),
    };
    assert_eq!(post.tags, [tag("Rust", "rust"), tag("exactly once", "exactly-once")]);
    assert!(post.show_toc && !post.draft);
    let cover = Cover {
        image: "/media/a.jpg".into(),
        alt: "A crowd".into(),
        caption: Some("Berlin".into()),
    };
    assert_eq!(post.cover, Some(cover));
    assert_eq!(post.html(), "<p>Body</p>\n");
}

#[test]
fn a_title_may_be_a_number_and_tags_may_be_one_text() {
    let folder = Folder::new();
    folder.write("x.md", "---\ntitle: 1.10\ndate: 2026-11-23\ntags: 2026\n---\n");
    let library = folder.load();
    let post = library.post("x").unwrap();
    assert_eq!((post.title.as_str(), post.tags[0].name.as_str()), ("1.10", "2026"));
}

#[test]
fn a_date_prefix_is_not_part_of_the_slug() {
    let folder = Folder::new();
    folder
        .post("2026-11-23-hello", "2026-11-23", "")
        .post("2026-13-45-odd", "2026-11-23", "");
    let library = folder.load();
    assert!(library.post("hello").is_some());
    assert!(library.post("2026-13-45-odd").is_some(), "no such day, so it is a name");
}

#[test]
fn long_titles_and_many_or_long_tags_have_a_limit() {
    let long = "ü".repeat(300_000);
    let tags: Vec<String> = (0..10_000).map(|number| format!("t{number}")).collect();
    let folder = Folder::new();
    let front = |lines: &str| format!("---\ndate: 2026-11-23\n{lines}\n---\n");
    folder
        .write("title.md", front(&format!("title: {long}")))
        .write("tag.md", front(&format!("title: x\ntags: [a, {long}, b]\nseries: s")))
        .write("series.md", front(&format!("title: x\nseries: {long}")))
        .write(
            "many.md",
            front(&format!("title: x\ntags: {}\ncategories: [more]", tags.join(", "))),
        );
    let library = folder.load();
    let post = |slug: &str| library.post(slug).unwrap();
    assert_eq!(post("title").title, format!("{}…", "ü".repeat(500)));
    let names: Vec<_> = post("tag").tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(post("series").series, None);
    assert_eq!(post("many").tags.len(), 100);
    let start = "ü".repeat(100);
    let expected = [
        "many.md:4: warning: there are more than 100 tags: those from this one on have no effect".to_owned(),
        "many.md:5: warning: there are more than 100 tags: those from this one on have no effect".to_owned(),
        format!("series.md:4: warning: the series \"{start}…\" has no effect: it is longer than 100 characters"),
        format!("tag.md:4: warning: the tag \"{start}…\" has no effect: it is longer than 100 characters"),
        "title.md:3: warning: the title is longer than 500 characters: the rest is left out".to_owned(),
    ];
    assert_eq!(folder.diagnostics(), expected.join("\n"));
}
