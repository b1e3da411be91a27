//! Drafts, expired posts and posts with invalid front matter are not public.

use horizon_posts::Library;

use crate::folder::{Folder, at, now, options};

/// Returns a folder with a post and a page that have this line in their front matter.
fn folder(line: &str) -> Folder {
    let folder = Folder::new();
    folder
        .write("x.md", format!("---\ntitle: x\ndate: 2026-11-23\n{line}\n---\n"))
        .write("pages/y.md", format!("---\ntitle: y\n{line}\n---\n"));
    folder
}

/// Returns whether the post and the page are public.
fn shown(library: &Library) -> (bool, bool) {
    (library.post("x").is_some(), library.page("y").is_some())
}

#[test]
fn every_spelling_of_a_draft_is_not_public() {
    for line in [
        "draft: true",
        "Draft: true",
        "DRAFT: yes",
        "draft: \"true\"",
        "draft: 'Yes'",
        "draft: True",
        "draft: on",
        "draft: 1",
        "draft: y",
        "\"draft\": true",
        "draft\u{a0}: true",
        "drafts: true",
        "isDraft: true",
        "published: false",
        "Published: no",
        "published: 'off'",
        "publish: false",
        "is_published: 0",
        "public: false",
        "status: draft",
        "Status: DRAFT",
        "status: private",
        "status: pending",
        "post_status: trash",
        "visibility: private",
        "visibility: hidden",
        "visibility: members",
        "hidden: true",
        "private: true",
        "unlisted: true",
        "hide: true",
        "permalink: false",
        "password: hunter2",
        "expiryDate: 2026-12-01",
        "draft: false\nDraft: true",
        "published: true\nstatus: draft",
        "base: &draft true\ndraft: *draft",
    ] {
        let folder = folder(line);
        assert_eq!(shown(&folder.load()), (false, false), "{line:?}");
        assert_eq!(folder.diagnostics(), "", "{line:?}");
    }
}

#[test]
fn a_post_that_is_said_to_be_public_is() {
    for line in [
        "draft: false",
        "Draft: no",
        "draft: \"false\"",
        "draft: 0",
        "published: true",
        "published: 2026-11-23",
        "publishDate: 2026-11-23T10:00:00+01:00",
        "publishDate:",
        "expiryDate: 2099-01-01",
        "status: published",
        "status: publish",
        "status: scheduled",
        "visibility: public",
        "hidden: false",
        "hide: [navigation, toc]",
        "permalink: /2026/x/",
        "password: ''",
        "publisher: O'Reilly",
        "craft: wood",
        "layout: draft",
        "tags: [draft]",
        "other: {draft: true}",
    ] {
        let folder = folder(line);
        assert_eq!(shown(&folder.load()), (true, true), "{line:?}");
        assert_eq!(folder.diagnostics(), "", "{line:?}");
    }
}

#[test]
fn a_post_with_an_invalid_value_is_not_public_and_is_reported() {
    for (line, reason) in [
        ("draft: maybe", "\"draft\" must be true or false"),
        ("Draft: maybe", "\"Draft\" must be true or false"),
        ("draft: “true”", "\"draft\" must be true or false"),
        ("draft:", "\"draft\" must be true or false"),
        ("draft: [true]", "\"draft\" must be true or false"),
        ("draft: {is: true}", "\"draft\" must be true or false"),
        ("draft: 2", "\"draft\" must be true or false"),
        ("published: soon", "\"published\" must be true, false or a date"),
        ("status: evergreen", "\"status\" must be published or draft"),
        ("visibility:", "\"visibility\" must be published or draft"),
        (
            "publishDate: soon",
            "\"publishDate\" must be a date, YYYY-MM-DD or RFC 3339",
        ),
    ] {
        let folder = folder(line);
        assert_eq!(shown(&folder.load()), (false, false), "{line:?}");
        let expected = format!("pages/y.md:3: {reason}\nx.md:4: {reason}");
        assert_eq!(folder.diagnostics(), expected, "{line:?}");
        let all = Library::load(
            folder.path(),
            &horizon_posts::ContentOptions {
                drafts: true,
                ..options()
            },
            now(),
        );
        assert_eq!(shown(&all), (true, true), "with drafts it is shown");
    }
}

#[test]
fn a_post_with_a_misspelt_draft_or_published_is_not_public_and_is_reported() {
    for (line, name, meant) in [
        ("darft: true", "darft", "draft"),
        ("Drfat: true", "Drfat", "draft"),
        ("dratf: maybe", "dratf", "draft"),
        ("drаft: true", "drаft", "draft"),
        ("pulished: false", "pulished", "published"),
        ("publised: never", "publised", "published"),
        ("visiblity: private", "visiblity", "visibility"),
        ("staus: draft", "staus", "status"),
    ] {
        let folder = folder(line);
        assert_eq!(shown(&folder.load()), (false, false), "{line:?}");
        let reason = format!(
            "\"{name}\" is not a known key; \"{meant}\" is similar: the file is not public until you correct or \
             remove the key"
        );
        assert_eq!(
            folder.diagnostics(),
            format!("pages/y.md:3: {reason}\nx.md:4: {reason}"),
            "{line:?}"
        );
    }
}

#[test]
fn another_misspelt_key_is_a_warning() {
    for (line, name, meant) in [
        ("titel: y", "titel", "title"),
        ("descripton: y", "descripton", "description"),
        ("darft: false", "darft", "draft"),
        ("tag: [a]", "tag", "tags"),
        ("dates: 2099-01-01", "dates", "date"),
        ("stauts: evergreen", "stauts", "status"),
    ] {
        let folder = folder(line);
        assert_eq!(shown(&folder.load()), (true, true), "{line:?}");
        let reason = format!("warning: \"{name}\" is not a known key; did you mean \"{meant}\"?");
        assert_eq!(
            folder.diagnostics(),
            format!("pages/y.md:3: {reason}\nx.md:4: {reason}"),
            "{line:?}"
        );
    }
}

#[test]
fn keys_may_be_written_in_any_case() {
    let folder = Folder::new();
    folder.write(
        "x.md",
        "---\nTitle: Loud\nDATE: 2026-11-23\nTags: [a]\nDescription: d\nShowTOC: \"true\"\nSlug: y\n---\n",
    );
    assert_eq!(folder.diagnostics(), "");
    let library = folder.load();
    let post = library.post("y").unwrap();
    assert_eq!((post.title.as_str(), post.tags.len(), post.show_toc), ("Loud", 1, true));
}

#[test]
fn a_wrong_value_is_reported_with_the_key_as_written() {
    let folder = Folder::new();
    folder.write("x.md", "---\nTitle: [a]\nDate: never\n---\n");
    let diagnostics = folder.diagnostics();
    assert!(
        diagnostics.starts_with("x.md:2: \"Title\" must be a text\nx.md:3: \"Date\" is \"never\", but"),
        "{diagnostics}"
    );
}

#[test]
fn of_two_spellings_of_a_key_the_usual_one_counts() {
    let folder = folder("Title: z");
    assert_eq!(folder.load().post("x").unwrap().title, "x");
    let reason = "warning: \"Title\" has no effect, because there is also \"title\"";
    assert_eq!(
        folder.diagnostics(),
        format!("pages/y.md:3: {reason}\nx.md:4: {reason}")
    );
}

#[test]
fn a_post_is_public_until_it_expires() {
    let content = folder("expiryDate: 2026-12-01").content();
    assert_eq!(shown(&content.library(at("2026-11-30"))), (true, true));
    assert_eq!(shown(&content.library(at("2026-12-01"))), (false, false));
}
