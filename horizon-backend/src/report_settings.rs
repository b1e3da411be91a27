use clap::Args;
use horizon_core::reports::SiteTimeZone;

use crate::SessionRetention;

/// The settings of the reports that programs share, as flags and environment variables.
///
/// ```
/// use clap::Parser;
/// use horizon_backend::{ReportSettings, SessionRetention};
///
/// #[derive(clap::Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     reports: ReportSettings,
/// }
/// let arguments = Arguments::parse_from(["program", "--timezone", "Europe/Berlin"]);
/// assert_eq!(arguments.reports.time_zone.name(), "Europe/Berlin");
/// assert_eq!(arguments.reports.session_retention, SessionRetention::days(90));
/// ```
#[derive(Clone, Debug, Args)]
pub struct ReportSettings {
    /// The time zone of the site, an IANA name such as `Europe/Berlin`. Its midnight is when visitor keys change and a
    /// day of the reports starts. The store keeps that of the first event: set the same for all web nodes and
    /// accumulators.
    #[arg(
        long = "timezone",
        env = "HORIZON_TIMEZONE",
        value_name = "HORIZON_TIMEZONE",
        default_value = "UTC",
        value_parser = SiteTimeZone::new
    )]
    pub time_zone: SiteTimeZone,
    /// How long the process that counts keeps the sessions of the reports: a number of days, or `forever`. Hours and
    /// days are always kept.
    #[arg(
        long,
        env = "HORIZON_SESSION_RETENTION",
        value_name = "HORIZON_SESSION_RETENTION",
        default_value_t = SessionRetention::default()
    )]
    pub session_retention: SessionRetention,
}
