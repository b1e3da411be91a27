//! Markdown as authors of other generators write it.

use horizon_posts::{ContentOptions, Library, TocEntry};

use crate::folder::{Folder, html, now, options};

fn post_html(body: &str, options: &ContentOptions) -> String {
    let folder = Folder::new();
    folder.post("one", "2026-11-23", body);
    let library = Library::load(folder.path(), options, now());
    library.post("one").unwrap().html()
}

fn html_with(body: &str, extensions: &str) -> String {
    let markdown = extensions.parse().unwrap();
    post_html(body, &ContentOptions { markdown, ..options() })
}

fn toc(body: &str) -> Vec<(u8, String)> {
    let folder = Folder::new();
    let library = folder.post("one", "2026-11-23", body).load();
    let entry = |entry: &TocEntry| (entry.level, entry.id.clone());
    library.post("one").unwrap().toc().iter().map(entry).collect()
}

#[test]
fn headings_start_below_the_title_and_the_contents_have_them() {
    assert_eq!(
        toc("# One\n## Two\n### Three\n#### Four\n# Five"),
        [(2, "one"), (3, "two"), (4, "three"), (2, "five")].map(|(level, id)| (level, id.to_owned()))
    );
}

#[test]
fn a_heading_has_the_id_that_its_author_chose() {
    let found = html("## One {#first}\n\n## Two `x` {#second .wide}\n\n## {#no id}\n\n## First\n\n## Use {#");
    for expected in [
        "<h2 id=\"first\">One</h2>",
        "<h2 id=\"second\">Two <code>x</code></h2>",
        "<h2 id=\"no-id\">{#no id}</h2>",
        "<h2 id=\"first-1\">First</h2>",
        "<h2 id=\"use-\">Use {#</h2>",
    ] {
        assert!(found.contains(expected), "{expected} in {found}");
    }
    assert!(html_with("## One {#first}", "-heading-ids").contains("{#first}</h2>"));
}

#[test]
fn no_heading_has_an_id_of_the_page() {
    let html = html("## Comments\n\n## Main\n\n## EH main\n\n## Fn 1\n\nx[^1]\n\n[^1]: y");
    for expected in [
        "\"comments-1\"",
        "\"main\"",
        "\"section-eh-main\"",
        "\"fn-1-1\"",
        "<li id=\"fn-1\">",
    ] {
        assert!(html.contains(expected), "{expected} in {html}");
    }
}

#[test]
fn an_image_with_a_title_is_a_figure_if_it_is_a_paragraph() {
    let image = "<img src=\"/media/x.png\" alt=\"a\" fetchpriority=\"high\">";
    assert_eq!(
        html("![a](x.png \"At *dawn*, by [Ada](/about)\")"),
        format!("<figure>{image}<figcaption>At <em>dawn</em>, by <a href=\"/about\">Ada</a></figcaption></figure>\n")
    );
    assert_eq!(
        html("[![a](x.png \"1. <b\")](/big)"),
        format!("<figure><a href=\"/big\">{image}</a><figcaption>1. &lt;b</figcaption></figure>\n")
    );
    assert!(html("Look: ![a](x.png \"b\")").contains("title=\"b\""));
    assert!(html("![a](x.png)").starts_with("<p><img"));
    assert!(html("x[^1]\n\n[^1]: ![a](x.png \"b\")").contains("title=\"b\""));
    assert_eq!(html("![no picture]()"), "<p>no picture</p>\n");
}

#[test]
fn emphasis_next_to_cjk_punctuation_is_recognized() {
    assert_eq!(html("**重要：**这很重要"), "<p><strong>重要：</strong>这很重要</p>\n");
}

#[test]
fn code_has_the_name_of_its_file() {
    assert_eq!(
        html("```no-such filename=\"src/x.ts\"\na\n```"),
        "<figure class=\"code\"><figcaption>src/x.ts</figcaption>\n<pre tabindex=\"0\"><code \
         class=\"language-no-such\">a\n</code></pre>\n</figure>\n"
    );
}

#[test]
fn the_names_of_languages_in_other_generators_are_known() {
    let languages = "jsx tsx shell console zsh golang c# c++ csharp docker kts jsonc json5 objc viml patch postgresql \
                     protobuf htm mjs terraform hcl make";
    for language in languages.split_whitespace() {
        let code =
            "FROM a AS b\n<b>class</b>\nclass \"a\" # if (1 == 2) { return 'x'; } // select 1\n$ ls \"a\"\n+ b\n";
        let html = html(&format!("```{language}\n{code}\n```"));
        assert!(html.contains("<span class=\"hl-"), "{language}: {html}");
    }
}

#[test]
fn only_the_commands_of_a_session_are_coloured() {
    let html = html("```console\n$ echo \"a\"\nit's <b>\n```");
    assert!(
        html.contains("<span class=\"hl-comment\">$ </span>") && html.contains("<span class=\"hl-string\">"),
        "{html}"
    );
    assert!(html.contains("it's &lt;b&gt;\n</code>"), "{html}");
}

#[test]
fn formulas_are_mathml_and_money_is_text() {
    let formula = "<math><msup><mi>x</mi><mn>2</mn></msup></math>";
    assert_eq!(html("a $x^2$, b"), format!("<p>a {formula}, b</p>\n"));
    assert_eq!(html("$`x^2`$"), format!("<p>{formula}</p>\n"));
    assert!(html("$$\nx^2\n$$").contains("<math display=\"block\">"));
    assert!(html("```math\nx^2\n```").contains("<math display=\"block\">"));
    for money in [
        "It costs $5 or $10.",
        "US$5 *really* and CA$ too",
        "$HOME and $PATH",
        "a$b and c$d",
        "- US$1 and CA$ in a list\n  > US$1 and CA$",
        "from 5$ to 10$",
    ] {
        assert_eq!(html(money), html_with(money, "-math"), "{money}");
    }
    assert!(html("**公式**$x^2$是").contains(formula), "scripts without spaces");
    assert_eq!(html("$\\frac{$"), "<p><code class=\"formula\">\\frac{</code></p>\n");
}

#[test]
fn emoji_have_their_names_in_markdown_and_in_ids() {
    assert_eq!(html("a :tada: ![:tada:](x.png) :nosuch:").matches('🎉').count(), 2);
    let html = html("## :tada: Party");
    assert!(html.contains("<h2 id=\"tada-party\">🎉 Party</h2>"), "{html}");
}

#[test]
fn the_other_extensions_are_on_demand() {
    for (body, extension, expected) in [
        ("x^2^", "+superscript", "x<sup>2</sup>"),
        ("H~2~O", "+subscript", "H<sub>2</sub>O"),
        ("==a==", "+mark", "<mark>a</mark>"),
        ("++a++", "+insert", "<ins>a</ins>"),
        ("Term\n\n: Text", "+definition-lists", "<dt>Term</dt>"),
        ("\"a\" -- b", "+smart-punctuation", "“a” – b"),
        (
            "> (info) *Text*",
            "+callouts",
            "<div class=\"markdown-alert markdown-alert-note\">",
        ),
        ("> (warning)\n> Text", "+callouts", "<p>Text</p>"),
        (
            "> (details: \"More\")\n>\n> Text",
            "+callouts",
            "<details>\n<summary>More</summary>\n<p>Text</p>\n</details>",
        ),
    ] {
        assert!(
            html_with(body, extension).contains(expected),
            "{}",
            html_with(body, extension)
        );
        assert!(!html(body).contains(expected), "{body}");
    }
}

#[test]
fn a_comment_is_hidden_and_ends_the_summary() {
    assert_eq!(
        html("One <!-- TODO: ask Jane --> two.\n\n<!--\n# Not yet\n-->\n\nThree."),
        "<p>One  two.</p>\n<p>Three.</p>\n"
    );
    let folder = Folder::new();
    for (name, body) in [
        ("block", "One *two*.\n\n<!--more-->\n\nThree."),
        ("spaces", "One *two*.\n\n<!-- more -->\n\nThree."),
        ("inline", "One *two*.<!-- More -->Three."),
    ] {
        let library = folder.post(name, "2026-11-23", body).load();
        assert_eq!(library.post(name).unwrap().summary(), "One two.", "{name}");
    }
}

#[test]
fn reading_time_counts_characters_of_scripts_without_spaces() {
    let minutes = |body: &str| {
        let folder = Folder::new();
        let library = folder.post("one", "2026-11-23", body).load();
        library.post("one").unwrap().reading_minutes()
    };
    assert_eq!(minutes(&"漢字。".repeat(1_250)), 5);
    assert_eq!(minutes(&"ที่นี่".repeat(1_100)), 6);
    assert_eq!(minutes(&"한국어 ".repeat(220 * 3)), 3);
}

#[test]
fn an_excerpt_of_a_script_without_spaces_has_text_and_no_text_of_images() {
    let folder = Folder::new();
    let body = format!("![Alt](x.png)\n\n{}", "漢".repeat(500));
    let library = folder.post("one", "2026-11-23", &body).load();
    let excerpt = library.post("one").unwrap().excerpt().to_owned();
    assert_eq!(excerpt, format!("{}…", "漢".repeat(200)));
}

#[test]
fn tags_of_generators_that_need_no_theme_are_rendered() {
    for (body, expected) in [
        (
            "{{< figure src=\"x.png\" alt=\"a\" caption=\"At *dawn*\" link=\"/big\" >}}",
            "<figure><a href=\"/big\"><img src=\"/media/x.png\" alt=\"a\" fetchpriority=\"high\"></a>\
             <figcaption>At <em>dawn</em></figcaption></figure>\n",
        ),
        (
            "{{< highlight no-such \"linenos=table\" >}}\na ``` b\n{{< /highlight >}}\n\nc",
            "<pre tabindex=\"0\"><code class=\"language-no-such\">a ``` b\n</code></pre>\n<p>c</p>\n",
        ),
        (
            "{% highlight no-such linenos %}\n{{ x }}\n{% endhighlight %}",
            "<pre tabindex=\"0\"><code class=\"language-no-such\">{{ x }}\n</code></pre>\n",
        ),
        (
            "a {% raw %}{{ page.title }}{% endraw %} b",
            "<p>a {{ page.title }} b</p>\n",
        ),
        ("a{% comment %}\nb\n{% endcomment %}c\nd", "<p>ac</p>\n<p>d</p>\n"),
        ("[a]({{ site.baseurl }}/about)", "<p><a href=\"/about\">a</a></p>\n"),
        (
            "[a]({{ '/about' | relative_url }})",
            "<p><a href=\"/about\">a</a></p>\n",
        ),
        (
            "[a]({{< relref \"two.md#b\" >}})",
            "<p><a href=\"/blog/two#b\">a</a></p>\n",
        ),
        ("[a]({% link two.md %})", "<p><a href=\"/blog/two\">a</a></p>\n"),
        ("[a]({% post_url two %})", "<p><a href=\"/blog/two\">a</a></p>\n"),
        (
            "`{{< figure src=\"x.png\" >}}`",
            "<p><code>{{&lt; figure src=&quot;x.png&quot; &gt;}}</code></p>\n",
        ),
        ("`{{</* figure */>}}`", "<p><code>{{&lt; figure &gt;}}</code></p>\n"),
        ("{{ x }} and {% y and {{< z", "<p>{{ x }} and {% y and {{&lt; z</p>\n"),
        ("{{< youtube id >}}", "<p>{{&lt; youtube id &gt;}}</p>\n"),
    ] {
        let folder = Folder::new();
        folder.post("two", "2026-11-22", "x");
        let library = folder.post("one", "2026-11-23", body).load();
        assert_eq!(library.post("one").unwrap().html(), expected, "{body}");
    }
    assert!(html_with("{{< figure src=\"x.png\" >}}", "-shortcodes").contains("{{&lt; figure"));
}

#[test]
fn the_texts_around_markdown_are_in_the_language_of_the_post() {
    let folder = Folder::new();
    let body = "## Eins\n\n> [!NOTE]\n> x\n\n- [x] y\n\n| a |\n|---|\n| b |\n";
    folder.write(
        "one.md",
        format!("---\ntitle: Eins\ndate: 2026-11-23\nlang: de\n---\n{body}"),
    );
    let library = folder.load();
    let html = library.post("one").unwrap().html();
    for expected in [
        "Link zu diesem Abschnitt: Eins",
        ">Hinweis</p>",
        "aria-label=\"Erledigt\"",
        "aria-label=\"Tabelle 1\"",
    ] {
        assert!(html.contains(expected), "{expected} in {html}");
    }
}

#[test]
fn attribute_lists_of_a_jekyll_blog_are_not_shown() {
    let text = "---\ntitle: x\n---\nText.\n{: .note}\n\n## Title {: #top}\n\n[a](/b){: .button} and `{: .code}`.\n\n\
                Set {:a}.\n\n```\n{: .code}\n```\n";
    let folder = Folder::new();
    folder
        .write("_config.yml", "title: x\n")
        .write("_posts/2026-11-23-x.md", text);
    let html = folder.load().posts()[0].html();
    for hidden in [".note", "#top}", ".button"] {
        assert!(!html.contains(hidden), "{hidden}: {html}");
    }
    assert!(
        html.contains("<code>{: .code}</code>") && html.contains("Set {:a}."),
        "{html}"
    );
    assert_eq!(html.matches("{: .code}").count(), 2, "{html}");
    let plain = Folder::new();
    plain.write("x.md", text.replace("title: x\n", "title: x\ndate: 2026-11-23\n"));
    assert!(plain.load().posts()[0].html().contains("{: .note}"));
}
