//! The scripts for pages. `build.rs` minifies them.

/// `comments.js`
pub(crate) const COMMENTS: &str = include_str!(concat!(env!("OUT_DIR"), "/comments.js"));

/// `events.js`
pub(crate) const EVENTS: &str = include_str!(concat!(env!("OUT_DIR"), "/events.js"));

/// `finished.js`
pub(crate) const FINISHED: &str = include_str!(concat!(env!("OUT_DIR"), "/finished.js"));

/// Returns the minified script that makes a page live: an ES module without dependencies.
///
/// Serve it as `text/javascript` under the name `client.js`, next to the routes that it requests and to its
/// [modules](client_modules). Compressed with brotli, it takes at most 2 KiB. [`client_types`] documents it.
///
/// ```
/// assert!(eventhorizon::client_js().contains("new EventSource"));
/// ```
#[must_use]
pub fn client_js() -> &'static str {
    include_str!(concat!(env!("OUT_DIR"), "/client.js"))
}

/// Returns the names and texts of the minified modules that [`client_js`] imports when a page uses them.
///
/// Serve them as `text/javascript` next to it. `client.js` requests them with a query string, which differs between
/// versions. Compressed with brotli, the script and all modules together take at most 4 KiB.
///
/// ```
/// for (name, text) in eventhorizon::client_modules() {
///     assert!(name.ends_with(".js") && text.contains("export"));
/// }
/// ```
#[must_use]
pub fn client_modules() -> &'static [(&'static str, &'static str)] {
    if cfg!(feature = "comments") {
        &[
            ("events.js", EVENTS),
            ("finished.js", FINISHED),
            ("comments.js", COMMENTS),
        ]
    } else {
        &[("events.js", EVENTS), ("finished.js", FINISHED)]
    }
}

/// Returns the TypeScript declarations of [`client_js`], which document its hooks and exports.
///
/// ```
/// let types = eventhorizon::client_types();
/// assert!(types.contains("export function connect(options?: Options): Live;"));
/// ```
#[must_use]
pub fn client_types() -> &'static str {
    include_str!("client/client.d.ts")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The largest size of the script, in bytes, compressed with brotli.
    const SCRIPT_LIMIT: usize = 2048;

    /// The largest size of the script and all modules, in bytes, each compressed with brotli.
    const TOTAL_LIMIT: usize = 4096;

    /// Returns the size in bytes after compression with brotli.
    fn compressed_len(text: &str) -> usize {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        writer.write_all(text.as_bytes()).unwrap();
        writer.into_inner().len()
    }

    #[test]
    fn the_script_has_at_most_two_kilobytes_and_four_with_its_modules() {
        let script = compressed_len(client_js());
        assert!(script <= SCRIPT_LIMIT, "{script} bytes");
        let modules: usize = client_modules().iter().map(|(_, text)| compressed_len(text)).sum();
        assert!(script + modules <= TOTAL_LIMIT, "{script} and {modules} bytes");
    }

    #[test]
    fn the_script_imports_each_module_when_it_needs_it_and_nothing_else() {
        let script = client_js();
        for (name, text) in client_modules() {
            assert_eq!(script.matches(&format!("import(\"./{name}?")).count(), 1, "{name}");
            assert!(!text.contains("import"), "{name}");
        }
        assert_eq!(script.matches("import(").count(), client_modules().len());
        assert!(!script.contains("import{") && !script.contains("import \""));
    }
}
