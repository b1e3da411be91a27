//! The text after the opening fence of a code block.

/// The keys with the name of a block's file.
const NAME_KEYS: [&str; 5] = ["filename", "title", "file", "name", "caption"];

/// What a fence says about its code: ```` ```ts filename="x.ts" {1,3} ````.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeInfo<'a> {
    /// Empty if the author names no language.
    pub(super) language: &'a str,
    /// The name of the file.
    pub(super) name: Option<String>,
}

impl<'a> CodeInfo<'a> {
    pub(super) fn new(info: &'a str) -> Self {
        let info = info.trim();
        // `rust,no_run` and `rust ignore` are Rust.
        let end = info.find([',', ' ', '\t', '{', ':', ';']).unwrap_or(info.len());
        let (language, rest) = info.split_at(end);
        let name = name(rest);
        if name.is_none() && language.contains('=') {
            // There are only attributes.
            return Self {
                language: "",
                name: self::name(info),
            };
        }
        Self { language, name }
    }
}

/// Returns the name of the file.
fn name(attributes: &str) -> Option<String> {
    let values = NAME_KEYS.iter().find_map(|key| value(attributes, key));
    let name = values.or_else(|| {
        // `js:src/x.js`
        let path = attributes.strip_prefix(':')?.split_whitespace().next()?;
        (path.contains(['.', '/']) && !path.contains('=')).then(|| path.to_owned())
    });
    name.filter(|name| !name.trim().is_empty())
}

/// Returns the value of `key=value`, `key="value"` or `key: "value"`.
fn value(attributes: &str, key: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some(at) = rest.find(key) {
        let (before, after) = rest.split_at(at);
        let after = after.get(key.len()..).unwrap_or_default();
        let is_key = before
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '"'));
        if let Some(value) = after.trim_start().strip_prefix(['=', ':']).filter(|_| is_key) {
            return Some(unquoted(value.trim_start()));
        }
        rest = after;
    }
    None
}

fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = |c: char| match quote {
        Some(quote) => c == quote,
        None => c.is_whitespace() || matches!(c, ',' | '}' | ']'),
    };
    let value = value.trim_start_matches(|c| Some(c) == quote);
    value.split(end).next().unwrap_or_default().to_owned()
}

/// Returns whether the language is that of commands with their output.
pub(super) fn is_session(language: &str) -> bool {
    let language = language.to_ascii_lowercase();
    matches!(
        language.as_str(),
        "console" | "shell-session" | "shellsession" | "sh-session" | "shell" | "terminal" | "bash-session" | "session"
    )
}

/// Returns the name that the grammars have for a language.
pub(super) fn grammar(language: &str) -> &str {
    match language.to_ascii_lowercase().as_str() {
        "jsx" | "mjs" | "cjs" | "node" => "js",
        "mts" | "cts" => "ts",
        "console" | "shell" | "shell-session" | "shellsession" | "sh-session" | "bash-session" | "session"
        | "terminal" | "zsh" | "ksh" | "ash" => "bash",
        "golang" => "go",
        "c#" | "csharp" | "dotnet" => "cs",
        "c++" | "cxx" => "cpp",
        "objective-c" | "objectivec" | "objc" => "m",
        "docker" | "containerfile" => "dockerfile",
        "make" | "mk" => "makefile",
        "terraform" | "hcl" => "tf",
        "kts" => "kt",
        "pwsh" | "ps" => "powershell",
        "jsonc" | "json5" | "ndjson" | "jsonl" => "json",
        "elisp" | "emacs-lisp" => "el",
        "vimscript" | "viml" => "vim",
        "tex" => "latex",
        "patch" => "diff",
        "plpgsql" | "postgresql" | "postgres" | "mysql" | "sqlite" | "tsql" => "sql",
        "protobuf" => "proto",
        "rustdoc" => "rust",
        "python3" | "py3" => "python",
        "html+erb" | "xhtml" | "htm" => "html",
        "conf" | "cfg" => "ini",
        _ => language,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_has_a_language_and_a_name_in_the_form_of_any_generator() {
        for (info, language, name) in [
            ("", "", None),
            ("rust", "rust", None),
            ("rust,no_run", "rust", None),
            ("rust ignore", "rust", None),
            ("ts filename=\"src/x y.ts\"", "ts", Some("src/x y.ts")),
            ("ts title='x.ts' {1,3-5}", "ts", Some("x.ts")),
            ("go {linenos=table,hl_lines=[8,\"15-17\"],linenostart=199}", "go", None),
            ("go {filename=\"main.go\", linenos=true}", "go", Some("main.go")),
            ("rust,linenos,hl_lines=1 3-5,name=mod.rs", "rust", Some("mod.rs")),
            ("js:title=src/x.js", "js", Some("src/x.js")),
            ("js:src/x.js", "js", Some("src/x.js")),
            ("rust:no_run", "rust", None),
            ("{filename=\"x.txt\"}", "", Some("x.txt")),
            ("filename=x.txt", "", Some("x.txt")),
            ("c++", "c++", None),
            ("py data-filename=\"x\" title=\"\"", "py", None),
        ] {
            let expected = CodeInfo {
                language,
                name: name.map(str::to_owned),
            };
            assert_eq!(CodeInfo::new(info), expected, "{info}");
        }
    }
}
