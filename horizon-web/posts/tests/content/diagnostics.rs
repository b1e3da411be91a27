//! An invalid file is reported and does not hide others.

use std::{fs, os::unix::fs::symlink, process::Command};

use horizon_posts::Severity;

use crate::folder::Folder;

fn good() -> Folder {
    let folder = Folder::new();
    folder.post("good", "2026-11-23", "");
    folder
}

#[test]
fn an_invalid_file_does_not_hide_others() {
    let folder = good();
    folder
        .write("Untitled.md", "")
        .write("latin.md", b"---\ntitle: \xe4\n---\n")
        .write("long.md", vec![b'x'; (1 << 20) + 1])
        .write("folder.md/inner.txt", "")
        .write("pages/about.md", "---\ntitle: About\n---\n")
        .write("pages/broken.md", "---\ntitle: [a\n---\n");
    symlink("nowhere", folder.path().join("dangling.md")).unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe.md")).status();
    assert!(made.unwrap().success());
    let library = folder.load();
    assert!(library.post("good").is_some() && library.page("about").is_some());
    assert_eq!(library.posts().len() + library.pages().len(), 2);
    let diagnostics = folder.diagnostics();
    let starts: Vec<&str> = diagnostics
        .lines()
        .map(|line| &line[..line.find(": ").unwrap()])
        .collect();
    assert_eq!(
        starts,
        [
            "Untitled.md:1",
            "dangling.md",
            "folder.md",
            "latin.md:2",
            "long.md",
            "pages/broken.md:2",
            "pipe.md"
        ],
        "{diagnostics}"
    );
    assert_eq!(library.diagnostics().at_least(Severity::Error).len(), 7);
    assert!(!folder.content().is_all_broken());
}

#[test]
fn a_readme_is_a_post_only_with_front_matter() {
    let folder = good();
    folder
        .write("README.md", "# My blog\n")
        .write("readme.de.md", "# Mein Blog\n")
        .write("LICENSE.md", "MIT\n")
        .write("CHANGELOG.md", "")
        .write("pages/README.md", "Pages.\n")
        .write("Contributing.md", "---\ntitle: How to\ndate: 2026-11-23\n---\n");
    let library = folder.load();
    assert_eq!(library.posts().len(), 2);
    assert!(library.post("Contributing").is_some());
    let notes = [
        "CHANGELOG.md",
        "LICENSE.md",
        "README.md",
        "pages/README.md",
        "readme.de.md",
    ]
    .map(|name| format!("{name}: note: skipped: the file has no front matter"));
    assert_eq!(folder.diagnostics(), notes.join("\n"));
    assert_eq!(library.diagnostics().at_least(Severity::Warning).len(), 0);
}

#[test]
fn a_folder_with_nothing_but_a_readme_is_empty_and_not_broken() {
    let folder = Folder::new();
    folder.write("README.md", "# My blog\n");
    assert!(!folder.content().is_all_broken());
    folder.write("x.md", "");
    assert!(folder.content().is_all_broken());
}

#[test]
fn files_of_editors_are_ignored() {
    let folder = good();
    for name in [".#good.md", "good.md~", ".good.md.swp", "#good.md#", "4913"] {
        folder.write(name, "broken");
    }
    symlink("user@host.1234", folder.path().join(".#new.md")).unwrap();
    assert_eq!(folder.diagnostics(), "");
    assert_eq!(folder.load().posts().len(), 1);
}

#[test]
fn the_first_of_two_files_with_one_slug_is_shown() {
    let folder = Folder::new();
    let file =
        |title: &str, date: &str, more: &str| format!("---\ntitle: {title}\ndate: {date}\nslug: same\n{more}---\n");
    folder
        .write("d.md", file("The first", "2026-01-01", ""))
        .write("a.md", file("A draft", "2025-01-01", "draft: true\n"))
        .write("b.md", file("ScheduledFile", "2025-01-01", "publishDate: 2099-01-01\n"))
        .write("c.md", file("Later", "2026-01-02", ""));
    let library = folder.load();
    assert_eq!(library.posts().len(), 1);
    assert_eq!(library.post("same").unwrap().title, "The first");
    let diagnostics = folder.diagnostics();
    let d = folder.path().join("d.md").display().to_string();
    let d = d.replace(&format!("{}/", folder.path().display()), "");
    let lines = ["a.md", "b.md", "c.md"].map(|name| format!("{name}: the slug \"same\" is already used by {d}"));
    assert_eq!(diagnostics, lines.join("\n"));
}

#[test]
fn an_unreadable_pages_folder_hides_no_post() {
    let folder = good();
    folder.write("pages", "a file where a folder should be");
    assert!(folder.load().post("good").is_some());
    let diagnostics = folder.diagnostics();
    assert!(
        diagnostics.starts_with("pages: the folder cannot be read: "),
        "{diagnostics}"
    );
    fs::remove_file(folder.path().join("pages")).unwrap();
    assert_eq!(folder.diagnostics(), "");
}

#[test]
fn a_link_is_followed_within_the_folder_only() {
    let (folder, outside) = (Folder::new(), Folder::new());
    outside.post("secret", "2026-11-23", "Secret.");
    folder.post("one", "2026-11-23", "Text.");
    // As Kubernetes mounts a ConfigMap.
    folder.write("..data/two.md", "---\ntitle: Two\ndate: 2026-11-23\n---\n");
    symlink("..data/two.md", folder.path().join("two.md")).unwrap();
    symlink(outside.path().join("secret.md"), folder.path().join("secret.md")).unwrap();
    symlink("/etc/passwd", folder.path().join("passwd.md")).unwrap();
    symlink(outside.path(), folder.path().join("pages")).unwrap();
    let library = folder.load();
    let slugs: Vec<&str> = library.posts().iter().map(|post| post.slug.as_str()).collect();
    assert_eq!((slugs, library.pages().len()), (vec!["one", "two"], 0));
    let diagnostics = folder.diagnostics();
    for path in ["secret.md", "passwd.md", "pages/secret.md"] {
        let expected = format!("{path}: this is a symbolic link out of the content folder");
        assert!(diagnostics.contains(&expected), "{diagnostics}");
    }
}
