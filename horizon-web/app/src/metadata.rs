//! The metadata of a page for search engines and link previews.

use std::sync::Arc;

use horizon_posts::{MarkdownPage, Post};
use serde_json::{Value, json};

use crate::{Count, Site, Slot, View, language::PageLanguage, list_metadata::ListMetadata, slots::SlotMarkers, text};

#[derive(Debug, Default)]
pub(crate) struct PageMetadata {
    /// The title without the name of the blog; empty for the home page.
    pub(crate) title: String,
    pub(crate) description: String,
    /// The canonical path; `None` for a page that search engines should not index.
    pub(crate) path: Option<String>,
    /// The path of the page of a list before this one.
    pub(crate) previous: Option<String>,
    /// The path of the page of a list after this one.
    pub(crate) next: Option<String>,
    pub(crate) image: Option<PreviewImage>,
    /// The description in the vocabulary of schema.org.
    pub(crate) json_ld: Option<Value>,
    /// The date of publication of a post.
    pub(crate) published: Option<String>,
    /// The date of the last change of a post.
    pub(crate) updated: Option<String>,
    /// The tags of a post.
    pub(crate) tags: Vec<String>,
    /// The language tag of the content.
    pub(crate) language: String,
    /// The translations of the document and itself: the language tag and the path. Empty without translations.
    pub(crate) translations: Vec<(String, String)>,
    /// Whether the page has islands.
    pub(crate) is_live: bool,
    /// Whether clicks on the links of the page are events.
    pub(crate) has_link_events: bool,
    /// Whether the page has blocks of code.
    pub(crate) has_code: bool,
}

/// The image of link previews.
#[derive(Debug)]
pub(crate) struct PreviewImage {
    /// Absolute.
    pub(crate) url: String,
    pub(crate) alt: String,
}

impl PreviewImage {
    fn of_post(site: &Site, post: &Post) -> Option<Self> {
        let cover = post.cover.as_ref()?;
        Some(Self {
            url: absolute(site, &cover.image)?,
            alt: cover.alt.clone(),
        })
    }
}

impl PageMetadata {
    pub(crate) fn new(site: &Site, view: &View, language: &PageLanguage, markers: &SlotMarkers) -> Self {
        let texts = &language.texts;
        let page = |kind: &str, title: &str, description: String, path: Option<String>| Self {
            title: title.into(),
            description,
            language: language.content.clone(),
            json_ld: path.as_ref().map(|path| web_page(site, language, kind, title, path)),
            path,
            is_live: true,
            ..Self::default()
        };
        let metadata = match view {
            View::Home(_) => Self {
                json_ld: Some(json!({
                    "@context": "https://schema.org",
                    "@type": "Blog",
                    "name": site.title,
                    "description": site.description,
                    "inLanguage": site.language,
                    "url": resolvable(site, "/"),
                })),
                ..page("", "", site.description.clone(), Some("/".into()))
            },
            View::Blog(_) | View::List(_) | View::Tags(_) | View::AllSeries(_) | View::Archive(_) => {
                let list = ListMetadata::new(site, view, texts);
                Self {
                    previous: list.previous,
                    next: list.next,
                    ..page("CollectionPage", &list.title, list.description, list.path)
                }
            }
            View::Post(page) => Self {
                translations: translations(site, &page.translations),
                ..Self::of_post(site, &page.post, language, markers)
            },
            View::Page(markdown) => {
                let description = markdown.meta_description().into_owned();
                let path = (!markdown.draft).then(|| markdown.url());
                page("WebPage", &markdown.title, description, path).with_body(markdown)
            }
            View::NotFound => Self::private(texts.get("not-found")),
            View::Error(error) => Self::private(&error.title),
            View::Login(_) => Self::private(texts.get("sign-in")),
            View::Moderation(_) => Self::private(texts.get("comments")),
            View::Cluster(_) => Self::private(texts.get("cluster")),
        };
        Self {
            is_live: metadata.is_live && !view.is_draft(),
            ..metadata
        }
    }

    /// Adds what the body of a Markdown page has.
    fn with_body(mut self, page: &MarkdownPage) -> Self {
        let updated = page.updated.map(|update| text::html_datetime(update.unix_millis()));
        if let Some(json_ld) = &mut self.json_ld {
            insert(json_ld, "dateModified", updated.as_ref());
        }
        Self {
            has_link_events: true,
            has_code: has_code(&page.html()),
            ..self
        }
    }

    /// A page that is not indexed and has no islands.
    fn private(title: &str) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    fn of_post(site: &Site, post: &Post, language: &PageLanguage, markers: &SlotMarkers) -> Self {
        let path = post.url();
        let description = post.meta_description().into_owned();
        let published = text::html_datetime(post.date.unix_millis());
        let updated = post
            .last_update()
            .map(|update| text::html_datetime(update.unix_millis()));
        let tags: Vec<String> = post.tags.iter().map(|tag| tag.name.clone()).collect();
        let image = PreviewImage::of_post(site, post);
        let mut json_ld = json!({
            "@context": "https://schema.org",
            "@type": "BlogPosting",
            "headline": post.title,
            "description": description,
            "inLanguage": language.content,
            "datePublished": published,
            "keywords": tags,
            "timeRequired": format!("PT{}M", post.reading_minutes()),
            "url": resolvable(site, &path),
            "mainEntityOfPage": resolvable(site, &path),
            "isPartOf": { "@type": "Blog", "name": site.title, "url": resolvable(site, "/") },
            "author": { "@type": "Organization", "name": site.title, "url": resolvable(site, "/") },
            "commentCount": markers.marker(Slot::Json(Count::Comments)),
            "interactionStatistic": {
                "@type": "InteractionCounter",
                "interactionType": "https://schema.org/LikeAction",
                "userInteractionCount": markers.marker(Slot::Json(Count::Likes)),
            },
        });
        insert(&mut json_ld, "image", image.as_ref().map(|image| &image.url));
        insert(&mut json_ld, "dateModified", updated.as_ref());
        Self {
            title: post.title.clone(),
            description,
            path: (!post.draft).then_some(path),
            image,
            json_ld: (!post.draft).then_some(json_ld),
            published: Some(published),
            updated,
            tags,
            language: language.content.clone(),
            translations: Vec::new(),
            is_live: true,
            has_link_events: true,
            has_code: has_code(&post.html()),
            ..Self::default()
        }
    }
}

/// Adds a text to a JSON object.
fn insert(json: &mut Value, name: &str, text: Option<&String>) {
    if let (Some(text), Some(fields)) = (text, json.as_object_mut()) {
        fields.insert(name.into(), Value::from(text.clone()));
    }
}

fn translations(site: &Site, posts: &[Arc<Post>]) -> Vec<(String, String)> {
    let language = |post: &Post| {
        post.language
            .as_ref()
            .map_or_else(|| site.language.clone(), ToString::to_string)
    };
    posts.iter().map(|post| (language(post), post.url())).collect()
}

fn web_page(site: &Site, language: &PageLanguage, kind: &str, name: &str, path: &str) -> Value {
    json!({
        "@context": "https://schema.org",
        "@type": kind,
        "name": name,
        "inLanguage": language.content,
        "url": resolvable(site, path),
        "isPartOf": { "@type": "Blog", "name": site.title, "url": resolvable(site, "/") },
    })
}

/// Returns the absolute URL of a path, or `None` if the blog's URL is unknown. Absolute URLs stay the same.
pub(crate) fn absolute(site: &Site, path: &str) -> Option<String> {
    if path.starts_with('/') && !path.starts_with("//") {
        Some(format!("{}{path}", site.base_url.as_ref()?))
    } else {
        Some(path.to_owned())
    }
}

/// Returns the absolute URL of a path, or the path if the blog's URL is unknown: JSON-LD resolves it like a link.
fn resolvable(site: &Site, path: &str) -> String {
    absolute(site, path).unwrap_or_else(|| path.to_owned())
}

/// Escapes JSON so that it cannot end a `script` element or start a comment in it.
pub(crate) fn escape_for_script(json: &Value) -> String {
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

fn has_code(html: &str) -> bool {
    html.contains("<pre")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_script_cannot_end_it_and_keeps_its_value() {
        let hostile = json!({ "headline": "</script><script>alert(1)</script><!-- &\u{2028}\u{2029}" });
        let text = escape_for_script(&hostile);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }
}
