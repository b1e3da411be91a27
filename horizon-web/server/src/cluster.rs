//! Who takes part: what this process says of itself, and the author's page about all of them.

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
use eventhorizon::ReadSession;
use futures::{StreamExt, stream::unfold};
use horizon_app::{AccumulatorNode, Cluster, Node, Page, WebNode};
use horizon_backend::wait_for_shutdown;
use horizon_core::{Error, Timestamp, presence::NodeId};
use horizon_redis::{NodeInfo, NodeRole, RegisteredNode};
use tokio::{
    sync::watch,
    time::{interval, timeout},
};

use crate::{admin, pages, state::App};

/// How long Redis may take to list the processes: 500 milliseconds.
const MEMBERS_WAIT: Duration = Duration::from_millis(500);

/// How often the page's tables are made anew.
const FRESH_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/cluster", get(page))
        .route("/cluster/live", get(live))
}

/// What this process is to the others.
pub(crate) struct Roster {
    /// What it is called.
    pub(crate) name: NodeId,
    /// When it started.
    pub(crate) started: Timestamp,
    /// Whether the server is to stop, which ends the streams.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The processes of the blog, seen from this one.
async fn look(app: &App, reads: &ReadSession) -> Cluster {
    let Some(cluster) = app.horizon.node_registry() else {
        return alone(
            app,
            reads,
            "This process serves and counts alone: HORIZON_BUS names no Redis.",
        )
        .await;
    };
    let members = timeout(MEMBERS_WAIT, cluster.members()).await;
    match members.unwrap_or_else(|late| Err(Error::unavailable("Redis did not answer in time").with_source(late))) {
        Ok(members) => sorted(
            members
                .into_iter()
                .map(|RegisteredNode { about, silent_for, .. }| (about, silent_for))
                .collect(),
        ),
        Err(error) => {
            tracing::warn!(%error, "the other processes cannot be asked how they are");
            alone(app, reads, "Redis cannot be reached, so only this process is listed.").await
        }
    }
}

async fn alone(app: &App, reads: &ReadSession, note: &str) -> Cluster {
    let about = match app.horizon.node_info() {
        Some(about) => about,
        None => {
            let viewers = app.totals(reads).await.map_or(0, |totals| totals.stats.viewers);
            let mut about = NodeInfo::new(app.roster.name.as_str(), app.roster.started, NodeRole::Web { viewers });
            about.problems = app.horizon.health().problems();
            about
        }
    };
    Cluster {
        note: note.into(),
        ..sorted(vec![(about, Duration::ZERO)])
    }
}

fn sorted(members: Vec<(NodeInfo, Duration)>) -> Cluster {
    let mut all = Cluster::default();
    for (about, silent_for) in members {
        let node = Node {
            name: about.name,
            started: about.started,
            silent_millis: u64::try_from(silent_for.as_millis()).unwrap_or(u64::MAX),
            round_trip_micros: about.round_trip,
            clock_offset_millis: about.clock_offset,
            problems: about.problems,
        };
        match about.work {
            NodeRole::Web { viewers } => all.web.push(WebNode { node, viewers }),
            NodeRole::Accumulator {
                counted,
                unread,
                pending,
                lost,
            } => all.accumulators.push(AccumulatorNode {
                node,
                counted,
                unread,
                pending,
                lost,
            }),
            _ => {}
        }
    }
    all
}

async fn page(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(response) = admin::turn_away(&app, &headers).await {
        return response;
    }
    let reads = app.horizon.read_session();
    let cluster = look(&app, &reads).await;
    pages::answer_within(&app, &reads, Ok(Page::Cluster(cluster))).await
}

/// The page's tables, again and again, as HTML in a JSON string.
async fn live(State(app): State<App>, headers: HeaderMap) -> Response {
    if !admin::is_author(&app, &headers) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let stopping = app.roster.stopping.clone();
    let tables = unfold((app, interval(FRESH_EVERY)), |(app, mut turns)| async {
        turns.tick().await;
        let table = horizon_app::cluster_table(&look(&app, &app.horizon.read_session()).await);
        let event = Event::default().event("cluster").json_data(table).unwrap_or_default();
        Some((Ok::<_, Infallible>(event), (app, turns)))
    });
    Sse::new(tables.take_until(Box::pin(wait_for_shutdown(stopping))))
        .keep_alive(KeepAlive::default())
        .into_response()
}
