//! The addresses that site generators give to documents.

use std::path::Path;

use chrono::{DateTime, FixedOffset};

use super::{Layout, LayoutRoots};
use crate::{Date, file_name, text};

/// Hugo's and Jekyll's name for the default address of a post of Jekyll.
const JEKYLL_DATE: &str = "/:categories/:year/:month/:day/:title.html";

/// The marks of a pattern that stand for the name of a document.
const NAME_MARKS: [&str; 9] = [
    ":slugorcontentbasename",
    ":slugorfilename",
    ":contentbasename",
    ":filename",
    ":basename",
    ":title",
    ":slug",
    ":name",
    ":path",
];

/// A document of a generator, as far as its address depends on it.
pub(crate) struct NamedFile<'a> {
    /// The path in the content folder.
    pub(crate) path: &'a Path,
    pub(crate) slug: &'a str,
    pub(crate) title: &'a str,
    pub(crate) date: Option<Date>,
}

/// The addresses that a document may have had. Each starts with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DocumentAddresses {
    /// Those that follow from the rules of the generator, the most likely first.
    pub(crate) likely: Vec<String>,
    /// Those of other settings and of other versions of the generator.
    pub(crate) possible: Vec<String>,
    /// The ends of addresses that start with any categories.
    pub(crate) after_categories: Vec<String>,
}

impl LayoutRoots {
    /// Returns the addresses that the generator may have given to a document.
    pub(crate) fn addresses(&self, file: &NamedFile<'_>) -> DocumentAddresses {
        let below = self.below_root(file.path);
        let place = DocumentPlace::new(self.layout, below, file);
        let mut addresses = match self.layout {
            Layout::Plain if place.folders.is_empty() => DocumentAddresses::default(),
            Layout::Hugo => match self.config.permalinks.get(place.section()) {
                Some(pattern) => place.by_pattern(pattern),
                None => place.by_folders(),
            },
            Layout::Jekyll if place.is_jekyll_post() => place.by_pattern(self.jekyll_pattern()),
            Layout::Plain | Layout::Zola | Layout::Jekyll => place.by_folders(),
            Layout::Astro => place.of_collection(),
        };
        if self.layout == Layout::Hugo {
            let by_folders = place.by_folders();
            addresses.possible.extend(by_folders.likely);
            addresses.possible.extend(by_folders.possible);
            addresses.possible.extend(place.by_language());
        }
        addresses
    }

    fn jekyll_pattern(&self) -> &str {
        match self.config.permalinks.get("").map(String::as_str) {
            None | Some("date") => JEKYLL_DATE,
            Some("pretty") => "/:categories/:year/:month/:day/:title/",
            Some("ordinal") => "/:categories/:year/:y_day/:title.html",
            Some("weekdate") => "/:categories/:year/W:week/:short_day/:title.html",
            Some("none") => "/:categories/:title.html",
            Some(pattern) => pattern,
        }
    }
}

/// Where a document is, and the names that it may have in an address.
struct DocumentPlace {
    folders: Vec<String>,
    /// The most likely first: the slug, the file's name, that without its date, and the title.
    names: Vec<String>,
    /// The language at the end of the file's name.
    language: Option<String>,
    /// The dates of the front matter and of the file's name.
    dates: Vec<DateTime<FixedOffset>>,
}

impl DocumentPlace {
    fn new(layout: Layout, below: &Path, file: &NamedFile<'_>) -> Self {
        let name = file_name::document_name(below);
        let (name, language) = file_name::split_language(&name);
        let mut folders: Vec<String> = file_name::folders(below);
        if file_name::is_index(below) {
            folders.pop();
        }
        let (day, bare) = file_name::split_date_of(layout, name);
        let title = text::tag_slug(file.title);
        let mut names = Vec::new();
        for name in [file.slug, name, bare, &title] {
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let dates = [file.date, day].into_iter().flatten();
        Self {
            folders,
            names,
            language: language.map(str::to_owned),
            dates: dates.map(|date| date.date_time()).collect(),
        }
    }

    fn section(&self) -> &str {
        self.folders.first().map_or("", String::as_str)
    }

    fn is_jekyll_post(&self) -> bool {
        self.folders
            .iter()
            .any(|folder| folder == "_posts" || folder == "_drafts")
    }

    /// Returns `/{folders}/{name}/` for each name.
    fn by_folders(&self) -> DocumentAddresses {
        let folder = self
            .folders
            .iter()
            .fold("/".to_owned(), |path, folder| path + folder + "/");
        let language = self.language.iter().map(|language| format!("/{language}{folder}"));
        let folders: Vec<String> = language.chain([folder.clone()]).collect();
        self.addresses(|name| folders.iter().map(|folder| format!("{folder}{name}/")).collect())
    }

    /// Returns the addresses without the folder of a language, which a generator leaves out for the main language.
    fn by_language(&self) -> Vec<String> {
        match self.folders.split_first() {
            Some((language, folders)) if matches!(language.len(), 2 | 5) => {
                let folder = folders.iter().fold("/".to_owned(), |path, folder| path + folder + "/");
                self.names.iter().map(|name| format!("{folder}{name}/")).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the addresses of an entry of a collection of Astro, whose route is up to the author, and of a page.
    fn of_collection(&self) -> DocumentAddresses {
        let mut addresses = self.by_folders();
        let below = self
            .folders
            .iter()
            .skip(1)
            .fold(String::new(), |path, folder| path + folder + "/");
        for route in ["blog", "posts"] {
            let names = self.names.iter().map(|name| format!("/{route}/{below}{name}/"));
            addresses.possible.extend(names);
        }
        addresses
    }

    fn by_pattern(&self, pattern: &str) -> DocumentAddresses {
        let pattern = if pattern.starts_with('/') {
            pattern.to_owned()
        } else {
            format!("/{pattern}")
        };
        match pattern.rsplit_once(":categories") {
            None => self.addresses(|name| self.with_language(&self.expand(&pattern, name))),
            Some((_, rest)) => DocumentAddresses {
                after_categories: self.names.iter().flat_map(|name| self.expand(rest, name)).collect(),
                ..DocumentAddresses::default()
            },
        }
    }

    /// Returns the paths in the folder of the file's language, as Hugo has them, and without it.
    fn with_language(&self, paths: &[String]) -> Vec<String> {
        let in_folder = self
            .language
            .iter()
            .flat_map(|language| paths.iter().map(move |path| format!("/{language}{path}")));
        in_folder.chain(paths.iter().cloned()).collect()
    }

    /// Returns the addresses of all names: those of the slug and of the file's name are likely.
    fn addresses(&self, of_name: impl Fn(&str) -> Vec<String>) -> DocumentAddresses {
        let (likely, possible) = self.names.split_at(self.names.len().min(2));
        DocumentAddresses {
            likely: likely.iter().flat_map(|name| of_name(name)).collect(),
            possible: possible.iter().flat_map(|name| of_name(name)).collect(),
            after_categories: Vec::new(),
        }
    }

    /// Replaces the marks of a pattern, once for each date. Returns nothing if a mark is unknown.
    fn expand(&self, pattern: &str, name: &str) -> Vec<String> {
        let sections = self.folders.join("/");
        let mut path = pattern.replace(":output_ext", ".html");
        for mark in NAME_MARKS {
            path = path.replace(mark, name);
        }
        path = path.replace(":sections", &sections).replace(":section", self.section());
        let mut paths: Vec<String> = if path.contains(':') {
            self.dates.iter().map(|date| with_date(&path, *date)).collect()
        } else {
            vec![path]
        };
        paths.retain(|path| !path.contains(':'));
        paths.dedup();
        paths
    }
}

/// Replaces the marks of a date. Longer marks come first: `:month` is the start of `:monthname`.
fn with_date(pattern: &str, date: DateTime<FixedOffset>) -> String {
    let marks = [
        (":weekdayname", "%A"),
        (":short_month", "%b"),
        (":long_month", "%B"),
        (":short_year", "%y"),
        (":short_day", "%a"),
        (":long_day", "%A"),
        (":monthname", "%B"),
        (":yearday", "%-j"),
        (":i_month", "%-m"),
        (":weekday", "%w"),
        (":i_day", "%-d"),
        (":y_day", "%j"),
        (":month", "%m"),
        (":minute", "%M"),
        (":second", "%S"),
        (":hour", "%H"),
        (":week", "%V"),
        (":year", "%Y"),
        (":day", "%d"),
    ];
    let mut path = pattern.to_owned();
    for (mark, format) in marks {
        if path.contains(mark) {
            path = path.replace(mark, &date.format(format).to_string());
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        layout::{FileUse, FolderRoot, config::SiteConfig},
        source::FileKind,
    };

    fn roots(layout: Layout, root: &str, section: &str, pattern: Option<&str>) -> LayoutRoots {
        let permalinks: BTreeMap<String, String> = pattern
            .map(|pattern| (section.to_owned(), pattern.to_owned()))
            .into_iter()
            .collect();
        LayoutRoots {
            layout,
            roots: vec![FolderRoot {
                path: root.into(),
                documents: Some(FileKind::PostIfDated),
                files: FileUse::None,
                without: &[],
            }],
            config: SiteConfig {
                permalinks,
                ..SiteConfig::default()
            },
        }
    }

    fn of(roots: &LayoutRoots, path: &str) -> DocumentAddresses {
        roots.addresses(&NamedFile {
            path: Path::new(path),
            slug: "hello",
            title: "Hello, World",
            date: "2024-03-07T23:30:00+02:00".parse().ok(),
        })
    }

    #[test]
    fn a_document_has_the_address_that_its_generator_gives_it() {
        for (layout, root, path, address) in [
            (Layout::Hugo, "content", "content/posts/hello.md", "/posts/hello/"),
            (Layout::Hugo, "content", "content/posts/hello/index.md", "/posts/hello/"),
            (Layout::Hugo, "content", "content/about.md", "/about/"),
            (Layout::Hugo, "content", "content/posts/hello.de.md", "/de/posts/hello/"),
            (
                Layout::Hugo,
                "content",
                "content/posts/2024-03-07-hello.md",
                "/posts/2024-03-07-hello/",
            ),
            (
                Layout::Zola,
                "content",
                "content/blog/2024-03-07-hello/index.md",
                "/blog/hello/",
            ),
            (
                Layout::Zola,
                "content",
                "content/blog/2024-03-07_hello.md",
                "/blog/hello/",
            ),
            (
                Layout::Astro,
                "src/content",
                "src/content/blog/hello.md",
                "/blog/hello/",
            ),
            (Layout::Astro, "src/pages", "src/pages/about.md", "/about/"),
            (Layout::Jekyll, "", "about.md", "/about/"),
        ] {
            let likely = of(&roots(layout, root, "", None), path).likely;
            assert!(likely.contains(&address.to_owned()), "{path}: {likely:?}");
        }
    }

    #[test]
    fn patterns_of_the_configuration_decide() {
        for (section, pattern, path, address) in [
            ("posts", "/:year/:month/:slug/", "content/posts/x.md", "/2024/03/hello/"),
            ("posts", "/:section/:filename/", "content/posts/x.md", "/posts/x/"),
            ("posts", ":sections/:title", "content/posts/a/x.md", "/posts/a/x"),
        ] {
            let likely = of(&roots(Layout::Hugo, "content", section, Some(pattern)), path).likely;
            assert!(likely.contains(&address.to_owned()), "{pattern}: {likely:?}");
        }
        for (pattern, expected) in [
            (None, "/2024/03/07/hello.html"),
            (Some("pretty"), "/2024/03/07/hello/"),
            (Some("ordinal"), "/2024/067/hello.html"),
            (Some("none"), "/hello.html"),
            (Some("/blog/:categories/:i_day-:title"), "/7-hello"),
        ] {
            let addresses = of(&roots(Layout::Jekyll, "", "", pattern), "_posts/2024-03-07-hello.md");
            let ends = addresses.after_categories;
            assert!(ends.contains(&expected.to_owned()), "{pattern:?}: {ends:?}");
        }
        let addresses = of(
            &roots(Layout::Jekyll, "", "", Some("/:unknown/:title")),
            "_posts/2024-03-07-hello.md",
        );
        assert_eq!(addresses, DocumentAddresses::default());
    }
}
