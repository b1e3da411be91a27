//! What a page tells machines about itself: search engines, feed readers, whoever shows a link to it.

use serde_json::{Value, json};

use crate::{Blank, Count, Page, PostPage, Site, blanks::Marks, pages::tag_address, text};

/// The facts of one page.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The page's own title, without the blog's; empty for the first page.
    pub(crate) title: String,
    /// What it is about, in a sentence.
    pub(crate) description: String,
    /// The one path it should be known by; nothing for a page that search engines should not list.
    pub(crate) path: Option<String>,
    /// What a link to it shows, absolute.
    pub(crate) image: Option<Image>,
    /// What it is, for machines (schema.org).
    pub(crate) json_ld: Option<Value>,
    /// When it was published, if it is a post.
    pub(crate) published: Option<String>,
    /// The tags, if it is a post.
    pub(crate) tags: Vec<String>,
    /// Whether its numbers move.
    pub(crate) is_live: bool,
}

/// A picture with an absolute address.
#[derive(Debug)]
pub(crate) struct Image {
    /// Its address.
    pub(crate) url: String,
    /// What it shows.
    pub(crate) alt: String,
}

impl Facts {
    /// The facts of `page`.
    pub(crate) fn of(site: &Site, page: &Page, marks: &Marks) -> Self {
        let list = |title: &str, description: String, path: Option<String>| Self {
            title: title.into(),
            description,
            json_ld: path.as_ref().map(|path| web_page(site, "CollectionPage", title, path)),
            path,
            is_live: true,
            ..Self::hidden("")
        };
        match page {
            Page::Home(_) => Self {
                json_ld: Some(json!({
                    "@context": "https://schema.org",
                    "@type": "Blog",
                    "name": site.title,
                    "description": site.description,
                    "url": absolute(site, "/"),
                })),
                ..list("", site.description.clone(), Some("/".into()))
            },
            Page::Blog(index) => {
                // A search result is no page of its own; the posts with one tag have another.
                let path = match (&index.tag, index.query.is_empty()) {
                    (_, false) => None,
                    (Some(tag), true) => Some(tag_address(tag)),
                    (None, true) => Some("/blog".into()),
                };
                list("All posts", format!("All posts of {}.", site.title), path)
            }
            Page::Tag(page) => {
                let description = format!("The posts of {} about {}.", site.title, page.tag.name);
                list(&page.tag.name, description, Some(tag_address(&page.tag.slug)))
            }
            Page::Post(page) => Self::of_post(site, page, marks),
            Page::Extra(page) => Self {
                title: page.title.clone(),
                description: page.description.clone(),
                json_ld: Some(web_page(site, "WebPage", &page.title, &page.path)),
                path: Some(page.path.clone()),
                is_live: true,
                ..Self::hidden("")
            },
            Page::NotFound => Self::hidden("Not found"),
            Page::Error(error) => Self::hidden(&error.title),
            Page::Login(_) => Self::hidden("Sign in"),
            Page::Desk(_) => Self::hidden("Comments"),
            Page::Cluster(_) => Self::hidden("Cluster"),
        }
    }

    /// A page that only who is on it should know.
    fn hidden(title: &str) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            path: None,
            image: None,
            json_ld: None,
            published: None,
            tags: Vec::new(),
            is_live: false,
        }
    }

    fn of_post(site: &Site, page: &PostPage, marks: &Marks) -> Self {
        let post = &page.post;
        let path = format!("/blog/{}", post.slug);
        let published = text::machine(post.date.as_millis());
        let tags: Vec<String> = post.tags.iter().map(|tag| tag.name.clone()).collect();
        let image = post.cover.as_ref().map(|cover| Image {
            url: absolute(site, &cover.image),
            alt: cover.alt.clone(),
        });
        let mut json_ld = json!({
            "@context": "https://schema.org",
            "@type": "BlogPosting",
            "headline": post.title,
            "description": post.description,
            "datePublished": published,
            "keywords": tags,
            "timeRequired": format!("PT{}M", post.reading_minutes),
            "url": absolute(site, &path),
            "mainEntityOfPage": absolute(site, &path),
            "isPartOf": { "@type": "Blog", "name": site.title, "url": absolute(site, "/") },
            "author": { "@type": "Organization", "name": site.title, "url": absolute(site, "/") },
            "commentCount": marks.mark(Blank::Plain(Count::Comments)),
            "interactionStatistic": {
                "@type": "InteractionCounter",
                "interactionType": "https://schema.org/LikeAction",
                "userInteractionCount": marks.mark(Blank::Plain(Count::Likes)),
            },
        });
        if let (Some(image), Some(fields)) = (&image, json_ld.as_object_mut()) {
            fields.insert("image".into(), Value::from(image.url.clone()));
        }
        Self {
            title: post.title.clone(),
            description: post.description.clone(),
            path: Some(path),
            image,
            json_ld: Some(json_ld),
            published: Some(published),
            tags,
            is_live: true,
        }
    }
}

fn web_page(site: &Site, kind: &str, name: &str, path: &str) -> Value {
    json!({
        "@context": "https://schema.org",
        "@type": kind,
        "name": name,
        "url": absolute(site, path),
        "isPartOf": { "@type": "Blog", "name": site.title, "url": absolute(site, "/") },
    })
}

/// The address with scheme and host; one that has them stays as it is.
pub(crate) fn absolute(site: &Site, path: &str) -> String {
    if path.starts_with('/') && !path.starts_with("//") {
        format!("{}{path}", site.base_url)
    } else {
        path.to_owned()
    }
}

/// JSON that can stand inside a `script` element: nothing in it can end the element or start a comment.
pub(crate) fn inside_a_script(json: &Value) -> String {
    let mut text = String::new();
    for c in json.to_string().chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_script_cannot_end_it_and_says_the_same() {
        let hostile = json!({ "headline": "</script><script>alert(1)</script><!-- &\u{2028}\u{2029}" });
        let text = inside_a_script(&hostile);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }
}
