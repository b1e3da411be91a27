//! A small shop: live numbers, likes and sales of its products.

mod horizon;
mod pages;
mod product;

use std::{env, error::Error, time::Duration};

use actix_web::{App, HttpServer, middleware::from_fn, web};
use eventhorizon::{Decision, EventKind, Horizon, Origin, Pages, ProposedEvent, RuleError, Slug, async_trait};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, EntityTrait, PaginatorTrait};

/// The name of the event that somebody bought a product.
const BUY: &str = "buy";

/// Where the pages of products are.
const PRODUCTS: &str = "products/";

/// Marks the callers of our own handler for orders.
#[derive(Clone, Copy)]
struct Order;

/// The products that the database has.
struct Shop(DatabaseConnection);

#[async_trait]
impl Pages for Shop {
    async fn exists(&self, slug: &Slug) -> Result<bool, RuleError> {
        match slug.as_str().strip_prefix(PRODUCTS) {
            Some(product) => Ok(product::Entity::find_by_id(product).count(&self.0).await? > 0),
            None => Ok(slug.as_str() == "/"),
        }
    }
}

/// Accepts sales only from our handler for orders, and no other events. The other origin only reads.
fn policy(proposed: &ProposedEvent<'_>, partner: &str) -> Decision {
    let origin = proposed.caller.headers().get("origin");
    if origin.is_some_and(|origin| origin.as_bytes() == partner.as_bytes()) {
        return Decision::Reject("This site only shows the numbers.".into());
    }
    match proposed.kind {
        EventKind::Custom { .. } if proposed.caller.extensions().get::<Order>().is_none() => {
            Decision::Reject("Only an order is a sale.".into())
        }
        _ => Decision::Accept,
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _log = eventhorizon::start_log();
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".into());
    let mut options = ConnectOptions::new(env::var("DATABASE_URL")?);
    options.sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(2)); // shorter than the 3 seconds that a rule has
    let db = Database::connect(options).await?;
    product::migrate(&db).await?;

    let partner = env::var("PARTNER").unwrap_or_else(|_| "https://tea.example.com".into());
    let origin: Origin = partner.parse()?;
    let horizon = Horizon::from_urls("memory:", "sqlite:numbers.db")?
        .configure(|config| {
            config.origins.push(origin);
            config.secure_cookies = true; // `origins` need it
        })
        .event_policy(move |proposed: &ProposedEvent<'_>| policy(proposed, &partner))
        .start(Shop(db.clone()))
        .await?;

    let site = horizon.clone();
    let app = move || {
        App::new()
            .app_data(web::Data::new(site.clone()))
            .app_data(web::Data::new(db.clone()))
            .service(web::scope(horizon::SCOPE).default_service(web::to(horizon::handle)))
            .route("/", web::get().to(pages::list))
            .route("/products/{slug}", web::get().to(pages::show))
            .route("/products/{slug}/orders", web::post().to(pages::order))
            .wrap(from_fn(horizon::track_page_loads))
    };
    let server = HttpServer::new(app).workers(2).disable_signals();
    let server = server.h1_allow_half_closed(false).bind(address)?.run();
    let handle = server.handle();
    let stop = async {
        eventhorizon::shutdown_signal().await;
        horizon::end(&horizon, &handle).await
    };
    let (served, ended) = futures::future::join(server, stop).await;
    served?;
    Ok(ended?)
}
