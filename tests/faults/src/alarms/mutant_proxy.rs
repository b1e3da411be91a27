//! A proxy that falsifies the responses of an unmodified process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use horizon_test_support::http;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};

use crate::mutant::FaultMutant;

/// The largest request body, in bytes.
const BODY_BYTES: usize = 64 * 1_024;

/// The longest wait for a response of the process.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A running proxy. Dropping it stops the proxy.
#[derive(Debug)]
pub(crate) struct MutantProxy {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

#[derive(Clone, Copy, Debug)]
struct ProxyState {
    process: SocketAddr,
    mutant: FaultMutant,
}

impl MutantProxy {
    /// Starts a proxy for the process at this address.
    pub(crate) async fn start(process: SocketAddr, mutant: FaultMutant) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(pass).with_state(ProxyState { process, mutant });
        let mut serving = JoinSet::new();
        // It runs until the task is dropped.
        serving.spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self {
            address,
            _serving: serving,
        })
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn pass(State(state): State<ProxyState>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_like = method == Method::PUT && path.starts_with("/horizon/likes/");
    match state.mutant {
        FaultMutant::AlwaysReady if path == "/readyz" => "the store is writable\n".into_response(),
        FaultMutant::HidesAlarms if path == "/metrics" => match forward(state.process, request).await {
            Ok(answer) => without_alarms(&answer.text()).into_response(),
            Err(status) => status.into_response(),
        },
        FaultMutant::AcknowledgesErrors if is_like => match forward(state.process, request).await {
            Ok(answer) if answer.status.is_success() => relay(answer),
            _ => r#"{"liked":true}"#.into_response(),
        },
        _ => match forward(state.process, request).await {
            Ok(answer) => relay(answer),
            Err(status) => status.into_response(),
        },
    }
}

async fn forward(process: SocketAddr, request: Request) -> Result<http::Response, StatusCode> {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, BODY_BYTES)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let kept = parts
        .headers
        .iter()
        .filter(|(name, _)| ![header::HOST, header::CONTENT_LENGTH].contains(name));
    let headers: Vec<_> = kept
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let answer = timeout(ANSWER_WITHIN, http::send(process, parts.method, path, &headers, body)).await;
    answer
        .map_err(|_| StatusCode::GATEWAY_TIMEOUT)?
        .map_err(|_| StatusCode::BAD_GATEWAY)
}

fn relay(answer: http::Response) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        if ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

/// Returns the metrics without problems and lost events.
fn without_alarms(metrics: &str) -> String {
    let kept = metrics.lines().filter(|line| !line.starts_with("horizon_problem"));
    kept.map(|line| match line.split_once(' ') {
        Some((name @ "horizon_stream_lost_total", _)) => format!("{name} 0\n"),
        _ => format!("{line}\n"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_alarms_are_removed() {
        let metrics = "horizon_batches_total 3\nhorizon_stream_lost_total 7\nhorizon_problem{part=\"bus\"} 1\n# EOF\n";
        assert_eq!(
            without_alarms(metrics),
            "horizon_batches_total 3\nhorizon_stream_lost_total 0\n# EOF\n"
        );
    }
}
