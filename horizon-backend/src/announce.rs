use std::io::Write as _;

/// Says on standard output where a program is, for those who started it. A standard output that takes nothing is no
/// reason not to serve: then the log says so.
///
/// ```
/// horizon_backend::announce("The counter is at http://127.0.0.1:3001");
/// ```
pub fn announce(sentence: &str) {
    let said = writeln!(std::io::stdout(), "{sentence}");
    if let Err(error) = said {
        tracing::warn!(%error, "standard output does not take: {sentence}");
    }
}
