//! The files that the configuration of a generator excludes.

use std::{
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use regex::{Regex, RegexSet};
use serde_json::Value;

use super::{
    Layout,
    config::{self, project},
};

/// The keys that exclude files, in the form of [`normal`].
const KEYS: [&str; 5] = ["exclude", "ignorefiles", "ignoredcontent", "cascade", "defaults"];

/// Which files are not public because of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exclusions {
    /// Patterns of paths in the project. Each path starts with `/`.
    patterns: RegexSet,
    /// The path of the content folder in the project, which is empty for the project itself.
    content_folder: &'static str,
    /// The configurations and what cannot be understood of them. Then no file is public.
    issues: Vec<(PathBuf, String)>,
}

impl Hash for Exclusions {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.patterns.patterns(), self.content_folder, &self.issues).hash(hasher);
    }
}

impl Exclusions {
    /// Reads all configurations of the generator.
    pub(super) fn read(layout: Layout, root: &Path) -> Self {
        let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let is_content = matches!(layout, Layout::Hugo | Layout::Zola) && project(root) != real;
        let mut reader = ExclusionReader::default();
        for (path, text) in config::texts(layout, root) {
            let issue = reader.add(layout, &path, &text).err();
            reader.issues.extend(issue.map(|issue| (path, issue)));
        }
        let patterns = RegexSet::new(&reader.patterns).unwrap_or_else(|error| {
            reader
                .issues
                .push((root.to_owned(), not_understood(&error.to_string())));
            RegexSet::empty()
        });
        Self {
            patterns,
            content_folder: if is_content { "content" } else { "" },
            issues: reader.issues,
        }
    }

    /// Returns whether a file or folder is excluded, by its path in the content folder.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        if !self.issues.is_empty() {
            return true;
        }
        let below = Path::new("/").join(self.content_folder).join(path);
        let below = below.to_string_lossy();
        let relative = below.trim_start_matches('/');
        !self.patterns.is_empty() && (self.patterns.is_match(&below) || self.patterns.is_match(relative))
    }

    /// Returns the configurations that cannot be understood, and why.
    pub(crate) fn issues(&self) -> &[(PathBuf, String)] {
        &self.issues
    }
}

fn not_understood(what: &str) -> String {
    format!("{what} cannot be understood, so no file is public: correct it")
}

#[derive(Default)]
struct ExclusionReader {
    patterns: Vec<String>,
    issues: Vec<(PathBuf, String)>,
}

impl ExclusionReader {
    fn add(&mut self, layout: Layout, path: &Path, text: &str) -> Result<(), String> {
        let Some(Value::Object(fields)) = config::value(path, text) else {
            let extension = path.extension().unwrap_or_default().display();
            return match mentioned_key(text) {
                Some(line) => Err(not_understood(&format!(
                    "the file is not valid {extension}, and {line:?}"
                ))),
                None => Ok(()),
            };
        };
        for (name, value) in &fields {
            match (layout, normal(name).as_str()) {
                (Layout::Jekyll, "exclude") => self.add_all(name, value, jekyll_pattern)?,
                (Layout::Jekyll, "defaults") => self.add_defaults(value),
                (Layout::Zola, "ignoredcontent") => {
                    self.add_all(name, value, |glob| Some(format!("(?:^|/){}$", glob_regex(glob))))?;
                }
                (Layout::Hugo, "ignorefiles") => {
                    // The absolute path on the author's computer is not known.
                    self.add_all(name, value, |regex| {
                        (!regex.starts_with("^/")).then(|| regex.to_owned())
                    })?;
                }
                (Layout::Hugo, "cascade") => self.add_cascades(value),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_all(&mut self, name: &str, value: &Value, regex: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        for item in items(value) {
            let pattern = item.as_str().and_then(&regex).filter(|regex| Regex::new(regex).is_ok());
            let pattern = pattern.ok_or_else(|| not_understood(&format!("{item} in \"{name}\"")))?;
            self.patterns.push(pattern);
        }
        Ok(())
    }

    /// Adds the paths whose default in Jekyll is `published: false`.
    fn add_defaults(&mut self, value: &Value) {
        for rule in items(value) {
            let published = field(rule, "values").and_then(|values| field(values, "published"));
            if published.is_none_or(is_true) {
                continue;
            }
            let text = |name: &str| {
                field(rule, "scope")
                    .and_then(|scope| field(scope, name))
                    .and_then(Value::as_str)
            };
            match (text("path").unwrap_or_default(), text("type")) {
                // They are not public anyway.
                ("", Some("drafts")) => {}
                ("", Some("posts")) => self.patterns.push("(?:^|/)_posts(?:/|$)".to_owned()),
                (path, _) => self.patterns.extend(jekyll_pattern(path)),
            }
        }
    }

    /// Adds the paths that are not built by default in Hugo.
    fn add_cascades(&mut self, value: &Value) {
        for rule in items(value) {
            let build = field(rule, "build");
            let render = build.and_then(|build| field(build, "render"));
            let is_never = render.is_some_and(|render| render == "never" || *render == Value::Bool(false));
            let is_hidden = ["draft", "headless"]
                .iter()
                .any(|name| field(rule, name).is_some_and(is_true));
            if !is_never && !is_hidden {
                continue;
            }
            let path = field(rule, "target").and_then(|target| field(target, "path"));
            let glob = path.and_then(Value::as_str).unwrap_or("/**");
            self.patterns.push(format!("^/[^/]+{}", path_regex(glob)));
        }
    }
}

/// Returns the pattern of the paths of documents for a glob of Hugo, which does not contain the file's extension.
pub(crate) fn path_regex(glob: &str) -> String {
    let separator = if glob.starts_with('/') { "" } else { "/?(?:.*/)?" };
    format!("{separator}{}(?:\\.[^/]*)?$", glob_regex(glob))
}

/// Returns the pattern for a name, a folder, a glob or the start of a path. Jekyll reads them all as such.
fn jekyll_pattern(text: &str) -> Option<String> {
    let path = text.trim_start_matches("./").trim_start_matches('/');
    Some(match path.strip_suffix('/') {
        Some(folder) => format!("^/{}(?:/|$)", glob_regex(folder)),
        None if path.contains(['*', '?', '[']) => format!("^/{}$", glob_regex(path)),
        None => format!("^/{}", regex::escape(path)),
    })
}

/// Returns the regular expression of a glob in which `*` also matches `/`.
fn glob_regex(glob: &str) -> String {
    let (mut regex, mut depth) = (String::new(), 0_usize);
    let mut characters = glob.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                regex.push('[');
                if characters.next_if(|next| matches!(next, '!' | '^')).is_some() {
                    regex.push('^');
                }
            }
            ']' | '-' => regex.push(character),
            '{' => {
                depth += 1;
                regex.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                regex.push(')');
            }
            ',' if depth > 0 => regex.push('|'),
            '\\' => regex.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex
}

/// Returns the line of an invalid configuration that has a key that excludes files.
fn mentioned_key(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        let name = line.split(['=', ':']).next().unwrap_or_default();
        KEYS.contains(&normal(name).as_str())
    })
}

pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let mut fields = value.as_object()?.iter();
    fields.find(|(key, _)| normal(key) == name).map(|(_, value)| value)
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
}

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}

/// Returns a key in lower case, without other characters than letters.
fn normal(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphabetic());
    letters.flat_map(char::to_lowercase).collect()
}
