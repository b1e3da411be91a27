//! The head of every document.

use leptos::{hydration::HydrationScripts, prelude::*};

use crate::{
    Page, Site,
    blanks::Marks,
    facts::{self, Facts},
};

/// The head of `page`.
pub(crate) fn head(site: &Site, page: &Page, facts: &Facts, marks: &Marks) -> AnyView {
    let title = match (facts.title.is_empty(), page) {
        (true, _) => site.title.clone(),
        (false, _) => format!("{} · {}", facts.title, site.title),
    };
    let assets = &site.assets;
    view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        {meta("description", &facts.description)}
        {links(site, facts)}
        {open_graph(site, facts)}
        <link rel="icon" type="image/svg+xml" href=assets.favicon.clone() />
        <link rel="stylesheet" href=assets.css.clone() />
        {assets.highlight_css.clone().map(|href| view! { <link rel="stylesheet" href=href /> })}
        <script src=assets.theme_js.clone()></script>
        {scripts(site, facts, marks)}
    }
    .into_any()
}

fn meta(name: &'static str, content: &str) -> Option<AnyView> {
    let content = content.to_owned();
    (!content.is_empty()).then(|| view! { <meta name=name content=content /> }.into_any())
}

fn property(name: &'static str, content: &str) -> AnyView {
    let content = content.to_owned();
    // The macro knows the attributes of HTML, and `property` is RDFa's.
    leptos::html::meta().content(content).attr("property", name).into_any()
}

fn links(site: &Site, facts: &Facts) -> AnyView {
    let canonical = facts.path.as_ref().map(|path| facts::absolute(site, path));
    view! {
        {match canonical {
            Some(href) => view! { <link rel="canonical" href=href /> }.into_any(),
            None => view! { <meta name="robots" content="noindex" /> }.into_any(),
        }}
        <link rel="alternate" type="application/atom+xml" title=site.title.clone() href="/feed.xml" />
        <link rel="alternate" type="application/rss+xml" title=site.title.clone() href="/rss.xml" />
    }
    .into_any()
}

fn open_graph(site: &Site, facts: &Facts) -> Option<AnyView> {
    let url = facts::absolute(site, facts.path.as_ref()?);
    let title = if facts.title.is_empty() {
        &site.title
    } else {
        &facts.title
    };
    let card = if facts.image.is_some() {
        "summary_large_image"
    } else {
        "summary"
    };
    let image = facts.image.as_ref().map(|image| {
        view! {
            {property("og:image", &image.url)}
            {property("og:image:alt", &image.alt)}
        }
    });
    Some(
        view! {
            {property("og:site_name", &site.title)}
            {property("og:type", if facts.published.is_some() { "article" } else { "website" })}
            {property("og:url", &url)}
            {property("og:title", title)}
            {property("og:description", &facts.description)}
            {image}
            {facts.published.as_ref().map(|at| property("article:published_time", at))}
            {facts.tags.iter().map(|tag| property("article:tag", tag)).collect_view()}
            {meta("twitter:card", card)}
            {meta("twitter:title", title)}
            {meta("twitter:description", &facts.description)}
            {facts.image.as_ref().map(|image| meta("twitter:image", &image.url))}
        }
        .into_any(),
    )
}

fn scripts(site: &Site, facts: &Facts, marks: &Marks) -> AnyView {
    let json_ld = facts.json_ld.as_ref().map(facts::inside_a_script);
    let json_ld = json_ld.map(|json| marks.as_numbers(&json));
    let bundle = site.assets.bundle.clone().filter(|_| facts.is_live);
    view! {
        {json_ld
            .map(|json| view! { <script type="application/ld+json" inner_html=json></script> })}
        {bundle
            .map(|stem| {
                let options = LeptosOptions::builder().output_name(stem).site_pkg_dir("pkg").build();
                view! { <HydrationScripts options islands=true /> }
            })}
    }
    .into_any()
}
