//! An actix-web application with live readers, visits, likes and comments on its two pages.
//!
//! [`horizon`] connects the two; copy it into your application. The pages are plain HTML, in which the script of
//! EventHorizon fills in the numbers.

pub mod horizon;

use std::net::TcpListener;

use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    web::{self, Html},
};
use eventhorizon::{Horizon, Slug};
use horizon::ProblemPage;

const PAGE: &str = include_str!("page.html");

/// Starts the application on this listener.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(listener: TcpListener, horizon: &Horizon) -> std::io::Result<Server> {
    let horizon = horizon.clone();
    let app = move || {
        App::new()
            .app_data(web::Data::new(horizon.clone()))
            .service(web::scope(horizon::SCOPE).default_service(web::to(horizon::handle)))
            .route("/{slug}", web::get().to(page))
            .wrap(from_fn(horizon::track_page_loads))
    };
    let server = HttpServer::new(app).workers(2).disable_signals();
    // Ends a stream as soon as the browser closes the connection.
    Ok(server.h1_allow_half_closed(false).listen(listener)?.run())
}

/// Returns whether there is such a page. Called for every request.
#[must_use]
pub fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

async fn page(horizon: web::Data<Horizon>, slug: web::Path<String>) -> Result<Html, ProblemPage> {
    let page = horizon.page(&slug).await?;
    Ok(Html::new(PAGE.replace("{slug}", page.as_str())))
}

#[cfg(test)]
mod tests;
