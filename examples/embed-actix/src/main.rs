//! A small actix-web application with live readers, visits, likes and comments on its two pages.
//!
//! `cargo run -p embed-actix`, then open <http://127.0.0.1:3002/bread> in two browsers. The page is plain HTML: the
//! script of EventHorizon fills in what is live. `src/horizon.rs` is all that ties the two together.

mod horizon;

use std::{error::Error, net::TcpListener};

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, rt::signal, web};
use eventhorizon::{Horizon, Slug};

const PAGE: &str = include_str!("page.html");

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let horizon = Horizon::from_urls("memory:", "sqlite:bread.db")?.start(is_page).await?;
    let server = serve(TcpListener::bind("127.0.0.1:3002")?, &horizon)?;
    let handle = server.handle();
    let stop = async {
        drop(signal::ctrl_c().await);
        end(&horizon, &handle).await;
    };
    let (served, ()) = futures::join!(server, stop);
    Ok(served?)
}

/// The application.
fn serve(listener: TcpListener, horizon: &Horizon) -> std::io::Result<actix_web::dev::Server> {
    let horizon = horizon.clone();
    let app = move || {
        App::new()
            .app_data(web::Data::new(horizon.clone()))
            .service(web::scope("/horizon").configure(horizon::routes))
            .route("/{slug}", web::get().to(page))
    };
    let server = HttpServer::new(app).workers(2).disable_signals().listen(listener)?;
    Ok(server.run())
}

/// Ends it in order: first the streams, because they would never end, then the server, then what it counted with.
async fn end(horizon: &Horizon, server: &ServerHandle) {
    horizon.end_streams().await;
    server.stop(true).await;
    horizon.close().await;
}

/// Which pages there are. It is asked on every request.
fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

async fn page(horizon: web::Data<Horizon>, slug: web::Path<String>) -> HttpResponse {
    match horizon.page(&slug) {
        Ok(slug) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(PAGE.replace("{slug}", slug.as_str())),
        Err(problem) => HttpResponse::NotFound().body(problem.to_string()),
    }
}

#[cfg(test)]
mod tests;
