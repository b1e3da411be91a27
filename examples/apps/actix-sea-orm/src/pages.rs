//! The pages of the shop.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Form, Html, Path},
};
use eventhorizon::{CustomEvent, Error, Horizon, Problem, ProblemKind, Slug, Topic};
use maud::{DOCTYPE, Markup, html};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, QueryOrder};
use serde::Deserialize;

use crate::{
    BUY, Order, PRODUCTS,
    horizon::{ProblemPage, caller},
    product,
};

#[derive(Deserialize)]
pub struct OrderForm {
    count: u32,
}

/// The list of all products, which is a page itself.
pub async fn list(horizon: Data<Horizon>, db: Data<DatabaseConnection>) -> Result<Html, ProblemPage> {
    let products = product::Entity::find().order_by_asc(product::Column::Slug);
    let products = products.all(db.get_ref()).await.map_err(unavailable)?;
    let slug = |product: &product::Model| Slug::new(&format!("{PRODUCTS}{}", product.slug)).ok();
    let rows: Vec<_> = products
        .iter()
        .filter_map(|product| Some((product, slug(product)?)))
        .collect();
    let topics: Vec<Topic> = rows.iter().map(|(_, slug)| slug.clone().into()).collect();
    let stats = horizon.stats(&topics).await?;
    Ok(page(
        "Shop",
        "/",
        html! {
            p { b data-horizon="viewers" { "0" } " here now" }
            ul {
                @for ((product, slug), stats) in rows.iter().zip(&stats) {
                    li data-horizon-slug=(slug) {
                        a href={ "/" (slug.url_path()) } { (product.name) } ": "
                        b data-horizon="viewers" { (stats.viewers) } " looking, "
                        b data-horizon="visits" { (stats.visits) } " views, ♥ "
                        b data-horizon="likes" { (stats.likes) } ", "
                        b data-horizon-count=(BUY) { (stats.events.get(BUY)) } " bought"
                    }
                }
            }
        },
    ))
}

/// A product.
pub async fn show(
    horizon: Data<Horizon>,
    db: Data<DatabaseConnection>,
    request: HttpRequest,
) -> Result<Html, ProblemPage> {
    let slug = horizon.page_from_path(request.uri().path()).await?;
    let id = slug.as_str().strip_prefix(PRODUCTS).unwrap_or_default();
    let product = product::Entity::find_by_id(id)
        .one(db.get_ref())
        .await
        .map_err(unavailable)?;
    // It may have been deleted a moment ago.
    let product = product.ok_or_else(|| Problem::new(ProblemKind::UnknownPage))?;
    let liked = horizon.is_liked_by(&slug, &caller(&horizon, &request)).await?;
    let stats = horizon.stats(&[(&slug).into()]).await?;
    let stats = stats.into_iter().next().unwrap_or_default();
    Ok(page(
        &product.name,
        slug.as_str(),
        html! {
            p { (product.cents / 100) "." (format!("{:02}", product.cents % 100)) " €" }
            p {
                b data-horizon="viewers" { (stats.viewers) } " looking, "
                b data-horizon="visits" { (stats.visits) } " views, "
                b data-horizon-count=(BUY) { (stats.events.get(BUY)) } " bought"
            }
            button type="button" data-horizon="like" aria-pressed=(liked) {
                "♥ " span data-horizon="likes" { (stats.likes) }
            }
            form method="post" action={ "/" (slug.url_path()) "/orders" } {
                input type="number" name="count" value="1" min="1" max="99";
                button { "Buy" }
            }
            p { a href="/" { "All products" } }
        },
    ))
}

/// Takes an order.
pub async fn order(
    horizon: Data<Horizon>,
    slug: Path<String>,
    Form(form): Form<OrderForm>,
    request: HttpRequest,
) -> Result<HttpResponse, ProblemPage> {
    let caller = caller(&horizon, &request).with(Order);
    if !horizon.is_same_origin(caller.headers()) {
        return Ok(HttpResponse::Forbidden().body("This form is of another site."));
    }
    let slug = horizon.page(&format!("{PRODUCTS}{slug}")).await?;
    // A real shop would keep the order here.
    let event = CustomEvent::new(BUY)?.property("count", form.count)?;
    horizon.track(&slug, &caller, event).await?;
    let back = format!("/{}", slug.url_path());
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, back))
        .finish())
}

fn page(title: &str, slug: &str, content: Markup) -> Html {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                script type="module" src="/horizon/client.js" data-slug=(slug) {}
            }
            body { h1 { (title) } (content) }
        }
    };
    Html::new(page.into_string())
}

/// An error whose details are logged, and not shown.
fn unavailable(error: DbErr) -> Error {
    Error::unavailable(format!("the database of products failed: {error}"))
}
