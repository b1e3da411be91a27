use horizon_posts::{ContentOptions, Library, TocEntry};

use quick_xml::{Reader, events::Event};

use crate::folder::{Folder, html, now, options};

#[test]
fn commonmark_and_the_extensions_of_github_are_rendered() {
    for (markdown, expected) in [
        (
            "*a* **b** `c` ~~d~~",
            "<p><em>a</em> <strong>b</strong> <code>c</code> <del>d</del></p>\n",
        ),
        (
            "- [x] done\n- [ ] open",
            "<ul class=\"contains-task-list\">\n\
             <li class=\"task-list-item\"><input type=\"checkbox\" class=\"task-list-item-checkbox\" \
             aria-label=\"Done\" checked=\"\" disabled=\"\" /> done</li>\n\
             <li class=\"task-list-item\"><input type=\"checkbox\" class=\"task-list-item-checkbox\" \
             aria-label=\"Open\" disabled=\"\" /> open</li>\n</ul>\n",
        ),
        (
            "> [!WARNING]\n> Hot.",
            "<div class=\"markdown-alert markdown-alert-warning\">\n<p \
             class=\"markdown-alert-title\">Warning</p>\n<p>Hot.</p>\n</div>\n",
        ),
        (
            "https://blog.example/x",
            "<p><a href=\"https://blog.example/x\">https://blog.example/x</a></p>\n",
        ),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" \
             aria-label=\"Table 1\">\n<table>\n<thead>\n<tr>\n<th>a</th>\n\
             <th class=\"align-right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td \
             class=\"align-right\">2</td>\n</tr>\n</tbody>\n</table>\n</div>\n",
        ),
    ] {
        assert_eq!(html(markdown), expected);
    }
}

#[test]
fn a_footnote_links_there_and_back() {
    let html = html("Really[^1].\n\n[^1]: Yes.");
    assert!(html.contains("<a href=\"#fn-1\" id=\"fnref-1\""), "{html}");
    assert!(
        html.contains("<li id=\"fn-1\">") && html.contains("href=\"#fnref-1\""),
        "{html}"
    );
}

#[test]
fn footnotes_and_the_links_back_have_names_in_the_language_of_the_document() {
    for (language, names) in [
        ("en", ["Footnotes", "Back to reference 1", "Back to reference 1-2"]),
        ("de", ["Fußnoten", "Zurück zum Verweis 1", "Zurück zum Verweis 1-2"]),
    ] {
        let folder = Folder::new();
        let body = "Really[^1], or[^1].\n\n[^1]: Yes.";
        let front = format!("---\ntitle: x\ndate: 2026-11-23\nlanguage: {language}\n---\n");
        let html = folder.write("x.md", front + body).load().posts()[0].html();
        for name in names {
            assert_eq!(
                html.matches(&format!(" aria-label=\"{name}\"")).count(),
                1,
                "{name} in {html}"
            );
        }
        assert_eq!(html.matches("aria-label").count(), names.len(), "{html}");
    }
}

#[test]
fn a_heading_has_an_id_and_a_labelled_link_to_itself() {
    assert_eq!(
        html("## What *is* \"it\"?"),
        "<div class=\"heading\"><h2 id=\"what-is-it\">What <em>is</em> &quot;it&quot;?</h2><a class=\"anchor\" \
         href=\"#what-is-it\" aria-label=\"Link to this section: What is &quot;it&quot;?\">#</a></div>\n"
    );
}

#[test]
fn the_table_of_contents_has_the_sections_of_level_2_and_3() {
    let folder = Folder::new();
    let body = "## Two `x`\n### Three\n#### Four\n## Two x\n> ## Quoted\n\n## ???\n## Ünï & co";
    let library = folder.post("one", "2026-11-23", body).load();
    assert_eq!(
        library.post("one").unwrap().toc(),
        [
            entry(2, "two-x", "Two x"),
            entry(3, "three", "Three"),
            entry(2, "two-x-1", "Two x"),
            entry(2, "section", "???"),
            entry(2, "ünï--co", "Ünï & co"),
        ]
    );
}

fn entry(level: u8, id: &str, text: &str) -> TocEntry {
    TocEntry {
        level,
        id: id.into(),
        text: text.into(),
    }
}

#[test]
fn code_is_coloured_by_class_and_can_be_scrolled_by_keyboard() {
    let html_of_rust = html("```rust,no_run\nfn main() {}\n```");
    assert_eq!(
        html_of_rust,
        "<pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"hl-keyword\">fn </span>\
         <span class=\"hl-function\">main</span>() {}\n</code></pre>\n"
    );
    assert!(
        html("```toml\na = \"b\"\n```").contains("<span class=\"hl-string\">"),
        "TOML has a grammar"
    );
    assert_eq!(
        html("```klingon\n<b>\n```"),
        "<pre tabindex=\"0\"><code class=\"language-klingon\">&lt;b&gt;\n</code></pre>\n"
    );
    assert_eq!(
        html("    a < b\n"),
        "<pre tabindex=\"0\"><code>a &lt; b\n</code></pre>\n"
    );
}

#[test]
fn the_placeholder_character_in_markdown_moves_no_code() {
    for odd in [
        "a\0b",
        "a&#0;b",
        "`a\0b`",
        "<i a=\"\0\">",
        "<p>\0</p>",
        "[a](/\0 \"\0\")",
        "```\0\na\0b\n```",
    ] {
        let html = html(&format!(
            "{odd}\n\n```no-such\none\n```\n\n{odd}\n\n```no-such\ntwo\n```\n"
        ));
        let code = |text| format!("<pre tabindex=\"0\"><code class=\"language-no-such\">{text}\n</code></pre>");
        let (one, two) = (html.find(&code("one")), html.find(&code("two")));
        assert!(one.is_some() && one < two && !html.contains('\0'), "{odd:?}: {html}");
    }
}

#[test]
fn images_are_in_the_media_folder_and_all_but_the_first_load_lazily() {
    for source in ["x.png", "media/x.png", "/media/x.png"] {
        assert_eq!(
            html(&format!("![first](y.png)\n\nx ![a *b* \"c\"]({source} 'd')")),
            "<p><img src=\"/media/y.png\" alt=\"first\" fetchpriority=\"high\"></p>\n\
             <p>x <img src=\"/media/x.png\" alt=\"a b &quot;c&quot;\" title=\"d\" loading=\"lazy\" \
             decoding=\"async\"></p>\n"
        );
    }
}

#[test]
fn an_external_link_sends_no_referrer() {
    assert_eq!(
        html("[a](https://other.example 't') [b](/blog/two) [c](https://blog.example/x)"),
        "<p><a href=\"https://other.example\" rel=\"noopener noreferrer\" title=\"t\">a</a> <a \
         href=\"/blog/two\">b</a> \
         <a href=\"https://blog.example/x\">c</a></p>\n"
    );
}

#[test]
fn raw_html_is_shown_as_text_unless_the_author_chose_otherwise() {
    let body = "<script>alert(1)</script>\n\nA <x-b>bold</x-b> word.";
    assert_eq!(
        html(body),
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>A &lt;x-b&gt;bold&lt;/x-b&gt; word.</p>\n"
    );
    let folder = Folder::new();
    folder.post("one", "2026-11-23", body);
    let choice = ContentOptions {
        raw_html: true,
        ..options()
    };
    let library = Library::load(folder.path(), &choice, now());
    assert_eq!(
        library.post("one").unwrap().html(),
        "<script>alert(1)</script>\n<p>A <x-b>bold</x-b> word.</p>\n"
    );
}

#[test]
fn hostile_markdown_adds_no_element_and_no_url() {
    for body in [
        "[x](javascript:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](&#106;avascript:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "[x]: javascript:alert(1)\n\n[x]",
        "[x](https://a.example/\"onmouseover=alert(1))",
        "[x](/a \"\\\"onmouseover=alert(1) x=\\\"\")",
        "![\"onerror=alert(1) x=\"](x.png)",
        "## <img src=x onerror=alert(1)>",
        "```\"><script>alert(1)</script>\nx\n```",
        "```rust\"onmouseover=alert(1)\nx\n```",
        "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
        "[^<script>]\n\n[^<script>]: x",
        "[^\"onclick=alert(1)]\n\n[^\"onclick=alert(1)]: x",
        "> [!NOTE] <script>alert(1)</script>\n> x",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<!-- --><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <img src=\"javascript:alert(1)\" alt=x>",
        "<a href=\"java&#10;script:alert(1)\">x</a>",
        "<details ontoggle=alert(1) open><summary onclick=alert(1)>x",
        "<div style=\"background:url(//a.example)\" class=x>y</div>",
        "<kbd><script>alert(1)</script></kbd>",
        "<iframe src=https://a.example></iframe>",
        "<kbd title='\"><script>alert(1)</script>'>x</kbd>",
        "<<kbd>script>alert(1)</kbd>",
        "![x](x.png \"<script>alert(1)</script>\")",
        "![x](x.png \"[y](javascript:alert(1))\")",
        "```x filename=\"<script>alert(1)</script>\"\nx\n```",
        "$\\text{<script>alert(1)</script>}$",
        "{{< figure src=\"javascript:alert(1)\" caption=\"<script>alert(1)</script>\" >}}",
    ] {
        assert_harmless(&html(body), body);
    }
}

/// Checks that all elements and attributes are those of Markdown, and all URLs are of the web.
fn assert_harmless(html: &str, body: &str) {
    const ELEMENTS: &str = "p a img h2 h3 code pre span div table thead tbody tr th td sup section ol li em kbd \
                            details summary figure figcaption math mtext";
    const ATTRIBUTES: &str = "open href src alt title rel id class tabindex role aria-label aria-hidden loading \
                              decoding \
                              fetchpriority \
    data-footnotes \
                              data-footnote-ref data-footnote-backref data-footnote-backref-idx";
    let mut reader = Reader::from_str(html);
    reader.config_mut().check_end_names = false;
    loop {
        let tag = match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::End(_) | Event::Text(_) | Event::GeneralRef(_) => continue,
            Event::Eof => return,
            other => panic!("{body:?} gave {other:?} in {html}"),
        };
        let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
        assert!(
            ELEMENTS.split(' ').any(|known| known == name),
            "{body:?} gave <{name}> in {html}"
        );
        for attribute in tag.html_attributes() {
            let attribute = attribute.unwrap();
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            assert!(
                ATTRIBUTES.split_whitespace().any(|known| known == key),
                "{body:?} gave {key}= in {html}"
            );
            let value = String::from_utf8(attribute.value.to_vec()).unwrap();
            let is_address = key == "href" || key == "src";
            assert!(
                !is_address || value.starts_with("https://") || value.starts_with(['/', '#']),
                "{body:?} leads to {value:?}"
            );
        }
    }
}

#[test]
fn a_dangerous_link_keeps_its_text_and_loses_its_url() {
    assert_eq!(html("[x](javascript:y) ![z](data:image/png,q)"), "<p><a>x</a> z</p>\n");
}

#[test]
fn deep_nesting_and_long_runs_are_rendered_too() {
    let deep = 20_000;
    for body in [
        ">".repeat(deep),
        "[".repeat(deep),
        "*a ".repeat(deep),
        "`".repeat(deep),
        "- ".repeat(1_000),
        "![".repeat(deep),
        "<".repeat(deep),
        "|".repeat(deep),
        "[^a]".repeat(deep),
        format!("```rust\n{}\n```", "((((".repeat(10_000)),
    ] {
        let _ = html(&body);
    }
}

#[test]
fn reading_takes_a_minute_for_220_words_and_half_of_it_for_code() {
    let minutes = |body: &str| {
        let folder = Folder::new();
        folder
            .post("one", "2026-11-23", body)
            .load()
            .post("one")
            .unwrap()
            .reading_minutes()
    };
    assert_eq!(minutes(""), 1);
    assert_eq!(minutes(&"word ".repeat(220 * 5)), 5);
    assert_eq!(minutes(&format!("```\n{}\n```", "word ".repeat(220 * 10))), 5);
}

#[test]
fn the_excerpt_is_the_beginning_as_plain_text() {
    let excerpt = |body: &str| {
        let folder = Folder::new();
        folder
            .post("one", "2026-11-23", body)
            .load()
            .post("one")
            .unwrap()
            .excerpt()
            .to_owned()
    };
    assert_eq!(
        excerpt("# Head\n\nA *b* `c` [d](/e).\nF\n\n```\ncode\n```\n\nG"),
        "A b c d. F G"
    );
    let long = excerpt(&"wörd ".repeat(100));
    assert!(long.ends_with("wörd…") && long.chars().count() <= 201, "{long}");
}
