//! `/cluster`: the nodes of the registry.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use eventhorizon::PageReads;
use futures::{StreamExt, stream::unfold};
use horizon_app::{AccumulatorNode, ClusterPage, NodeStatus, View, WebNode};
use horizon_backend::wait_for_shutdown;
use horizon_core::Error;
use horizon_redis::{NodeInfo, NodeRole};
use tokio::time::{interval, timeout};

use crate::{auth, respond, state::AppState};

/// The timeout for reading the registry: 500 milliseconds.
const REGISTRY_TIMEOUT: Duration = Duration::from_millis(500);

/// The interval between updates of the tables.
const UPDATE_INTERVAL: Duration = Duration::from_secs(1);

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/cluster", get(page))
        .route("/cluster/live", get(live))
}

/// Reads the registry. Without one, lists this process.
async fn read_nodes(app: &AppState, reads: &PageReads) -> ClusterPage {
    let Some(registry) = app.horizon.node_registry() else {
        return this_node(app, reads, "only-this-process").await;
    };
    let nodes = timeout(REGISTRY_TIMEOUT, registry.nodes()).await;
    match nodes.unwrap_or_else(|elapsed| Err(Error::unavailable("Redis did not respond in time").with_source(elapsed)))
    {
        Ok(nodes) => by_role(nodes.into_iter().map(|node| (node.info, node.silent_for))),
        Err(error) => {
            tracing::warn!(%error, "cannot read the node registry");
            this_node(app, reads, "redis-unreachable").await
        }
    }
}

/// Lists this process, with the text that has the id `note`.
async fn this_node(app: &AppState, reads: &PageReads, note: &'static str) -> ClusterPage {
    let info = match app.horizon.node_info() {
        Some(info) => info,
        None => {
            let viewers = app.site_stats(reads).await.map_or(0, |site| site.stats.viewers);
            let mut info = NodeInfo::new(app.node.name.as_str(), app.node.started, NodeRole::Web { viewers });
            info.problems = app.horizon.health().problems();
            info
        }
    };
    ClusterPage {
        note: app.site.texts.get(note).into(),
        ..by_role([(info, Duration::ZERO)])
    }
}

fn by_role(nodes: impl IntoIterator<Item = (NodeInfo, Duration)>) -> ClusterPage {
    let mut page = ClusterPage::default();
    for (info, silent_for) in nodes {
        let node = NodeStatus {
            name: info.name,
            started: info.started,
            silent_millis: u64::try_from(silent_for.as_millis()).unwrap_or(u64::MAX),
            round_trip_micros: info.round_trip,
            clock_offset_millis: info.clock_offset,
            problems: info.problems,
        };
        match info.role {
            NodeRole::Web { viewers } => page.web.push(WebNode { node, viewers }),
            NodeRole::Accumulator {
                counted,
                unread,
                pending,
                lost,
            } => page.accumulators.push(AccumulatorNode {
                node,
                counted,
                unread,
                pending,
                lost,
            }),
            _ => {}
        }
    }
    page
}

async fn page(State(app): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(response) = auth::require_session(&app, &headers, Some("/cluster".into())).await {
        return response;
    }
    let reads = app.horizon.page_reads();
    let cluster = read_nodes(&app, &reads).await;
    respond::view_with(&app, &reads, Ok(View::Cluster(cluster))).await
}

/// Streams the tables as HTML in JSON strings until the session ends.
async fn live(State(app): State<AppState>, headers: HeaderMap) -> Response {
    match auth::is_signed_in(&app, &headers).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::NOT_FOUND.into_response(),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let shutdown = app.shutdown.clone();
    let tables = unfold(
        (app, headers, interval(UPDATE_INTERVAL)),
        |(app, headers, mut updates)| async {
            updates.tick().await;
            if !auth::is_signed_in(&app, &headers).await.unwrap_or_default() {
                return None;
            }
            let table = horizon_app::cluster_table(&app.site.texts, &read_nodes(&app, &app.horizon.page_reads()).await);
            let event = Event::default().event("cluster").json_data(table).unwrap_or_default();
            Some((Ok::<_, Infallible>(event), (app, headers, updates)))
        },
    );
    Sse::new(tables.take_until(Box::pin(wait_for_shutdown(shutdown))))
        .keep_alive(KeepAlive::default())
        .into_response()
}
