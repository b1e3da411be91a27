//! The extensions of CommonMark: one table for the parser, the setting and the documentation.

use std::{fmt::Write as _, str::FromStr};

/// An extension of CommonMark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum MarkdownExtension {
    Tables,
    TaskLists,
    Strikethrough,
    Autolinks,
    Footnotes,
    Alerts,
    Emoji,
    Math,
    CjkEmphasis,
    HeadingIds,
    Captions,
    SafeHtml,
    Shortcodes,
    DefinitionLists,
    Superscript,
    Subscript,
    Mark,
    Insert,
    Callouts,
    SmartPunctuation,
}

/// A row of [`EXTENSIONS`].
struct ExtensionInfo {
    extension: MarkdownExtension,
    /// The name in `HORIZON_MARKDOWN`.
    name: &'static str,
    /// Whether it is on without the setting.
    is_default: bool,
    /// An example, as Markdown in a code span.
    syntax: &'static str,
    /// The effect, as Markdown.
    effect: &'static str,
    /// Where the syntax comes from.
    convention: &'static str,
}

const fn info(
    extension: MarkdownExtension,
    name: &'static str,
    is_default: bool,
    syntax: &'static str,
    effect: &'static str,
    convention: &'static str,
) -> ExtensionInfo {
    ExtensionInfo {
        extension,
        name,
        is_default,
        syntax,
        effect,
        convention,
    }
}

const EXTENSIONS: [ExtensionInfo; 20] = [
    info(
        MarkdownExtension::Tables,
        "tables",
        true,
        "`\\| a \\| b \\|`",
        "a table",
        "GitHub",
    ),
    info(
        MarkdownExtension::TaskLists,
        "task-lists",
        true,
        "`- [x] done`",
        "a checkbox",
        "GitHub",
    ),
    info(
        MarkdownExtension::Strikethrough,
        "strikethrough",
        true,
        "`~~old~~`",
        "struck out",
        "GitHub",
    ),
    info(
        MarkdownExtension::Autolinks,
        "autolinks",
        true,
        "`https://x.example`",
        "a link",
        "GitHub",
    ),
    info(
        MarkdownExtension::Footnotes,
        "footnotes",
        true,
        "`[^1]`, `[^1]: Text.`",
        "a footnote",
        "GitHub",
    ),
    info(
        MarkdownExtension::Alerts,
        "alerts",
        true,
        "`> [!NOTE]`",
        "a box with a title",
        "GitHub",
    ),
    info(
        MarkdownExtension::Emoji,
        "emoji",
        true,
        "`:tada:`",
        "an emoji",
        "GitHub",
    ),
    info(
        MarkdownExtension::Math,
        "math",
        true,
        "`$x^2$`, `$$x^2$$`, `` ```math ``",
        "a formula (MathML)",
        "GitHub",
    ),
    info(
        MarkdownExtension::CjkEmphasis,
        "cjk-emphasis",
        true,
        "`**重要：**这`",
        "bold next to CJK punctuation",
        "markdown-cjk-friendly",
    ),
    info(
        MarkdownExtension::HeadingIds,
        "heading-ids",
        true,
        "`## Title {#id}`",
        "the heading's id",
        "Hugo, Zola",
    ),
    info(
        MarkdownExtension::Captions,
        "captions",
        true,
        "`![alt](x.jpg \"Caption\")`",
        "a figure, if the picture is a paragraph",
        "Pandoc",
    ),
    info(
        MarkdownExtension::SafeHtml,
        "safe-html",
        true,
        "`<kbd>`, `<br>`, `<details>`",
        "harmless HTML, see below",
        "GitHub",
    ),
    info(
        MarkdownExtension::Shortcodes,
        "shortcodes",
        true,
        "`{{< figure >}}`, `{% highlight %}`",
        "tags that need no theme, see below",
        "Hugo, Zola, Jekyll",
    ),
    info(
        MarkdownExtension::DefinitionLists,
        "definition-lists",
        false,
        "`Term`, next line `: Text`",
        "a definition list",
        "Pandoc, Hugo, kramdown",
    ),
    info(
        MarkdownExtension::Superscript,
        "superscript",
        false,
        "`x^2^`",
        "superscript",
        "Pandoc",
    ),
    info(
        MarkdownExtension::Subscript,
        "subscript",
        false,
        "`H~2~O`",
        "subscript",
        "Pandoc",
    ),
    info(
        MarkdownExtension::Mark,
        "mark",
        false,
        "`==text==`",
        "marked text",
        "Pandoc",
    ),
    info(
        MarkdownExtension::Insert,
        "insert",
        false,
        "`++text++`",
        "inserted text",
        "markdown-it",
    ),
    info(
        MarkdownExtension::Callouts,
        "callouts",
        false,
        "`> (info) Text`, `> (details: \"Title\")`",
        "a box; a part that opens on demand",
        "own",
    ),
    info(
        MarkdownExtension::SmartPunctuation,
        "smart-punctuation",
        false,
        "`\"a\" -- b...`",
        "“a” – b…",
        "SmartyPants; on in Hugo and Jekyll",
    ),
];

/// The extensions that are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkdownExtensions(u32);

impl Default for MarkdownExtensions {
    fn default() -> Self {
        let on = EXTENSIONS.iter().filter(|info| info.is_default);
        Self(on.fold(0, |bits, info| bits | bit(info.extension)))
    }
}

const fn bit(extension: MarkdownExtension) -> u32 {
    1 << extension as u8
}

/// A text is not a list of extensions such as `+mark,-emoji`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item:?} is not \"+\" or \"-\" and an extension: {}", names())]
pub struct MarkdownExtensionsError {
    item: String,
}

fn names() -> String {
    let names: Vec<&str> = EXTENSIONS.iter().map(|info| info.name).collect();
    names.join(", ")
}

impl FromStr for MarkdownExtensions {
    type Err = MarkdownExtensionsError;

    /// Parses changes of the default, such as `+mark,-emoji`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut extensions = Self::default();
        for item in text.split([',', ' ']).filter(|item| !item.is_empty()) {
            let error = || MarkdownExtensionsError { item: item.to_owned() };
            let (is_on, name) = match item.strip_prefix('-') {
                Some(name) => (false, name),
                None => (true, item.strip_prefix('+').unwrap_or(item)),
            };
            let info = EXTENSIONS.iter().find(|info| info.name == name).ok_or_else(error)?;
            extensions.set(info.extension, is_on);
        }
        Ok(extensions)
    }
}

impl MarkdownExtensions {
    pub(super) const fn has(self, extension: MarkdownExtension) -> bool {
        self.0 & bit(extension) != 0
    }

    const fn set(&mut self, extension: MarkdownExtension, is_on: bool) {
        if is_on {
            self.0 |= bit(extension);
        } else {
            self.0 &= !bit(extension);
        }
    }

    /// Returns the options of the parser.
    pub(super) fn options(self) -> comrak::Options<'static> {
        let has = |extension| self.has(extension);
        let mut options = comrak::Options::default();
        options.extension.table = has(MarkdownExtension::Tables);
        options.extension.tasklist = has(MarkdownExtension::TaskLists);
        options.extension.strikethrough = has(MarkdownExtension::Strikethrough);
        options.extension.autolink = has(MarkdownExtension::Autolinks);
        options.extension.footnotes = has(MarkdownExtension::Footnotes);
        options.extension.alerts = has(MarkdownExtension::Alerts);
        options.extension.shortcodes = has(MarkdownExtension::Emoji);
        options.extension.math_dollars = has(MarkdownExtension::Math);
        options.extension.math_code = has(MarkdownExtension::Math);
        options.extension.cjk_friendly_emphasis = has(MarkdownExtension::CjkEmphasis);
        options.extension.description_lists = has(MarkdownExtension::DefinitionLists);
        options.extension.superscript = has(MarkdownExtension::Superscript);
        options.extension.subscript = has(MarkdownExtension::Subscript);
        options.extension.highlight = has(MarkdownExtension::Mark);
        options.extension.insert = has(MarkdownExtension::Insert);
        options.parse.smart = has(MarkdownExtension::SmartPunctuation);
        options.render.tasklist_classes = true;
        options
    }

    /// Returns the table of all extensions for the documentation.
    #[must_use]
    pub fn documentation() -> String {
        let mut table = String::from("| name | on | you write | readers see | convention |\n|---|---|---|---|---|\n");
        for info in &EXTENSIONS {
            let on = if info.is_default { "yes" } else { "no" };
            // Writing to a `String` does not fail.
            let _ = writeln!(
                table,
                "| `{}` | {on} | {} | {} | {} |",
                info.name, info.syntax, info.effect, info.convention
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_changes_the_default() {
        let extensions: MarkdownExtensions = "+mark,-emoji, superscript".parse().unwrap();
        assert!(extensions.has(MarkdownExtension::Mark) && extensions.has(MarkdownExtension::Superscript));
        assert!(!extensions.has(MarkdownExtension::Emoji) && extensions.has(MarkdownExtension::Tables));
        assert_eq!("".parse(), Ok(MarkdownExtensions::default()));
        let error = "-emojis".parse::<MarkdownExtensions>().unwrap_err().to_string();
        assert!(
            error.starts_with("\"-emojis\" is not") && error.contains("emoji, math"),
            "{error}"
        );
    }

    #[test]
    fn every_extension_has_its_own_bit_and_name() {
        let mut bits = 0;
        for info in &EXTENSIONS {
            assert_eq!(bits & bit(info.extension), 0, "{}", info.name);
            bits |= bit(info.extension);
            assert_eq!(EXTENSIONS.iter().filter(|other| other.name == info.name).count(), 1);
        }
    }

    #[test]
    fn the_documentation_has_the_table() {
        let page = include_str!("../../../../docs/blog/markdown.md");
        assert!(
            page.contains(&MarkdownExtensions::documentation()),
            "{}",
            MarkdownExtensions::documentation()
        );
    }
}
