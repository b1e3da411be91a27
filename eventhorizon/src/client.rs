//! The script for pages of any kind.

use std::sync::LazyLock;

static SCRIPT: LazyLock<String> = LazyLock::new(|| slim(include_str!("client/client.js")));

/// The script that makes a page live, as a browser gets it: an ES module without dependencies.
///
/// Serve it as `text/javascript` beside the routes, under the name `client.js`: it asks for what is beside it. It takes
/// at most 2 KiB on the wire, compressed with brotli. [`client_types`] says how a page uses it.
///
/// ```
/// assert!(eventhorizon::client_js().contains("new EventSource"));
/// ```
#[must_use]
pub fn client_js() -> &'static str {
    &SCRIPT
}

/// The types of [`client_js`], for TypeScript and for whoever reads them: what hooks there are, and what it exports.
///
/// ```
/// let types = eventhorizon::client_types();
/// assert!(types.contains("export function connect(options?: Options): Live;"));
/// ```
#[must_use]
pub fn client_types() -> &'static str {
    include_str!("client/client.d.ts")
}

/// Operators that need no space around them. No string of the script has one with spaces.
const OPERATORS: [&str; 10] = ["=>", "=", "??", "&&", "||", "==", "!=", "?", ":", "+"];

/// The script without indentation and without lines that are comments: a third of it is for whoever reads the source.
///
/// Behind `;`, `{` and `,` the end of a line means nothing, so those lines are joined. No string of the script spans
/// lines.
fn slim(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let mut slim = String::with_capacity(source.len());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        slim.push_str(line);
        if !line.ends_with([';', '{', ',']) {
            slim.push('\n');
        }
    }
    OPERATORS
        .iter()
        .fold(slim, |slim, operator| slim.replace(&format!(" {operator} "), operator))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The most that the script may cost a reader, in bytes after brotli.
    const BUDGET: usize = 2048;

    #[test]
    fn the_script_costs_a_reader_at_most_two_kilobytes() {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        writer.write_all(client_js().as_bytes()).unwrap();
        let size = writer.into_inner().len();
        assert!(size <= BUDGET, "{size} bytes");
    }

    #[test]
    fn what_is_stripped_from_the_script_is_comments_indentation_and_needless_line_ends() {
        let source = "// one\nconst a = [\n  1,\n\n  // two\n  2\n];\nconst f = () => {\n  a\n};\n";
        assert_eq!(slim(source), "const a=[\n1,2\n];const f=()=>{a\n};");
    }

    #[test]
    fn no_string_of_the_script_spans_lines_or_has_what_is_stripped() {
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
