use std::env;

use clap::{Arg, Command, Parser, builder::Resettable};

/// Parses the arguments of the program. An environment variable that is empty counts as unset, because compose files
/// and unit files often contain `NAME=`.
///
/// Ends the process with a message if an argument is invalid.
///
/// ```no_run
/// #[derive(clap::Parser)]
/// struct Arguments {
///     /// The URL of the store.
///     #[arg(long, env = "MY_STORE", default_value = "memory:")]
///     store: String,
/// }
/// let arguments: Arguments = horizon_backend::parse_arguments();
/// ```
pub fn parse_arguments<P: Parser>() -> P {
    let matches = without_empty_variables(P::command()).get_matches();
    P::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut P::command()).exit())
}

fn without_empty_variables(command: Command) -> Command {
    command
        .mut_args(without_empty_variable)
        .mut_subcommands(without_empty_variables)
}

fn without_empty_variable(arg: Arg) -> Arg {
    let value = arg.get_env().and_then(env::var_os);
    if value.is_some_and(|value| value.is_empty()) {
        return arg.env(Resettable::Reset);
    }
    arg
}
