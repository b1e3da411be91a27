//! The `head` of a document.

use horizon_texts::open_graph_locale;
use leptos::{hydration::HydrationScripts, prelude::*};

use crate::{
    Site,
    metadata::{self, PageMetadata},
    slots::SlotMarkers,
};

pub(crate) fn head(site: &Site, metadata: &PageMetadata, markers: &SlotMarkers) -> AnyView {
    let title = if metadata.title.is_empty() {
        site.title.clone()
    } else {
        format!("{} · {}", metadata.title, site.title)
    };
    let assets = &site.assets;
    view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        {meta("description", &metadata.description)}
        {links(site, metadata)}
        {open_graph(site, metadata)}
        <link rel="icon" type="image/svg+xml" href=assets.favicon.clone() />
        <link rel="stylesheet" href=assets.css.clone() />
        {assets.highlight_css.clone().map(|href| view! { <link rel="stylesheet" href=href /> })}
        <script src=assets.theme_js.clone()></script>
        {scripts(site, metadata, markers)}
    }
    .into_any()
}

fn meta(name: &'static str, content: &str) -> Option<AnyView> {
    let content = content.to_owned();
    (!content.is_empty()).then(|| view! { <meta name=name content=content /> }.into_any())
}

fn property(name: &'static str, content: &str) -> AnyView {
    let content = content.to_owned();
    // The macro does not accept `property`, an attribute of RDFa.
    leptos::html::meta().content(content).attr("property", name).into_any()
}

fn links(site: &Site, metadata: &PageMetadata) -> AnyView {
    let canonical = metadata.path.as_ref().and_then(|path| metadata::absolute(site, path));
    let no_index = metadata.path.is_none();
    let translation = |(language, path): &(String, String)| {
        let href = metadata::absolute(site, path)?;
        Some(view! { <link rel="alternate" hreflang=language.clone() href=href /> })
    };
    let translations = metadata.translations.iter().filter_map(translation).collect_view();
    let (previous, next) = (metadata.previous.clone(), metadata.next.clone());
    view! {
        {canonical.map(|href| view! { <link rel="canonical" href=href /> })}
        {translations}
        {previous.map(|href| view! { <link rel="prev" href=href /> })}
        {next.map(|href| view! { <link rel="next" href=href /> })}
        {no_index.then(|| view! { <meta name="robots" content="noindex" /> })}
        <link rel="alternate" type="application/atom+xml" title=site.title.clone() href="/feed.xml" />
        <link rel="alternate" type="application/rss+xml" title=site.title.clone() href="/rss.xml" />
    }
    .into_any()
}

fn open_graph(site: &Site, metadata: &PageMetadata) -> Option<AnyView> {
    let url = metadata::absolute(site, metadata.path.as_ref()?);
    let title = if metadata.title.is_empty() {
        &site.title
    } else {
        &metadata.title
    };
    let card = if metadata.image.is_some() {
        "summary_large_image"
    } else {
        "summary"
    };
    let image = metadata.image.as_ref().map(|image| {
        view! {
            {property("og:image", &image.url)}
            {property("og:image:alt", &image.alt)}
        }
    });
    Some(
        view! {
            {property("og:site_name", &site.title)}
            {property("og:type", if metadata.published.is_some() { "article" } else { "website" })}
            {url.map(|url| property("og:url", &url))}
            {open_graph_locale(&metadata.language).map(|locale| property("og:locale", &locale))}
            {property("og:title", title)}
            {property("og:description", &metadata.description)}
            {image}
            {metadata.published.as_ref().map(|at| property("article:published_time", at))}
            {metadata.updated.as_ref().map(|at| property("article:modified_time", at))}
            {metadata.tags.iter().map(|tag| property("article:tag", tag)).collect_view()}
            {meta("twitter:card", card)}
            {meta("twitter:title", title)}
            {meta("twitter:description", &metadata.description)}
            {metadata.image.as_ref().map(|image| meta("twitter:image", &image.url))}
        }
        .into_any(),
    )
}

fn scripts(site: &Site, metadata: &PageMetadata, markers: &SlotMarkers) -> AnyView {
    let json_ld = metadata.json_ld.as_ref();
    let json_ld = json_ld.map(|json| markers.unquote(&metadata::escape_for_script(json)));
    let bundle = site.assets.bundle.clone().filter(|_| metadata.is_live);
    let links = metadata.has_link_events.then(|| site.assets.links_js.clone());
    let copy = metadata.has_code.then(|| site.assets.copy_js.clone());
    view! {
        {json_ld
            .map(|json| view! { <script type="application/ld+json" inner_html=json></script> })}
        {links.map(|src| view! { <script type="module" src=src></script> })}
        {copy.map(|src| view! { <script type="module" src=src></script> })}
        {bundle
            .map(|stem| {
                let options = LeptosOptions::builder().output_name(stem).site_pkg_dir("pkg").build();
                view! { <HydrationScripts options islands=true /> }
            })}
    }
    .into_any()
}
