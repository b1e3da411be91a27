//! The script for pages.

use std::sync::LazyLock;

static SCRIPT: LazyLock<String> = LazyLock::new(|| minify(include_str!("client/client.js")));

/// Returns the minified script that makes a page live: an ES module without dependencies.
///
/// Serve it as `text/javascript` under the name `client.js`, next to the routes that it requests. Compressed with
/// brotli, it takes at most 2 KiB. [`client_types`] documents it.
///
/// ```
/// assert!(eventhorizon::client_js().contains("new EventSource"));
/// ```
#[must_use]
pub fn client_js() -> &'static str {
    &SCRIPT
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

/// Operators whose surrounding spaces are removed. No string in the script contains one with spaces.
const OPERATORS: [&str; 10] = ["=>", "=", "??", "&&", "||", "==", "!=", "?", ":", "+"];

/// Removes comment lines, indentation, and line ends after `;`, `{` and `,`. No string in the script spans lines.
fn minify(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let mut script = String::with_capacity(source.len());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        script.push_str(line);
        if !line.ends_with([';', '{', ',']) {
            script.push('\n');
        }
    }
    OPERATORS.iter().fold(script, |script, operator| {
        script.replace(&format!(" {operator} "), operator)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The largest size of the script, in bytes, compressed with brotli.
    const BUDGET: usize = 2048;

    #[test]
    fn the_compressed_script_has_at_most_two_kilobytes() {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        writer.write_all(client_js().as_bytes()).unwrap();
        let size = writer.into_inner().len();
        assert!(size <= BUDGET, "{size} bytes");
    }

    #[test]
    fn comments_indentation_and_line_ends_are_stripped_from_the_script() {
        let source = "// one\nconst a = [\n  1,\n\n  // two\n  2\n];\nconst f = () => {\n  a\n};\n";
        assert_eq!(minify(source), "const a=[\n1,2\n];const f=()=>{a\n};");
    }

    #[test]
    fn stripping_changes_no_string_of_the_script() {
        for line in include_str!("client/client.js")
            .lines()
            .filter(|line| !line.trim().starts_with("//"))
        {
            for quote in ['"', '`'] {
                assert_eq!(line.matches(quote).count() % 2, 0, "{line}");
            }
            assert!(!line.contains(['\'', '\\']) && !line.contains("/*"), "{line}");
            for string in line.split(['"', '`']).skip(1).step_by(2) {
                let has = |operator: &&str| string.contains(&format!(" {operator} "));
                assert!(!OPERATORS.iter().any(has), "{line}");
            }
        }
    }
}
