use std::process::Stdio;

use tokio::process::Command;

/// Raises the limit of open files to the maximum, and executes the program.
const WITH_ALL_FILES: &str = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;

/// The core of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuPlacement {
    core: Option<usize>,
}

impl CpuPlacement {
    /// Any core.
    pub const ANYWHERE: Self = Self { core: None };

    /// Returns the placement on this core. Needs `taskset`.
    #[must_use]
    pub const fn core(number: usize) -> Self {
        Self { core: Some(number) }
    }

    /// Returns the command with this placement and the highest limit of open files. Dropping its child kills it.
    ///
    /// The shell executes the program in its own process, so the process id is that of the program.
    #[must_use]
    pub fn apply(self, command: &Command) -> Command {
        let program = command.as_std();
        let mut placed = Command::new("sh");
        placed.args(["-c", WITH_ALL_FILES, "sh"]);
        if let Some(core) = self.core {
            placed.args(["taskset", "-c", &core.to_string()]);
        }
        placed.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => placed.env(name, value),
                None => placed.env_remove(name),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            placed.current_dir(folder);
        }
        placed.stdin(Stdio::null()).kill_on_drop(true);
        placed
    }
}
