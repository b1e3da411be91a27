use std::process::Stdio;

use tokio::process::Command;

/// Lifts the limit of open files to what this user may have, and becomes the program.
const WITH_ALL_FILES: &str = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;

/// Where a program runs: on one core, or on any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuPlacement {
    core: Option<usize>,
}

impl CpuPlacement {
    /// On any core.
    pub const ANYWHERE: Self = Self { core: None };

    /// On this core alone. Needs `taskset`.
    #[must_use]
    pub const fn core(number: usize) -> Self {
        Self { core: Some(number) }
    }

    /// The same program here. It may open as many files as the system lets it, and is killed when it is dropped.
    ///
    /// Nothing stands between: the process that is started becomes the program, and keeps its id.
    #[must_use]
    pub fn apply(self, command: &Command) -> Command {
        let program = command.as_std();
        let mut here = Command::new("sh");
        here.args(["-c", WITH_ALL_FILES, "sh"]);
        if let Some(core) = self.core {
            here.args(["taskset", "-c", &core.to_string()]);
        }
        here.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => here.env(name, value),
                None => here.env_remove(name),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            here.current_dir(folder);
        }
        here.stdin(Stdio::null()).kill_on_drop(true);
        here
    }
}
