//! The Nu Html Checker finds no error on any kind of page.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::ensure;
use horizon_test_support::{Posts, ServerOptions, WebServer, html_errors, http};

const ADMIN_TOKEN: &str = "a-token-of-the-tests";
const FORM: &str = "application/x-www-form-urlencoded";

/// The maximum number of pages of a blog that are checked.
const MAX_PAGES: usize = 150;

/// A post with what Markdown can do, also where it is unusual.
const EVERYTHING: &str = r##"---
title: "Everything <b> & \"more\" <!> "
description: "What Markdown can do <!> & more"
date: 2026-01-30
updated: 2026-02-01
tags: ["C & A", "Ångström", "<tag>"]
series: [Everything]
cover: { image: media/cover.jpg, alt: "A \"cover\"", caption: "With a [link](/blog) & more" }
showToc: true
---

Text with *emphasis*, **strong**, ~~deleted~~, `code <b>`, a [link](/blog "Title & more"),
<https://example.com/?a=1&b=2>,
<!> <br> <kbd>Ctrl</kbd>, H<sub>2</sub>O, x<sup>2</sup>, <mark>marked</mark>, :smile:, $x^2 + \sqrt{y}$, and a note.[^1]

# Comments

## Comments

### [A link](/blog) in a heading {#custom}

#### Deeper

![A picture](media/one.jpg)

![A picture](media/two.jpg "With a *caption* & more")

![](media/decoration.png)

[![A linked picture](media/one.jpg "Caption")](/blog)

- [x] done
- [ ] open
  1. one
  2. two

| a | b |
|:--|--:|
| 1 | <br> |

| c |
|---|
| 2 |

> A quote with a heading
>
> ## Inside

> [!NOTE]
> An alert.

> [!WARNING] With a title
> An alert with `code`.

```rust filename="main.rs"
fn main() { println!("<html>"); }
```

```
no language
```

    indented

<details><summary>More</summary>

Hidden text.

</details>

<div onclick="alert(1)"><p>unsafe</div>

$$
\int_0^1 x\,dx
$$

{{< youtube id >}}

***

[^1]: The note, with a [link](#custom).
"##;

fn posts() -> anyhow::Result<Posts> {
    let posts = Posts::empty()?;
    posts.write("everything.md", EVERYTHING)?;
    for day in 1..=24 {
        let tags = if day % 2 == 0 { "[even]" } else { "[odd, numbers]" };
        let front = format!("---\ntitle: Post {day}\ndate: 2026-01-{day:02}\ntags: {tags}\nseries: Days\n---\n");
        posts.write(&format!("post-{day}.md"), &format!("{front}\nText of day {day}.\n"))?;
    }
    posts.write(
        "page.md",
        "---\ntitle: Arabic\nlang: ar\ndate: 2025-12-01\n---\n\nمرحبا\n",
    )?;
    posts.write("unfinished.md", "---\ntitle: [\n---\n")?;
    Ok(posts)
}

fn options() -> ServerOptions {
    ServerOptions::default()
        .with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN)
        .with("HORIZON_BASE_URL", "https://blog.example")
}

/// The pages of a blog, by path.
struct Crawl<'a> {
    server: &'a WebServer,
    pages: BTreeMap<String, String>,
}

impl Crawl<'_> {
    /// Reads a page, whatever its status is.
    async fn read(&mut self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<http::Response> {
        let page = http::send(self.server.address(), http::Method::GET, path, headers, "").await?;
        if page.header("content-type").starts_with("text/html") {
            self.pages.insert(path.to_owned(), page.text());
        }
        Ok(page)
    }

    /// Reads all pages that links lead to.
    async fn follow_links(&mut self) -> anyhow::Result<()> {
        let mut seen = BTreeSet::from(["/".to_owned()]);
        let mut queue = VecDeque::from(["/".to_owned()]);
        while let Some(path) = queue.pop_front().filter(|_| self.pages.len() < MAX_PAGES) {
            let page = self.read(&path, &[]).await?.text();
            queue.extend(links(&page).into_iter().filter(|link| seen.insert(link.clone())));
        }
        ensure!(self.pages.len() < MAX_PAGES, "more than {MAX_PAGES} pages");
        Ok(())
    }
}

/// Returns the paths of this site that a page links to, without their fragments.
fn links(page: &str) -> Vec<String> {
    let links = page.split("href=\"/").skip(1).filter_map(|rest| rest.split_once('"'));
    let paths = links.map(|(path, _)| path.split('#').next().unwrap_or_default().replace("&amp;", "&"));
    // The browser replaces the id in the empty thread.
    let is_page = |path: &String| {
        !["pkg/", "media/"].iter().any(|folder| path.starts_with(folder)) && !path.contains("?thread=00000000")
    };
    paths.filter(is_page).map(|path| format!("/{path}")).collect()
}

async fn sign_in(server: &WebServer) -> anyhow::Result<String> {
    let headers = [("content-type", FORM)];
    let form = format!("token={ADMIN_TOKEN}");
    let response = http::send(server.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    ensure!(response.status.is_redirection(), "{}", response.status);
    Ok(response.cookie())
}

/// Writes a comment and a reply with Markdown.
async fn comment(server: &WebServer, slug: &str) -> anyhow::Result<()> {
    let headers = [("content-type", FORM), ("accept", "text/html")];
    let path = format!("/horizon/comments/{slug}");
    let body = "body=*Well*+%3Cb%3E+written%0A%0A-+one%0A-+%60two%60%0A%0A%3E+quote&author=A+%26+B";
    let response = http::send(server.address(), http::Method::POST, &path, &headers, body).await?;
    ensure!(
        response.status.is_redirection(),
        "{}: {}",
        response.status,
        response.text()
    );
    Ok(())
}

#[tokio::test]
async fn no_page_of_a_blog_has_an_error() -> anyhow::Result<()> {
    let server = WebServer::start(options().with_posts(posts()?)).await?;
    comment(&server, "everything").await?;
    let mut crawl = Crawl {
        server: &server,
        pages: BTreeMap::new(),
    };
    crawl.follow_links().await?;
    for path in ["/blog/everything", "/blog/post-3", "/tags/even"] {
        ensure!(crawl.pages.contains_key(path), "{path} is not linked");
    }
    for path in [
        "/blog?q=post",
        "/blog?q=nothing",
        "/blog?tag=even&q=day",
        "/no-such-page",
        "/cluster",
        "/admin",
    ] {
        crawl.read(path, &[]).await?;
    }
    let cookie = sign_in(&server).await?;
    for path in [
        "/admin",
        "/admin?only=waiting",
        "/horizon/dashboard",
        "/cluster",
        "/blog/everything?comment=waiting",
    ] {
        let page = crawl
            .read(path, &[("cookie", &cookie), ("accept", "text/html")])
            .await?;
        ensure!(page.status == 200, "{path}: {}", page.status);
        crawl.pages.insert(format!("{path} (signed in)"), page.text());
    }
    let headers = [("content-type", FORM), ("accept", "text/html")];
    let error = http::send(
        server.address(),
        http::Method::POST,
        "/horizon/comments/everything",
        &headers,
        "body=",
    );
    crawl.pages.insert("an error".to_owned(), error.await?.text());
    let errors = html_errors(&crawl.pages).await?;
    ensure!(errors.is_empty(), "{} pages: {errors:#?}", crawl.pages.len());
    Ok(())
}

#[tokio::test]
async fn no_page_of_this_repository_has_an_error() -> anyhow::Result<()> {
    let server = WebServer::start(options().with_default_posts()).await?;
    let mut crawl = Crawl {
        server: &server,
        pages: BTreeMap::new(),
    };
    crawl.follow_links().await?;
    ensure!(crawl.pages.contains_key("/blog/writing-here") && crawl.pages.contains_key("/about"));
    let errors = html_errors(&crawl.pages).await?;
    ensure!(errors.is_empty(), "{} pages: {errors:#?}", crawl.pages.len());
    Ok(())
}

#[tokio::test]
async fn the_checker_finds_errors() -> anyhow::Result<()> {
    let page = "<!DOCTYPE html><html lang=\"en\"><title>Test</title><p><!>text</p><ul><p>no item</p></ul></html>";
    let errors = html_errors(&BTreeMap::from([("test".to_owned(), page.to_owned())])).await?;
    let expected = [
        "test:1: Bogus comment",
        "test:1: Element “p” not allowed as child of element “ul”",
    ];
    for error in expected {
        ensure!(errors.iter().any(|found| found.starts_with(error)), "{errors:#?}");
    }
    Ok(())
}
