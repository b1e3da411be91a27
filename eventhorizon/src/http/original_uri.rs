use http::Uri;

/// The URI of a request as the client sent it, before the path under which the contract is nested was removed.
///
/// An extension of a request to [`Horizon::handle`](crate::Horizon::handle). With it, a caller who has to sign in
/// before they see the dashboard gets back to it ([`ReportAccess::SignIn`](crate::ReportAccess::SignIn)).
/// `horizon-axum` adds it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Caller, Horizon, OriginalUri, ReportAccess, Slug, http::Request};
///
/// let policy = |_: &Caller| ReportAccess::SignIn("/login".into());
/// let horizon = Horizon::in_memory().report_policy(policy).start(|_: &Slug| true).await?;
/// let request = Request::get("/dashboard?period=7d").header("accept", "text/html");
/// let request = request.extension(OriginalUri("/horizon/dashboard?period=7d".parse()?)).body(String::new())?;
/// let response = horizon.handle([192, 0, 2, 1].into(), request).await;
/// # #[cfg(feature = "dashboard")]
/// assert_eq!(response.headers()["location"], "/login?back=%2Fhorizon%2Fdashboard%3Fperiod%3D7d");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct OriginalUri(pub Uri);
