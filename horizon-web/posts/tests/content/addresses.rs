//! Old addresses lead to posts, and the files of the folder have URLs.

use std::fs;

use horizon_posts::Library;

use crate::folder::{Folder, now};

const POST: &str = "---\ntitle: A title\ndate: 2026-01-02\ntags: [Rust]\n---\n";

fn with(front: &str) -> String {
    POST.replace("title: A title", &format!("title: A title\n{front}"))
}

fn redirect(library: &Library, path: &str) -> String {
    library.redirect(path).unwrap_or_default()
}

#[test]
fn aliases_lead_to_their_post_in_any_spelling() {
    let folder = Folder::new();
    folder
        .write("one.md", with("aliases: [/old/Address/, /2019/01/caf%C3%A9.html]"))
        .write(
            "two.md",
            with("redirect_from: [/older, 'https://old.example/a/b?c=d', /blog/one, /tags, /admin]"),
        )
        .write("pages/about.md", with("aliases: [/me]"))
        .write("later.md", with("publishDate: 2099-01-01\naliases: [/secret]"));
    let library = folder.load();
    for (path, target) in [
        ("/old/Address/", "/blog/one"),
        ("/old/address", "/blog/one"),
        ("/OLD/ADDRESS/index.html", "/blog/one"),
        ("/old/address.html", "/blog/one"),
        ("/2019/01/cafe%CC%81", "/blog/one"),
        ("/2019/01/caf%c3%a9.html", "/blog/one"),
        ("/older/", "/blog/two"),
        ("/a/b", "/blog/two"),
        ("/me", "/about"),
        ("/Blog/Two", "/blog/two"),
        ("/blog/two.html", "/blog/two"),
        ("/ABOUT", "/about"),
        // Pages and lists win.
        ("/blog/one", ""),
        ("/tags", ""),
        ("/about", ""),
        ("/secret", ""),
        ("/nope", ""),
        ("/", ""),
        ("//", ""),
        ("//evil.example", ""),
        ("/%ff", ""),
    ] {
        assert_eq!(redirect(&library, path), target, "{path}");
    }
    assert!(library.redirect(&format!("/{}", "x".repeat(10_000))).is_none());
}

#[test]
fn an_alias_never_replaces_a_url_of_the_server() {
    let folder = Folder::new();
    folder.write("one.md", with("aliases: [/feed.xml, /blog, /archive, /series, /]"));
    let library = folder.load();
    for path in ["/feed.xml", "/blog", "/archive", "/series", "/", "/blog/", "/tags/rust"] {
        assert_eq!(redirect(&library, path), "", "{path}");
    }
}

#[test]
fn the_addresses_of_generators_lead_to_posts() {
    let folder = Folder::new();
    folder
        .write("hugo/hugo.toml", "[permalinks]\nnotes = \"/:year/:month/:slug/\"\n")
        .write("hugo/content/posts/one.md", POST)
        .write("hugo/content/posts/Two Words/index.md", POST)
        .write("hugo/content/notes/three.md", POST)
        .write("zola/config.toml", "base_url = \"https://example.org\"\n")
        .write("zola/content/articles/2026-01-02-one/index.md", POST)
        .write("jekyll/_config.yml", "title: x\n")
        .write("jekyll/_posts/2026-01-02-one.md", POST)
        .write("jekyll/about.md", POST)
        .write("pretty/_config.yml", "permalink: pretty\n")
        .write("pretty/_posts/2026-01-02-one.md", POST)
        .write("astro/astro.config.mjs", "")
        .write("astro/src/content/writing/one.md", POST);
    for (layout, path, target) in [
        ("hugo", "/posts/one/", "/blog/one"),
        ("hugo", "/posts/two-words/", "/blog/Two-Words"),
        ("hugo", "/2026/01/three/", "/blog/three"),
        ("hugo", "/posts/", "/blog"),
        ("zola", "/articles/one/", "/blog/one"),
        ("jekyll", "/2026/01/02/one.html", "/blog/one"),
        ("jekyll", "/rust/web/2026/01/02/one.html", "/blog/one"),
        ("jekyll", "/about.html", "/about"),
        ("pretty", "/rust/2026/01/02/one/", "/blog/one"),
        ("astro", "/writing/one/", "/blog/one"),
        ("astro", "/posts/one/", "/blog/one"),
    ] {
        let content = horizon_posts::ContentFolder::load(&folder.path().join(layout), &crate::folder::options());
        let library = content.library(now());
        assert_eq!(
            redirect(&library, path),
            target,
            "{layout} {path}: {}",
            content.diagnostics()
        );
    }
}

#[test]
fn old_feeds_and_lists_lead_to_ours() {
    let folder = Folder::new();
    folder.write("one.md", POST).write("2024/two.md", POST);
    let library = folder.load();
    for (path, target) in [
        ("/index.xml", "/feed.xml"),
        ("/rss", "/feed.xml"),
        ("/atom.xml", "/feed.xml"),
        ("/feed/", "/feed.xml"),
        ("/posts/index.xml", "/feed.xml"),
        ("/sitemap_index.xml", "/sitemap.xml"),
        ("/index.html", "/"),
        ("/posts/", "/blog"),
        ("/2024/", "/blog"),
        ("/page/2/", "/blog?page=2"),
        ("/posts/page/3/", "/blog?page=3"),
        ("/page/1/", "/blog"),
        ("/tag/Rust/", "/tags/rust"),
        ("/categories/rust/page/2", "/tags/rust?page=2"),
        ("/tags/RUST", "/tags/rust"),
        ("/categories", "/tags"),
        ("/archives/", "/archive"),
        ("/tag/none/", ""),
        ("/feed.xml", ""),
        ("/rss.xml", ""),
        ("/tags/rust", ""),
        ("/other/page/2", ""),
    ] {
        assert_eq!(redirect(&library, path), target, "{path}");
    }
}

/// Returns a folder with files that may be served, and files that may not.
fn folder_of_files() -> Folder {
    let folder = Folder::new();
    folder
        .write("one.md", POST)
        .write("one.jpg", "jpeg")
        .write("notes.txt", "private")
        .write("private/scan.pdf", "private")
        .write("2024/two.md", POST)
        .write("2024/two.png", "png")
        .write("2024/data.csv", "private")
        .write("2024/images/deep.png", "png")
        .write("trip/index.md", POST)
        .write("trip/data.csv", "1,2")
        .write("trip/script.js", "alert(1)")
        .write("trip/page.html", "<script>")
        .write("trip/.env", "secret")
        .write("later/index.md", with("publishDate: 2099-01-01"))
        .write("later/secret.png", "png")
        .write("drafts/idea.md", POST)
        .write("drafts/secret.png", "png")
        .write("static/cv.pdf", "pdf")
        .write("static/robots.txt", "User-agent: *\n")
        .write("static/admin/x.png", "png")
        .write("static/feed.xml", "<rss/>")
        .write("static/style.css", "x")
        .write("static/.well-known/security.txt", "Contact: x")
        .write("static/.well-known/matrix", "{}")
        .write("static/.well-known/evil.js", "alert(1)")
        .write("static/.htpasswd", "secret")
        .write("static/google123.html", "google-site-verification: google123.html")
        .write("media/any.bin", "any");
    folder
}

#[test]
fn only_files_near_public_posts_and_of_static_folders_have_urls() {
    let folder = folder_of_files();
    let library = folder.load();
    for path in [
        "/media/one.jpg",
        "/media/2024/two.png",
        "/media/2024/images/deep.png",
        "/media/trip/data.csv",
        "/media/any.bin",
        "/cv.pdf",
        "/robots.txt",
        "/.well-known/security.txt",
        "/.well-known/matrix",
        "/google123.html",
    ] {
        assert!(library.file(path).is_some(), "{path}");
    }
    for path in [
        "/media/notes.txt",
        "/media/private/scan.pdf",
        "/media/2024/data.csv",
        "/media/trip/script.js",
        "/media/trip/page.html",
        "/media/trip/.env",
        "/media/trip/index.md",
        "/media/one.md",
        "/one.md",
        "/media/later/secret.png",
        "/media/drafts/secret.png",
        "/feed.xml",
        "/style.css",
        "/.htpasswd",
        "/.well-known/evil.js",
        "/media/../one.md",
        "/media/%2e%2e/one.md",
    ] {
        assert!(library.file(path).is_none(), "{path}");
    }
    assert_eq!(redirect(&library, "/trip/data.csv"), "/media/trip/data.csv");
    assert_eq!(redirect(&library, "/later/secret.png"), "");
    let later = folder.content().library(crate::folder::at("2099-01-01"));
    assert!(later.file("/media/later/secret.png").is_some(), "with its post");
}

#[test]
fn references_lead_to_files_and_documents_wherever_the_author_points() {
    let folder = Folder::new();
    let body = "[a](../other.md#part) [b](@/posts/other.md) [c](/posts/other/) [d](/posts/other.md) [e](../other/) \
        [f](data.csv) [g](/posts/) ![1](sea.jpg) ![2](./sea.jpg?x=1) ![3](/images/logo.png) ![4](/posts/trip/sea.jpg) \
        ![5](images/logo.png) ![6](gone.jpg) ![7](../../../../etc/passwd.png)\n";
    folder
        .write("hugo.toml", "")
        .write("content/posts/trip/index.md", format!("{POST}{body}"))
        .write("content/posts/trip/sea.jpg", "jpeg")
        .write("content/posts/trip/data.csv", "1")
        .write("content/posts/other.md", POST)
        .write("static/images/logo.png", "png");
    let library = folder.load();
    let html = library.post("trip").unwrap().html();
    for part in [
        "href=\"/blog/other#part\">a<",
        "href=\"/blog/other\">b<",
        "href=\"/blog/other\">c<",
        "href=\"/blog/other\">d<",
        "href=\"/blog/other\">e<",
        "href=\"/media/posts/trip/data.csv\">f<",
        "href=\"/blog\">g<",
        "src=\"/media/posts/trip/sea.jpg\" alt=\"1\"",
        "src=\"/media/posts/trip/sea.jpg?x=1\" alt=\"2\"",
        "src=\"/images/logo.png\" alt=\"3\"",
        "src=\"/media/posts/trip/sea.jpg\" alt=\"4\"",
        "src=\"/images/logo.png\" alt=\"5\"",
        "src=\"/media/gone.jpg\" alt=\"6\"",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(
        !html.contains("etc/passwd.png\" alt=\"7\"") || html.contains("/media/"),
        "{html}"
    );
}

#[test]
fn a_cover_may_be_beside_its_post() {
    let folder = Folder::new();
    folder
        .write("trip/index.md", with("cover: { image: sea.jpg, alt: The sea }"))
        .write("trip/sea.jpg", "jpeg")
        .write("other.md", with("cover: { image: sea.jpg, alt: The sea }"));
    let library = folder.load();
    let cover = |slug: &str| library.post(slug).unwrap().cover.clone().unwrap().image;
    assert_eq!(cover("other"), "/media/sea.jpg");
    let trip = cover("trip");
    assert!(trip == "/media/trip/sea.jpg" || trip == "/media/sea.jpg", "{trip}");
}

#[test]
fn a_file_that_leads_out_of_the_folder_has_no_url() {
    let (folder, outside) = (Folder::new(), Folder::new());
    outside.write("secret.png", "secret");
    folder.write("trip/index.md", POST);
    fs::create_dir(folder.path().join("static")).unwrap();
    for link in ["trip/a.png", "static/b.png"] {
        std::os::unix::fs::symlink(outside.path().join("secret.png"), folder.path().join(link)).unwrap();
    }
    std::os::unix::fs::symlink(outside.path(), folder.path().join("trip/all")).unwrap();
    let library = folder.load();
    for path in ["/media/trip/a.png", "/b.png", "/media/trip/all/secret.png"] {
        assert!(library.file(path).is_none(), "{path}");
    }
}

#[test]
fn a_link_publishes_nothing_that_its_target_does_not() {
    let folder = Folder::new();
    folder
        .write("hugo.toml", "title = 'x'")
        .write(".env", "SECRET=1")
        .write("package.json", "{}")
        .write(
            "content/posts/draft/index.md",
            POST.replace("title:", "draft: true\ntitle:"),
        )
        .write("content/posts/draft/d.png", "picture")
        .write("static/a.txt", "public")
        .write("static/.hidden/b.txt", "secret")
        .write("static/config.yaml", "secret");
    for (target, link) in [
        ("../.env", "static/e.txt"),
        ("..", "static/up"),
        (".hidden/b.txt", "static/b.txt"),
        ("config.yaml", "static/c.txt"),
        ("a.txt", "static/same.txt"),
    ] {
        std::os::unix::fs::symlink(target, folder.path().join(link)).unwrap();
    }
    let library = folder.load();
    let secrets = [
        "/e.txt",
        "/up/package.json",
        "/up/content/posts/draft/d.png",
        "/b.txt",
        "/c.txt",
    ];
    for path in secrets {
        assert!(library.file(path).is_none(), "{path}");
    }
    assert!(library.file("/a.txt").is_some() && library.file("/same.txt").is_some());
}

#[test]
fn what_jekyll_excludes_has_no_url() {
    let folder = Folder::new();
    folder
        .write("_config.yml", "title: x\nexclude: [notes, backup.zip, '*.secret.md']\n")
        .write("_posts/2026-01-02-one.md", POST)
        .write("a.secret.md", POST)
        .write("notes/todo.txt", "secret")
        .write("notes/page.md", POST)
        .write("backup.zip", "secret")
        .write("files/public.zip", "public");
    let library = folder.load();
    for path in ["/notes/todo.txt", "/backup.zip"] {
        assert!(library.file(path).is_none(), "{path}");
    }
    assert!(library.file("/files/public.zip").is_some());
    assert!(library.pages().is_empty(), "{:?}", library.pages());
}
