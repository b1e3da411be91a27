//! HTML in Markdown.

use horizon_posts::{ContentOptions, Library};

use crate::folder::{Folder, html, now, options};

fn html_with(body: &str, options: &ContentOptions) -> String {
    let folder = Folder::new();
    folder.post("one", "2026-11-23", body);
    let library = Library::load(folder.path(), options, now());
    library.post("one").unwrap().html()
}

fn raw_html(body: &str) -> String {
    html_with(
        body,
        &ContentOptions {
            raw_html: true,
            ..options()
        },
    )
}

#[test]
fn safe_elements_are_let_through() {
    for (body, expected) in [
        (
            "Press <kbd>Ctrl</kbd>+<KBD>C</KBD>.",
            "<p>Press <kbd>Ctrl</kbd>+<kbd>C</kbd>.</p>\n",
        ),
        (
            "H<sub>2</sub>O<br>x<sup>2</sup>",
            "<p>H<sub>2</sub>O<br>x<sup>2</sup></p>\n",
        ),
        ("<mark>*a*</mark>", "<p><mark><em>a</em></mark></p>\n"),
        (
            "<details open>\n<summary>More</summary>\n\nText *here*.\n\n</details>",
            "<details open>\n<summary>More</summary>\n<p>Text <em>here</em>.</p>\n</details>\n",
        ),
        (
            "<abbr title=\"HyperText\" onclick=\"x()\" style=\"color:red\">HTML</abbr>",
            "<p><abbr title=\"HyperText\">HTML</abbr></p>\n",
        ),
        (
            "<dl>\n<dt>A</dt>\n<dd>B &amp; C</dd>\n</dl>",
            "<dl>\n<dt>A</dt>\n<dd>B &amp; C</dd>\n</dl>\n",
        ),
        ("<ruby>漢<rt>kan</rt></ruby>", "<p><ruby>漢<rt>kan</rt></ruby></p>\n"),
        (
            "<img src=\"x.png\" width=\"40px\" alt=\"a\" class=\"big\">",
            "<img src=\"/media/x.png\" alt=\"a\" width=\"40\" loading=\"lazy\" decoding=\"async\">\n",
        ),
        (
            "<a href=\"https://other.example\" target=\"_blank\">https://other.example</a>",
            "<p><a href=\"https://other.example\" rel=\"noopener noreferrer\">https://other.example</a></p>\n",
        ),
    ] {
        assert_eq!(html(body).trim_end(), expected.trim_end(), "{body}");
    }
    let table = html("| a |\n|---|\n| b<br>c |");
    assert!(table.contains("<td>b<br>c</td>"), "{table}");
}

#[test]
fn elements_of_authors_and_of_markdown_never_overlap() {
    for (body, expected) in [
        ("*a <kbd>b* c</kbd>", "<p><em>a <kbd>b</kbd></em> c</p>\n"),
        ("</kbd>a", "<p>a</p>\n"),
        ("a <kbd>b", "<p>a <kbd>b</kbd></p>\n"),
        ("<b><i>a</b></i>", "<p><b><i>a</i></b></p>\n"),
        (
            "<div>\n\na\n\n> </div>\n",
            "<div>\n<p>a</p>\n<blockquote>\n\n</blockquote>\n</div>",
        ),
        ("<kbd>\n\na\n", "<kbd>\n</kbd>\n<p>a</p>\n"),
        ("<p>\n\na\n\n</p>", "<p>\n</p>\n<p>a</p>\n\n"),
        (
            "<details>\n\na\n\n</details>",
            "<details>\n<summary>Details</summary>\n<p>a</p>\n</details>\n",
        ),
        ("<details></details>", "<details><summary>Details</summary></details>\n"),
        ("<dl>\n\na\n\n</dl>", "<dl>\n</dl>\n<p>a</p>\n\n"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>\n"),
        ("a <div>b</div>", "<p>a &lt;div&gt;b</p>\n"),
        ("a <dt>b", "<p>a &lt;dt&gt;b</p>\n"),
    ] {
        assert_eq!(html(body).trim_end(), expected.trim_end(), "{body}");
    }
}

#[test]
fn footnotes_are_after_the_elements_of_authors() {
    let html = html("<div>\n\na[^1]\n\n[^1]: b");
    let (div, section) = (html.find("</div>").unwrap(), html.find("<section").unwrap());
    assert!(div < section, "{html}");
}

#[test]
fn ids_of_authors_are_not_those_of_the_page() {
    let html = html("<span id=\"eh-main\">a</span> <a name=\"b\">b</a> <i id=\"c d\">c</i>");
    assert!(
        html.contains("id=\"section-eh-main\"") && html.contains("<a id=\"b\">"),
        "{html}"
    );
    assert!(html.contains("<i>c</i>"), "{html}");
}

#[test]
fn urls_in_raw_html_are_resolved_as_in_markdown() {
    let folder = Folder::new();
    folder.post("two", "2026-11-22", "x");
    folder.post(
        "one",
        "2026-11-23",
        "<img src=\"x.png\" srcset=\"x.png 1x, media/y.png 2x\" style=\"a\">\n\
         <a href=\"./two.md#b\" class=\"c\">two</a>\n\
         <video poster='p.png'><source src=v.mp4></video>",
    );
    let options = ContentOptions {
        raw_html: true,
        ..options()
    };
    let library = Library::load(folder.path(), &options, now());
    assert_eq!(
        library.post("one").unwrap().html(),
        "<img src=\"/media/x.png\" srcset=\"/media/x.png 1x, /media/y.png 2x\" style=\"a\">\n\
         <a href=\"/blog/two#b\" class=\"c\">two</a>\n\
         <video poster=\"/media/p.png\"><source src=\"/media/v.mp4\"></video>"
    );
    assert_eq!(raw_html("a<!-- b -->c"), "<p>ac</p>\n");
    assert_eq!(raw_html("<div>\n<!-- b -->c\n</div>"), "<div>\nc\n</div>");
}

#[test]
fn frames_of_allowed_origins_are_shown_and_others_are_links() {
    let options = ContentOptions {
        frames: vec!["https://video.example".parse().unwrap()],
        ..options()
    };
    let body = "<iframe src=\"https://video.example/1\" width=\"560\" onload=\"x()\" allowfullscreen></iframe>";
    let frame = "<iframe src=\"https://video.example/1\" width=\"560\" allowfullscreen loading=\"lazy\" \
                 referrerpolicy=\"strict-origin-when-cross-origin\"></iframe>";
    let raw = ContentOptions {
        raw_html: true,
        ..options.clone()
    };
    assert_eq!(html_with(body, &options).trim_end(), frame);
    assert_eq!(html_with(body, &raw).trim_end(), frame);
    let link = "<a href=\"https://video.example/1\" rel=\"noopener noreferrer\">https://video.example/1</a>";
    assert_eq!(html(body).trim_end(), link);
    assert_eq!(raw_html(body).trim_end(), link);
}

#[test]
fn elements_are_nested_up_to_a_limit_and_further_ones_are_text() {
    for (start, end) in [
        ("<details>", "</details>"),
        ("<div>\n\n", "</div>\n\n"),
        ("a <b>", "</i>"),
    ] {
        let html = html(&format!("{}x\n\n{}", start.repeat(1_000), end.repeat(1_000)));
        let tag = start.trim().trim_start_matches("a ");
        let name = tag.trim_matches(['<', '>']);
        assert_eq!(html.matches(tag).count(), 256, "{start}");
        assert_eq!(html.matches(&format!("</{name}>")).count(), 256, "{start}");
        assert_eq!(html.matches(&format!("&lt;{name}&gt;")).count(), 744, "{start}");
    }
}
