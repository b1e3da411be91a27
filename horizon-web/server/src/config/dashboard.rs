use clap::{Args, ValueEnum};

/// The dashboard of the reports.
#[derive(Clone, Copy, Debug, Args)]
pub struct DashboardArgs {
    /// Who may read the dashboard besides the author: `private`, nobody; `public`, everybody, but without filters and
    /// single pages, and without values of fewer than three visitors.
    #[arg(
        id = "dashboard",
        long = "dashboard",
        env = "HORIZON_DASHBOARD",
        value_name = "HORIZON_DASHBOARD",
        default_value = "private"
    )]
    pub access: DashboardAccess,
}

/// Who may read the dashboard besides the author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DashboardAccess {
    /// Nobody.
    Private,
    /// Everybody, with a part of the numbers.
    Public,
}
