//! The HTML of the pages.

use horizon_axum::eventhorizon::{PageStats, Slug};
use maud::{DOCTYPE, Markup, html};

use crate::{
    REACTIONS,
    database::{Article, PopularArticle, User},
};

/// Renders an article with its current numbers, and the articles that most people read.
pub fn article(
    article: &Article,
    slug: &Slug,
    stats: &PageStats,
    liked: bool,
    user: Option<&User>,
    popular: &[PopularArticle],
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (article.title) }
                script type="module" src="/horizon/client.js" data-slug=(slug) {}
            }
            body {
                (session(user))
                h1 { (article.title) }
                p { (article.body) }
                p {
                    b data-horizon="viewers" { (stats.viewers) } " reading now, "
                    b data-horizon="visits" { (stats.visits) } " views"
                }
                button type="button" data-horizon="like" aria-pressed=(liked) {
                    "♥ " span data-horizon="likes" { (stats.likes) }
                }
                @for reaction in REACTIONS {
                    button type="button" data-horizon-event=(reaction) {
                        (reaction) " " span data-horizon-count=(reaction) { (stats.events.get(reaction)) }
                    }
                }
                (comments(slug, stats, user))
                (most_read(popular))
            }
        }
    }
}

pub fn not_found() -> Markup {
    html! { (DOCTYPE) title { "Not found" } h1 { "Not found" } p { "There is no such page." } }
}

fn session(user: Option<&User>) -> Markup {
    html! {
        @if let Some(user) = user {
            form method="post" action="/sign-out" { (user.name) " " button { "Sign out" } }
        } @else {
            form method="post" action="/sign-in" { input name="name" required; " " button { "Sign in" } }
        }
    }
}

fn most_read(popular: &[PopularArticle]) -> Markup {
    html! {
        h2 { "Most read this week" }
        ol {
            @for article in popular {
                li {
                    a href=(article.path) { (article.title) } ", " (article.visitors) " readers, " (article.likes) " ♥"
                }
            }
        }
    }
}

fn comments(slug: &Slug, stats: &PageStats, user: Option<&User>) -> Markup {
    html! {
        h2 { span data-horizon="comments" { (stats.comments) } " comments" }
        ol data-horizon="comment-list" {
            template {
                li {
                    b data-horizon="author" {} " " i data-horizon="badge" {}
                    div data-horizon="body" {}
                }
            }
        }
        form data-horizon="comment" method="post" action={ "/horizon/comments/" (slug.url_path()) } {
            @if user.is_none() { input name="author" placeholder="Name"; }
            textarea name="body" required {}
            button { "Send" }
            p role="status" {}
        }
    }
}
