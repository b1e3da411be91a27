//! The document around the content of a page.

use horizon_texts::{TextUnit, Texts};
use leptos::prelude::*;

use crate::{
    Count, Site, Slot, View,
    head::head,
    islands::SiteFooter,
    language::{PageLanguage, direction},
    metadata::PageMetadata,
    pages,
    slots::{CountLabel, SlotMarkers},
};

/// Renders the document of `view`, with markers for the slots.
pub(crate) fn document(site: &Site, view: &View, language: &PageLanguage, markers: &SlotMarkers) -> AnyView {
    let metadata = PageMetadata::new(site, view, language, markers);
    let texts = &language.texts;
    let (interface_lang, interface_dir) = language.interface().unzip();
    view! {
        <!DOCTYPE html>
        <html lang=language.content.clone() dir=direction(&language.content)>
            <head>{head(site, &metadata, markers)}</head>
            <body lang=interface_lang dir=interface_dir data-page=view.page_name().map(|name| name.url_path())>
                <a class="skip-link" href="#eh-main">
                    {texts.get("skip-to-content")}
                </a>
                {header(site, &metadata, language)}
                {pages::main(site, view, language, markers)}
                {footer(site, metadata.is_live && site.assets.bundle.is_some(), language, markers)}
            </body>
        </html>
    }
    .into_any()
}

fn header(site: &Site, metadata: &PageMetadata, language: &PageLanguage) -> AnyView {
    let texts = &language.texts;
    let (lang, dir) = language.attributes(None);
    view! {
        <header class="site-header">
            <a class="brand" href="/">
                {site.is_own_blog().then(logo)} <bdi lang=lang dir=dir>{site.title.clone()}</bdi>
            </a>
            <nav aria-label=texts.get("nav-site")>
                <ul>{navigation(site, metadata, language)}</ul>
            </nav>
            // theme.js shows the button.
            <button
                type="button"
                class="theme"
                data-horizon="theme"
                data-system=texts.get("theme-system")
                data-light=texts.get("theme-light")
                data-dark=texts.get("theme-dark")
                aria-label=texts.get("theme")
                hidden
            >
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <g class="theme-system">
                        <circle cx="12" cy="12" r="8.25" />
                        <path class="solid" d="M12 3.75a8.25 8.25 0 0 1 0 16.5z" />
                    </g>
                    <g class="theme-light">
                        <circle cx="12" cy="12" r="4.25" />
                        <path d="M12 2.5v2.25M12 19.25v2.25M2.5 12h2.25M19.25 12h2.25M5.3 5.3l1.6 1.6M17.1 17.1l1.6 1.6\
                                 M5.3 18.7l1.6-1.6M17.1 6.9l1.6-1.6" />
                    </g>
                    <path class="theme-dark" d="M19.8 14.6A8.4 8.4 0 0 1 9.4 4.2a8.4 8.4 0 1 0 10.4 10.4z" />
                </svg>
            </button>
        </header>
    }
    .into_any()
}

/// The links to the posts and to the author's pages. The titles of these pages are in the language of the blog.
fn navigation(site: &Site, metadata: &PageMetadata, language: &PageLanguage) -> AnyView {
    let item = |href: &str, title: &str, (lang, dir): (Option<String>, Option<&'static str>)| {
        let current = (metadata.path.as_deref() == Some(href)).then_some("page");
        view! {
            <li>
                <a href=href.to_owned() aria-current=current lang=lang dir=dir>
                    {title.to_owned()}
                </a>
            </li>
        }
    };
    let blog = item("/blog", language.texts.get("nav-blog"), (None, None));
    let pages = site.nav.iter();
    let pages = pages.map(|page| item(&page.href, &page.title, language.attributes(None)));
    view! {
        {blog}
        {pages.collect_view()}
    }
    .into_any()
}

fn logo() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <circle class="mark-hole" cx="16" cy="16" r="8.5" />
            <circle class="mark-ring" cx="16" cy="16" r="10.5" />
            <path class="mark-light" d="M2 19.5C8 23 24 23 30 12.5" />
        </svg>
    }
    .into_any()
}

fn footer(site: &Site, is_live: bool, language: &PageLanguage, markers: &SlotMarkers) -> AnyView {
    let texts = &language.texts;
    let (lang, dir) = language.attributes(None);
    let numbers = is_live.then(|| site_numbers(texts, markers));
    let description = (!site.description.is_empty()).then(|| site.description.clone());
    view! {
        <footer class="site-footer">
            {numbers} {description.map(|text| view! { <p><bdi lang=lang dir=dir>{text}</bdi></p> })}
            <p>
                <a href="/feed.xml">"Atom"</a>
                " · "
                <a href="/rss.xml">"RSS"</a>
                " · "
                {texts.get("footer-privacy")}
            </p>
        </footer>
    }
    .into_any()
}

/// The numbers of the site. A page without islands has none: it counts no viewer, so its own reader would be missing.
fn site_numbers(texts: &Texts, markers: &SlotMarkers) -> AnyView {
    let viewers = CountLabel::slot(texts, markers, Count::SiteViewers, TextUnit::OnSite);
    let visits = CountLabel::slot(texts, markers, Count::SiteVisits, TextUnit::Visits);
    let class = markers.marker(Slot::NowClass(Count::SiteViewers));
    let numbers = view! {
        <ul class="numbers" data-site-numbers>
            <li class=class>{pages::number("site-viewers", viewers)}</li>
            <li>{pages::number("site-visits", visits)}</li>
        </ul>
    }
    .into_any();
    view! { <SiteFooter>{numbers}</SiteFooter> }.into_any()
}
