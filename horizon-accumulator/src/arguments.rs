//! The settings, by flag or by environment variable.

use std::net::SocketAddr;

use clap::{Parser, Subcommand};
use horizon_backend::{
    BackendUrls, BusUrl, Delivery, ProgramKind, ReportSettings, SecretString, StoreUrl, UrlSettings, parse_listen_addr,
    random_node_id,
};
use horizon_core::{presence::NodeId, reports::SiteTimeZone};
use horizon_redis::RedisConfig;

use crate::expire::ExpireArguments;
use crate::report::ReportArguments;

/// Counts events, each exactly once.
///
/// With `stdin:` it reads one JSON object per line, prints the totals of their topics, and ends with the input. With
/// Redis it is a service; any number of them share the work.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<ReportCommand>,
    /// The event bus: `stdin:` (the default), `redis://HOST`, or best effort `redis+pubsub://HOST`; with TLS `rediss`.
    #[arg(
        long,
        env = "HORIZON_BUS",
        value_name = "HORIZON_BUS",
        hide_env_values = true,
        global = true
    )]
    bus: Option<SecretString>,
    /// The old name of `--bus`.
    #[arg(long, env = "HORIZON_PIPE", hide = true, global = true)]
    pipe: Option<SecretString>,
    /// The store: `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE`, `redis://HOST`, or `memory:` for a trial.
    /// Default: the Redis of the bus, or `sqlite:horizon.db`.
    #[arg(
        long,
        env = "HORIZON_STORE",
        value_name = "HORIZON_STORE",
        hide_env_values = true,
        global = true
    )]
    store: Option<SecretString>,
    /// The address of the service's `/healthz`, `/readyz` and `/metrics`.
    #[arg(
        long,
        env = "HORIZON_ADDR",
        value_name = "HORIZON_ADDR",
        default_value = "127.0.0.1:3001",
        value_parser = parse_listen_addr
    )]
    addr: SocketAddr,
    /// The unique name of this node. After a restart under the same name, it continues its unfinished work at once;
    /// otherwise other accumulators take over that work after 10 seconds.
    /// Default: `accumulator-` and eight random digits.
    #[arg(long, env = "HORIZON_NODE", value_name = "HORIZON_NODE")]
    node: Option<NodeId>,
    /// Accept a Redis that may lose acknowledged events: its `maxmemory-policy` is not `noeviction`, or its
    /// `appendonly` is `no`. Otherwise `/readyz` returns 503 for such a Redis.
    #[arg(
        long,
        env = "HORIZON_REDIS_MAY_LOSE_DATA",
        value_name = "HORIZON_REDIS_MAY_LOSE_DATA",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    redis_may_lose_data: bool,
    #[command(flatten)]
    reports: ReportSettings,
}

/// What to do instead of counting.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Show a report: how many people came, from where, on what device and for how long.
    Report(ReportArguments),
    /// Compare the totals with the hours and days, and the days with the sessions. The exit code is 1 if any number
    /// differs.
    Verify,
    /// Erase the sessions of old days. The hours and days of the reports stay.
    ExpireSessions(ExpireArguments),
}

/// What the program does.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    /// Count the lines of standard input into this store.
    Lines(StoreUrl, SiteTimeZone),
    /// Count events from Redis.
    Service(ServiceConfig),
    /// Run a command on this store.
    Command(StoreUrl, ReportCommand),
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceConfig {
    pub(crate) urls: BackendUrls,
    /// The Redis of the bus.
    pub(crate) redis: Box<RedisConfig>,
    pub(crate) delivery: Delivery,
    /// The address of the HTTP server. Port 0 selects a free port.
    pub(crate) addr: SocketAddr,
    pub(crate) node: NodeId,
    pub(crate) redis_may_lose_data: bool,
    pub(crate) reports: ReportSettings,
}

impl Arguments {
    /// Checks the URLs. The parser does not, because its error message repeats the value, which may hold a password.
    ///
    /// # Errors
    /// One sentence with the name of the setting.
    pub(crate) fn mode(&self) -> Result<Mode, String> {
        let settings = UrlSettings {
            bus: self.bus.as_ref(),
            pipe: self.pipe.as_ref(),
            store: self.store.as_ref(),
        };
        let program = match self.command {
            Some(_) => ProgramKind::Reader,
            None => ProgramKind::Accumulator,
        };
        let urls = BackendUrls::from_settings(program, &settings, BusUrl::Stdin).map_err(|error| error.to_string())?;
        if let Some(command) = &self.command {
            return Ok(Mode::Command(urls.store().clone(), command.clone()));
        }
        let BusUrl::Redis(redis, delivery) = urls.bus().clone() else {
            return Ok(Mode::Lines(urls.store().clone(), self.reports.time_zone.clone()));
        };
        let node = match &self.node {
            Some(node) => node.clone(),
            None => random_node_id("accumulator").map_err(|error| error.to_string())?,
        };
        Ok(Mode::Service(ServiceConfig {
            urls,
            redis,
            delivery,
            addr: self.addr,
            node,
            redis_may_lose_data: self.redis_may_lose_data,
            reports: self.reports.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn arguments(flags: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["horizon-accumulator"], flags].concat())
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_name() {
        for (flag, name, value) in [
            ("--addr", "HORIZON_ADDR", "localhost"),
            ("--addr", "HORIZON_ADDR", "example.org:3001"),
            ("--node", "HORIZON_NODE", "two words"),
            ("--timezone", "HORIZON_TIMEZONE", "Europe/Atlantis"),
            ("--session-retention", "HORIZON_SESSION_RETENTION", "0"),
        ] {
            let error = arguments(&[flag, value]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn the_address_may_be_localhost() {
        let arguments = arguments(&["--addr", "localhost:3001"]).unwrap();
        assert_eq!(arguments.addr.to_string(), "127.0.0.1:3001");
    }

    #[test]
    fn an_invalid_url_is_rejected_without_being_repeated() {
        for (flag, name) in [
            ("--bus", "HORIZON_BUS"),
            ("--pipe", "HORIZON_PIPE"),
            ("--store", "HORIZON_STORE"),
        ] {
            let arguments = arguments(&[flag, "hunter2"]).unwrap();
            let error = arguments.mode().unwrap_err();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
            assert!(!format!("{arguments:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_command_reads_the_store_of_any_process_of_the_site() {
        for (flags, store) in [
            (&["--bus", "memory:", "--store", "sqlite:x.db", "verify"][..], "sqlite"),
            (&["verify", "--store", "sqlite:x.db"], "sqlite"),
            (&["report", "pages"], "sqlite"),
            (&["report", "--bus", "redis://localhost"], "redis"),
        ] {
            let mode = arguments(flags).unwrap().mode();
            assert!(
                matches!(&mode, Ok(Mode::Command(url, _)) if url.name() == store),
                "{flags:?}: {mode:?}"
            );
        }
    }

    #[test]
    fn the_bus_has_an_old_name_which_must_not_differ() {
        let redis = "redis://localhost";
        for flags in [
            &["--bus", redis][..],
            &["--pipe", redis],
            &["--bus", redis, "--pipe", redis],
        ] {
            assert!(matches!(arguments(flags).unwrap().mode(), Ok(Mode::Service(_))));
        }
        let conflict = arguments(&["--bus", redis, "--pipe", "stdin:"]).unwrap();
        let error = conflict.mode().unwrap_err();
        assert!(
            error.starts_with("HORIZON_BUS is wrong: it differs from HORIZON_PIPE"),
            "{error}"
        );
        let help = Arguments::command().render_long_help().to_string();
        assert!(help.contains("--bus") && !help.contains("--pipe"), "{help}");
    }
}
