//! Requests of HTTP/2 (RFC 9113). Hyper drives the connection and its streams; [`ConnectionActivity`] ends idle and
//! abusive connections.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{body::Body, response::IntoResponse};
use http::{Request, Response, StatusCode, header};
use hyper::{body::Incoming, rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

use super::{
    MAX_HEAD,
    activity::{ConnectionActivity, TrackedBody},
    connection::{Application, ConnectionSettings},
    socket::ObservedSocket,
};

/// Streams of a connection at the same time: 100, the least that RFC 9113 §6.5.2 recommends.
const MAX_CONCURRENT_STREAMS: u32 = 100;

/// The bytes of a request body that may wait for the application: 64 KiB, of a stream and of a connection.
const RECEIVE_WINDOW: u32 = 64 * 1024;

/// The bytes of a response that may wait for the client: 16 KiB. A slow client would get all of them before the latest
/// frame.
const MAX_SEND_BUFFER: usize = 16 * 1024;

/// The bytes that the kernel keeps in addition: 16 KiB (`TCP_NOTSENT_LOWAT`), for the same reason.
#[cfg(target_os = "linux")]
const MAX_UNSENT: u32 = 16 * 1024;

/// Streams that a client may reset before the server has accepted them: 20. One more ends the connection
/// (CVE-2023-44487, rapid reset).
const MAX_PENDING_RESETS: usize = 20;

/// Streams of a connection that the server may reset because of errors of the client: 256. One more ends the
/// connection (CVE-2025-8671).
const MAX_ERROR_RESETS: usize = 256;

/// The interval of pings: 20 seconds. They detect peers that vanished without closing the connection.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long the response to a ping may take: 20 seconds.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long an idle connection may take to end after GOAWAY: 1 second.
const GOAWAY_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves requests until the connection ends: by the client, by `settings.closing`, or because it is idle.
pub(super) async fn serve(
    socket: ObservedSocket,
    application: Application,
    settings: ConnectionSettings,
) -> Result<(), axum::Error> {
    limit_unsent(&socket);
    let activity = Arc::new(ConnectionActivity::new(socket.state()));
    let application = Arc::new(application);
    let service = service_fn({
        let activity = Arc::clone(&activity);
        // Boxed, so that its memory is freed when the response starts.
        move |request| Box::pin(respond(Arc::clone(&application), Arc::clone(&activity), request))
    });
    let connection = builder(&settings).serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    let mut closing = pin!(settings.closing.cancelled());
    let mut idle_check = pin!(sleep(settings.head_timeout));
    let (mut is_closing, mut is_idle) = (false, false);
    poll_fn(|cx| {
        if !is_closing && closing.as_mut().poll(cx).is_ready() {
            is_closing = true;
            connection.as_mut().graceful_shutdown();
        }
        while idle_check.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let deadline = activity.idle_deadline(settings.head_timeout);
            if deadline > now {
                idle_check.as_mut().reset(deadline);
            } else if is_idle {
                return Poll::Ready(Ok(()));
            } else {
                is_idle = true;
                connection.as_mut().graceful_shutdown();
                idle_check.as_mut().reset(now + GOAWAY_TIMEOUT);
            }
        }
        let polled = connection.as_mut().poll(cx).map_err(axum::Error::new);
        if polled.is_pending() && activity.is_flooded() {
            return Poll::Ready(Err(axum::Error::new("the client sends more than its requests need")));
        }
        polled
    })
    .await
}

fn builder(settings: &ConnectionSettings) -> http2::Builder<StreamExecutor> {
    let mut builder = http2::Builder::new(StreamExecutor(settings.tasks.clone()));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .initial_stream_window_size(RECEIVE_WINDOW)
        .initial_connection_window_size(RECEIVE_WINDOW)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

async fn respond(
    application: Arc<Application>,
    activity: Arc<ConnectionActivity>,
    request: Request<Incoming>,
) -> Result<Response<TrackedBody>, Infallible> {
    let Some(stream) = ConnectionActivity::open_stream(&activity, &application) else {
        let refusal = "Too many connections or requests are open.\n";
        let response = (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], refusal).into_response();
        return Ok(response.map(|body| TrackedBody::new(body, activity, None)));
    };
    let request = request.map(|body| Body::new(TrackedBody::new(Body::new(body), Arc::clone(&activity), None)));
    let response = application.handle(request).await?;
    Ok(response.map(|body| TrackedBody::new(body, activity, Some(stream))))
}

/// A socket without this option keeps the system's size.
fn limit_unsent(socket: &ObservedSocket) {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(socket.tcp()).set_tcp_notsent_lowat(MAX_UNSENT);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Spawns the tasks of streams. They end with their connection, and the server waits for them on shutdown.
#[derive(Clone)]
struct StreamExecutor(TaskTracker);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}
