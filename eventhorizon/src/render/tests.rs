use std::time::Instant;

use horizon_core::{Comment, EventId, MAX_COMMENT_CHARS, ReaderId, Timestamp};

use super::{SCHEMES, TAGS, comment, for_moderator, is_visible, render};

/// Checks that HTML has no tag, attribute or address but those on the list.
fn is_harmless(html: &str) -> Result<(), String> {
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let (inside, after) = tag.split_once('>').ok_or("a tag does not end")?;
        let name = inside.trim_start_matches('/').split([' ', '/']).next().unwrap_or("");
        if !TAGS.contains(&name) {
            return Err(format!("<{inside}>"));
        }
        let attributes = inside.trim_start_matches('/').strip_prefix(name).unwrap();
        let attributes = attributes
            .strip_suffix(" rel=\"nofollow ugc noopener noreferrer\"")
            .unwrap_or(attributes);
        let is_fine = attributes.trim_matches([' ', '/']).is_empty()
            || attributes
                .strip_prefix(" href=\"")
                .and_then(|href| href.strip_suffix('"'))
                .is_some_and(|href| {
                    let scheme = href.split(':').next().unwrap();
                    SCHEMES.contains(&scheme) && !href.contains(['"', '<', '>'])
                });
        if !is_fine {
            return Err(format!("<{inside}>"));
        }
        rest = after;
    }
    Ok(())
}

const CORPUS: [&str; 44] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<body onload=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href='https://fine.example' onclick='alert(1)'>x</a>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<p style=\"position:fixed\">x</p>",
    "<form action=https://evil.example><input name=x></form>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
    "<base href=https://evil.example>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><script>alert(1)</script>",
    "<xmp><p title=\"</xmp><svg/onload=alert(1)>\">",
    "</p></div></main><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\u{1}javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/admin/delete)",
    "[x](https://a.example \"onmouseover=alert(1)\")",
    "[x](https://a.example\"onmouseover=\"alert(1))",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    "![x](https://tracker.example/pixel.gif)",
    "<javascript:alert(1)>",
    "<https://a.example/\"onclick=\"alert(1)>",
    "`</code><script>alert(1)</script>`",
    "```html\" onclick=\"alert(1)\n</pre><script>alert(1)</script>\n```",
    "\u{202e}<scr\0ipt>alert(1)</scr\0ipt>",
];

#[test]
fn no_text_becomes_active_markup() {
    for text in CORPUS {
        let html = render(text);
        assert_eq!(is_harmless(&html), Ok(()), "{text} became {html}");
        let quoted = render(&format!("> - *{text}*\n\n# {text}"));
        assert_eq!(is_harmless(&quoted), Ok(()), "{text} became {quoted}");
    }
}

#[test]
fn the_check_detects_active_markup() {
    for harm in [
        "<script>",
        "<p onclick=\"x\">",
        "<a href=\"javascript:x\">",
        "<a href=\"https://x\" onclick=\"x\">",
        "<img src=\"x\">",
        "<p",
    ] {
        assert!(is_harmless(harm).is_err(), "{harm}");
    }
}

#[test]
fn a_small_subset_of_markdown_is_rendered() {
    let rel = "rel=\"nofollow ugc noopener noreferrer\"";
    for (text, html) in [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n".to_owned()),
        (
            "*a* **b** `c`",
            "<p><em>a</em> <strong>b</strong> <code>c</code></p>\n".to_owned(),
        ),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>\n".to_owned()),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n".to_owned()),
        (
            "```rust\nfn main() {}\n```",
            "<pre><code>fn main() {}\n</code></pre>\n".to_owned(),
        ),
        ("# Title", "<p>Title</p>\n".to_owned()),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n".to_owned()),
        (
            "[x](https://a.example)",
            format!("<p><a href=\"https://a.example\" {rel}>x</a></p>\n"),
        ),
        (
            "https://a.example",
            format!("<p><a href=\"https://a.example\" {rel}>https://a.example</a></p>\n"),
        ),
        (
            "![alt](https://a.example/i.png)",
            format!("<p><a href=\"https://a.example/i.png\" {rel}>alt</a></p>\n"),
        ),
    ] {
        assert_eq!(render(text), html, "{text}");
    }
}

#[test]
fn the_longest_texts_render_in_time_and_with_bounded_nesting() {
    for pattern in [
        ">",
        "> ",
        "- ",
        "1. ",
        "*",
        "**a",
        "_a ",
        "`",
        "[",
        "![",
        "[a](",
        "](",
        "<",
        "</a",
        "&",
        "\\",
        "<a>",
        "* * ",
        "a@b.c ",
        "http://a ",
        "#",
        "|a",
        "~",
        "\n",
        "\t",
        "[a]:b\n",
        "<!--",
        "\u{1F468}\u{200D}",
    ] {
        let text: String = pattern.chars().cycle().take(MAX_COMMENT_CHARS).collect();
        let start = Instant::now();
        assert_eq!(is_harmless(&render(&text)), Ok(()), "{pattern:?}");
        assert!(start.elapsed().as_secs() < 2, "{pattern:?} took {:?}", start.elapsed());
    }
}

#[test]
fn a_stored_comment_of_an_earlier_version_is_shown_without_characters_that_reorder_or_hide_text() {
    let stored = |author: &str, body: &str| {
        let (id, at) = (EventId::from_u128(1), Timestamp::from_millis(0));
        let mut comment = Comment::new(id, "hello".parse().unwrap(), ReaderId::from_u128(1), at);
        (comment.author, comment.body) = (author.into(), body.into());
        comment
    };
    for body in ["a\u{202e}b\u{200b}", "a&#x202E;b&#8203;"] {
        let view = comment(&stored("\u{2066}Ada", body));
        assert_eq!((view.author.as_str(), view.html.as_str()), ("Ada", "<p>ab</p>\n"));
    }
    assert_eq!(comment(&stored("\u{3164}", "fine")).author, "");
    let shown = for_moderator(stored("\u{2066}Ada", "a\u{202e}b"));
    assert_eq!((shown.author.as_str(), shown.body.as_str()), ("Ada", "ab"));
}

#[test]
fn a_text_is_visible_if_its_html_has_a_visible_character() {
    for text in ["a", "1 < 2", "`x`", "[a](https://example.org)", "&amp;", "> quoted"] {
        assert!(is_visible(text), "{text}");
    }
    for text in [
        "&#x2060;",
        "&nbsp;",
        "[](https://example.org)",
        "[a]: https://example.org",
    ] {
        assert!(!is_visible(text), "{text}");
    }
}
