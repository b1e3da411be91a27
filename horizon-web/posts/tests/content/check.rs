//! `check` finds what readers would trip over.

use horizon_posts::{ContentFolder, ContentOptions, Severity};

use crate::folder::{Folder, at, now, options};

/// Returns the findings, without the path of the folder.
fn findings_with(folder: &Folder, options: &ContentOptions) -> Vec<String> {
    let content = ContentFolder::load(folder.path(), options);
    let root = format!("{}/", folder.path().display());
    let report = content.check(now());
    report
        .findings
        .iter()
        .map(|one| one.to_string().replace(&root, ""))
        .collect()
}

fn findings(folder: &Folder) -> Vec<String> {
    findings_with(folder, &options())
}

/// Returns the findings in a post with this body, which starts in line 5, beside the post `two` with a section.
fn findings_in(body: &str) -> Vec<String> {
    let folder = Folder::new();
    folder
        .write("media/sea.jpg", "picture")
        .write("media/notes.txt", "text")
        .post("two", "2026-01-02", "## A section\n")
        .post("one", "2026-01-03", body);
    findings(&folder)
}

#[test]
fn a_link_that_works_is_no_finding() {
    let body = "[a](/blog/two) [b](two.md) [c](./two.md#a-section) [d](/blog/two#a-section) [e](#here) [f](#) \
        [g](media/notes.txt) [h](https://other.example/x#y) [i](mailto:a@b.example) [j](/feed.xml) [k](/) [l](/blog) \
        [m](https://blog.example/blog/two) [n](/blog/two/?a=b) [o](#comments) [p](two.md#:~:text=words)\n\n## Here\n";
    assert_eq!(findings_in(body), [""; 0]);
}

#[test]
fn a_dead_link_is_found_with_its_line() {
    for url in [
        "/blog/three",
        "three.md",
        "./three.md#part",
        "/media/none.pdf",
        "media/none.pdf",
        "/no-such-page",
        "https://blog.example/blog/three",
        "/tags/none",
    ] {
        let expected = format!("one.md:7: warning: {url:?} leads to no page or file of this blog [dead-link]");
        assert_eq!(findings_in(&format!("Text.\n\n[a]({url})")), [expected]);
    }
}

#[test]
fn a_dead_anchor_is_found() {
    assert_eq!(
        findings_in("[a](#none)"),
        ["one.md:5: warning: \"#none\" leads nowhere: this page has no id \"none\" [dead-anchor]"]
    );
    assert_eq!(
        findings_in("[a](two.md#none) [b](/blog/two#a-section)"),
        ["one.md:5: warning: \"two.md#none\" leads to the top of a page: two.md has no id \"none\" [dead-anchor]"]
    );
}

#[test]
fn a_link_to_what_is_not_public_is_found() {
    let folder = Folder::new();
    folder
        .write(
            "draft.md",
            "---\ntitle: x\ndate: 2026-01-01\ndraft: true\n---\n[dead](/none)\n",
        )
        .post("later", "2027-02-01", "[same time](latest.md) [now](now.md)")
        .post("latest", "2027-02-02", "[before](later.md)")
        .post("now", "2026-01-02", "[a](draft.md)\n[b](later.md)");
    assert_eq!(
        findings(&folder),
        [
            "later.md:5: warning: \"latest.md\" leads to latest.md, which is not public [not-public]",
            "now.md:5: warning: \"draft.md\" leads to draft.md, which is not public [not-public]",
            "now.md:6: warning: \"later.md\" leads to later.md, which is not public [not-public]",
        ]
    );
    let drafts = ContentOptions {
        drafts: true,
        ..options()
    };
    let dead = "draft.md:6: warning: \"/none\" leads to no page or file of this blog [dead-link]";
    assert_eq!(findings_with(&folder, &drafts), [dead]);
}

#[test]
fn pictures_that_readers_do_not_see_are_found() {
    assert_eq!(
        findings_in("![The sea](media/sea.jpg) ![The sea](/media/sea.jpg) ![The sea](sea.jpg)"),
        [""; 0]
    );
    assert_eq!(
        findings_in("![The sea](lake.jpg)\n\n![A](https://other.example/a.png)\n\n![](sea.jpg)"),
        [
            "one.md:5: warning: there is no picture \"lake.jpg\" [missing-picture]",
            "one.md:7: warning: browsers block the picture \"https://other.example/a.png\" of another site: put it \
             into the content folder [blocked-picture]",
            "one.md:9: note: the picture \"sea.jpg\" has no alternative text [no-alternative-text]",
        ]
    );
    let folder = Folder::new();
    let cover = "cover: { image: media/none.jpg, alt: x }";
    folder.write("a.md", format!("---\ntitle: x\ndate: 2026-01-01\n{cover}\n---\n"));
    assert_eq!(
        findings(&folder),
        ["a.md:4: warning: there is no picture \"/media/none.jpg\" [missing-picture]"]
    );
}

#[test]
fn a_url_that_is_removed_is_found() {
    assert_eq!(
        findings_in("[a](javascript:alert) ![b](data:image/png,x)"),
        [
            "one.md:5: warning: \"javascript:alert\" has a scheme that is not allowed [scheme]",
            "one.md:5: warning: \"data:image/png,x\" has a scheme that is not allowed [scheme]",
        ]
    );
}

#[test]
fn html_that_is_not_let_through_is_found_with_its_line() {
    let body = "A <x-b>word</x-b>, <kbd onclick=\"f()\">key</kbd>.\n\n<script>\nf();\n</script>\n\n\
        <div>\n<marquee>\n</div>\n\n<td>\n\n`<form>` <!-- <form> --> <br>\n\n<img src=\"sea.jpg\" alt=x onload=f()>";
    let text = "as text: it is not let through here [markup]";
    let event = "has no effect: the blog runs no scripts of posts [markup]";
    assert_eq!(
        findings_in(body),
        [
            format!("one.md:5: warning: readers see the tag <x-b> {text}"),
            format!("one.md:5: warning: onclick of <kbd> {event}"),
            format!("one.md:7: warning: readers see the tag <script> {text}"),
            format!("one.md:12: warning: readers see the tag <marquee> {text}"),
            format!("one.md:15: warning: readers see the tag <td> {text}"),
            format!("one.md:19: warning: onload of <img> {event}"),
        ]
    );
    let folder = Folder::new();
    folder.post(
        "one",
        "2026-01-03",
        "<x-b onclick=f()>word</x-b>\n\n<script>\n</script>",
    );
    let raw_html = ContentOptions {
        raw_html: true,
        ..options()
    };
    let script = "<script> has no effect: the Content-Security-Policy blocks it [markup]";
    assert_eq!(
        findings_with(&folder, &raw_html),
        [
            format!("one.md:5: warning: onclick of <x-b> {event}"),
            format!("one.md:7: warning: {script}")
        ]
    );
}

#[test]
fn an_old_address_is_a_note() {
    let folder = Folder::new();
    folder
        .write(
            "two.md",
            "---\ntitle: x\ndate: 2026-01-02\naliases: [/old/two.html]\n---\n",
        )
        .post("one", "2026-01-03", "[a](/old/two.html)");
    assert_eq!(
        findings(&folder),
        ["one.md:5: note: \"/old/two.html\" is an old address of \"/blog/two\" [old-address]"]
    );
}

#[test]
fn the_report_counts_what_is_public_and_what_is_not() {
    let folder = Folder::new();
    folder
        .post("one", "2026-01-03", "")
        .post("later", "2027-02-01", "")
        .write("draft.md", "---\ntitle: x\ndate: 2026-01-01\ndraft: true\n---\n")
        .write(
            "expired.md",
            "---\ntitle: x\ndate: 2026-01-01\nexpiryDate: 2026-02-01\n---\n",
        )
        .write("broken.md", "---\ntitle: x\n---\n")
        .write("2025/sub.md", "---\ntitle: x\ndate: 2025-01-01\n---\n")
        .write("notes.org", "#+title: x\n")
        .write("pages/about.md", "---\ntitle: x\n---\n");
    let report = folder.content().check(now());
    assert_eq!(
        (report.posts, report.pages, report.drafts, report.expired),
        (2, 1, 1, 1)
    );
    assert_eq!(report.count(Severity::Error), 1, "{:?}", report.findings);
    assert_eq!(report.scheduled.len(), 1);
    assert_eq!(report.newly_public, [folder.path().join("2025/sub.md")]);
    let skipped: Vec<_> = report
        .skipped
        .iter()
        .map(|skipped| (skipped.count, &skipped.example))
        .collect();
    assert_eq!(skipped, [(1, &"notes.org".into())]);
    let before = folder.content().check(at("2026-01-02"));
    assert_eq!((before.posts, before.scheduled.len()), (2, 2), "{before:?}");
}

#[test]
fn an_alias_without_effect_is_a_warning() {
    let folder = Folder::new();
    let aliases =
        "[/old/one/, /blog/two, /media/sea.jpg, /, 'https://old.example/x?p=1', /blog/one/, /shared, /feed.xml]";
    folder
        .write("media/sea.jpg", "picture")
        .write(
            "one.md",
            format!("---\ntitle: x\ndate: 2026-01-01\naliases: {aliases}\n---\n"),
        )
        .write("two.md", "---\ntitle: y\ndate: 2026-01-01\naliases: [/shared]\n---\n")
        .write(
            "later.md",
            "---\ntitle: z\ndate: 2099-01-01\naliases: [/not-yet]\n---\n",
        );
    let found = findings(&folder);
    let other = "another page or file has this address, or it is not a path";
    let expected = [
        ("one.md", "/blog/two", other),
        ("one.md", "/media/sea.jpg", other),
        ("one.md", "/", "it is not the path of a page"),
        ("one.md", "/feed.xml", other),
        ("two.md", "/shared", "this address leads to /blog/one"),
    ];
    let expected = expected.map(|(file, alias, reason)| {
        format!("{file}: warning: the old address {alias:?} has no effect: {reason} [front-matter]")
    });
    assert_eq!(found, expected);
}

#[test]
fn a_folder_without_posts_is_a_warning_that_names_what_was_read() {
    let folder = Folder::new();
    folder
        .write("hugo.toml", "")
        .write("content/about.md", "---\ntitle: About\n---\nText.\n");
    let content = folder.content();
    let report = content.check(now());
    let [finding] = &report.findings[..] else {
        panic!("{:?}", report.findings)
    };
    assert_eq!(
        (finding.severity, finding.path.as_path()),
        (Severity::Warning, folder.path())
    );
    let read = folder.path().join("content").display().to_string();
    assert!(
        finding.message.contains("there is no post") && finding.message.contains(&read),
        "{finding}"
    );
    folder.write("content/later.md", "---\ntitle: x\ndate: 2099-01-01\n---\n");
    assert_eq!(folder.content().check(now()).findings, []);
}

#[test]
fn a_finding_about_a_cover_has_its_line() {
    for (cover, rule) in [
        ("image: none.jpg\nimage_alt: x", "a.md:4: warning: there is no picture"),
        (
            "cover:\n  image: https://other.example/a.jpg\n  alt: x",
            "a.md:4: warning: browsers block",
        ),
        ("cover: { image: sea.jpg }", "a.md:4: warning: \"cover\" has no alt"),
    ] {
        let folder = Folder::new();
        folder
            .write("media/sea.jpg", "picture")
            .write("a.md", format!("---\ntitle: x\ndate: 2026-01-01\n{cover}\n---\n"));
        let found = findings(&folder);
        assert!(found.len() == 1 && found[0].starts_with(rule), "{found:?}");
    }
}
