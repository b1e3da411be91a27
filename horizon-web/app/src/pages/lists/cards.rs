//! Posts as cards with their numbers.

use horizon_posts::Passage;
use horizon_texts::{TextUnit, Texts};
use leptos::prelude::*;

use crate::{
    PostCard,
    islands::PostCards,
    language::PageLanguage,
    pages::{likes, number, post, tags},
    slots::CountLabel,
    text,
};

/// The maximum number of tags on a card.
const MAX_TAGS: usize = 3;

/// The width of the cover on a card, for the attribute `sizes`: see `.card-cover` in the style sheet.
const CARD_SIZES: &str = "(min-width: 44rem) 13.5rem, (min-resolution: 2.5dppx) 52vw, 92vw";

/// A list of posts, or a text if the list is empty.
pub(super) fn cards(language: &PageLanguage, posts: &[PostCard], placeholder: &'static str) -> AnyView {
    if posts.is_empty() {
        return view! { <p class="nothing">{language.texts.get(placeholder)}</p> }.into_any();
    }
    let cards = posts.iter().map(|post| card(language, post)).collect_view();
    let list = view! { <div class="cards">{cards}</div> }.into_any();
    view! { <PostCards>{list}</PostCards> }.into_any()
}

fn card(language: &PageLanguage, card: &PostCard) -> AnyView {
    let (texts, post) = (&language.texts, &card.post);
    let (lang, dir) = language.attributes(post.language.as_ref());
    let cover = post.cover.as_ref().map(|cover| {
        // The style sheet sets the size, so that all cards have one layout.
        let srcset = post.cover_picture().and_then(|picture| picture.srcset());
        let sizes = srcset.is_some().then_some(CARD_SIZES);
        view! {
            <img
                class="card-cover"
                src=cover.image.clone()
                srcset=srcset
                sizes=sizes
                alt=""
                loading="lazy"
                decoding="async"
            />
        }
    });
    let summary = match &card.passage {
        Some(passage) => marked(passage),
        None => post.summary().to_owned().into_any(),
    };
    view! {
        <article class="card" data-slug=post.slug.to_string()>
            {cover}
            {post::meta(texts, post)}
            <h3 lang=lang.clone() dir=dir>
                <a href=post.url()>{post.title.clone()}</a>
            </h3>
            <p lang=lang dir=dir>
                {summary}
            </p>
            {tags(texts, post.tags.get(..MAX_TAGS).unwrap_or(&post.tags))}
            {numbers(texts, card)}
        </article>
    }
    .into_any()
}

/// The numbers. A zero is hidden; the script shows it when it changes.
fn numbers(texts: &Texts, card: &PostCard) -> AnyView {
    let stats = card.stats.as_ref();
    let (viewers, visits) = (stats.map(|stats| stats.viewers), stats.map(|stats| stats.visits));
    let liked = stats.map(|stats| stats.likes);
    let is_hidden = |count: Option<u64>| count.unwrap_or(0) == 0;
    view! {
        <ul class="numbers" aria-label=texts.get("numbers")>
            <li class=text::now_class(viewers) hidden=is_hidden(viewers)>
                {number("viewers", CountLabel::new(texts, viewers, TextUnit::ReadingNow))}
            </li>
            <li hidden=is_hidden(visits)>{number("visits", CountLabel::new(texts, visits, TextUnit::Views))}</li>
            <li hidden=is_hidden(liked)>{likes(CountLabel::new(texts, liked, TextUnit::Likes))}</li>
        </ul>
    }
    .into_any()
}

/// The passage with its matches.
fn marked(passage: &Passage) -> AnyView {
    let part = |part: &horizon_posts::PassagePart| {
        let text = part.text.clone();
        if part.is_match {
            view! { <mark>{text}</mark> }.into_any()
        } else {
            text.into_any()
        }
    };
    passage.parts.iter().map(part).collect_view().into_any()
}
