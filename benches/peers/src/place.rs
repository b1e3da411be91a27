use std::{ffi::OsStr, process::Stdio};

use tokio::process::Command;

/// Lifts the limit of open files to what this user may have, and becomes the program.
const WITH_ALL_FILES: &str = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;

/// Where a program runs: on one core, or on any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    core: Option<usize>,
}

impl Place {
    /// On any core.
    pub const ANYWHERE: Self = Self { core: None };

    /// On this core alone. Needs `taskset`.
    #[must_use]
    pub fn core(number: usize) -> Self {
        Self { core: Some(number) }
    }

    /// A command for the program. It may open as many files as the system lets it, and is killed when it is dropped.
    ///
    /// Nothing stands between: the process that is started becomes the program, and keeps its id.
    #[must_use]
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", WITH_ALL_FILES, "sh"]);
        if let Some(core) = self.core {
            command.args(["taskset", "-c", &core.to_string()]);
        }
        command.arg(program).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}
