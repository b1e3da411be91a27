//! The settings of site generators that decide where files are and which addresses they had.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{Layout, exclusions::Exclusions, site_settings::SiteSettings};

/// The longest configuration that is read, in bytes: 1 MiB.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The configuration of a site generator, as far as it is used. Anything that cannot be read is left out.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct SiteConfig {
    /// Hugo's `contentDir`.
    pub(crate) content_folder: Option<String>,
    /// Hugo's `staticDir`.
    pub(crate) static_folder: Option<String>,
    /// Hugo's `permalinks`: a pattern for each section, and Jekyll's `permalink` for the section "".
    pub(crate) permalinks: BTreeMap<String, String>,
    /// The languages of Hugo and Zola, in lower case.
    pub(crate) languages: BTreeSet<String>,
    /// What is not public.
    pub(crate) exclusions: Exclusions,
    /// What readers see of the whole site.
    pub(crate) site: SiteSettings,
}

impl SiteConfig {
    pub(crate) fn read(layout: Layout, root: &Path) -> Self {
        let config = match layout {
            Layout::Hugo => hugo(root),
            Layout::Jekyll => jekyll(root),
            Layout::Zola => zola(root),
            Layout::Plain | Layout::Astro => Self::default(),
        };
        let exclusions = Exclusions::read(layout, root);
        Self {
            exclusions,
            site: SiteSettings::read(layout, root),
            ..config
        }
    }
}

/// Returns the configurations of a generator and their paths.
pub(super) fn texts(layout: Layout, root: &Path) -> Vec<(PathBuf, String)> {
    let stems = stems(layout, root).into_iter();
    let paths = stems.flat_map(|stem| {
        ["toml", "yaml", "yml", "json"].map(|extension| {
            let mut path = stem.clone().into_os_string();
            path.push(format!(".{extension}"));
            PathBuf::from(path)
        })
    });
    paths.filter_map(|path| read(&path).map(|text| (path, text))).collect()
}

/// Parses a configuration.
pub(super) fn value(path: &Path, text: &str) -> Option<serde_json::Value> {
    if path.extension().is_some_and(|extension| extension == "toml") {
        toml::from_str(text).ok()
    } else {
        serde_saphyr::from_str(text).ok()
    }
}

/// Returns the paths of the configuration of a generator, without extensions.
fn stems(layout: Layout, root: &Path) -> Vec<PathBuf> {
    match layout {
        Layout::Hugo => {
            let project = project(root);
            let folders = [project.clone(), project.join("config/_default")];
            let stems = folders
                .iter()
                .flat_map(|folder| ["hugo", "config"].map(|stem| folder.join(stem)));
            stems.collect()
        }
        Layout::Jekyll => vec![root.join("_config")],
        Layout::Zola => vec![project(root).join("config")],
        Layout::Plain | Layout::Astro => Vec::new(),
    }
}

/// Returns whether a project of Jekyll has its configuration.
pub(super) fn exists_for_jekyll(root: &Path) -> bool {
    ["yml", "yaml", "toml"]
        .iter()
        .any(|extension| root.join(format!("_config.{extension}")).is_file())
}

#[derive(Default, Deserialize)]
struct HugoConfig {
    #[serde(alias = "contentDir", alias = "contentdir", alias = "ContentDir")]
    content_dir: Option<String>,
    #[serde(alias = "staticDir", alias = "staticdir", alias = "StaticDir")]
    static_dir: Option<StaticFolders>,
    #[serde(alias = "Permalinks", default)]
    permalinks: BTreeMap<String, HugoPermalink>,
    #[serde(alias = "Languages", default)]
    languages: BTreeMap<String, IgnoredAny>,
}

/// `staticDir` is one folder or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum StaticFolders {
    One(String),
    Many(Vec<String>),
}

/// A pattern for a section, or patterns for a kind of page.
#[derive(Deserialize)]
#[serde(untagged)]
enum HugoPermalink {
    Section(String),
    Kind(BTreeMap<String, String>),
}

/// Returns the folder of the configuration: `root`, or its parent if `root` is the content folder of a project.
pub(super) fn project(root: &Path) -> PathBuf {
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let is_content = real.file_name().is_some_and(|name| name == "content") && !real.join("content").is_dir();
    match real.parent().filter(|_| is_content) {
        Some(parent) => parent.to_owned(),
        None => real,
    }
}

fn lower_case(names: BTreeMap<String, IgnoredAny>) -> BTreeSet<String> {
    names.into_keys().map(|name| name.to_lowercase()).collect()
}

fn zola(root: &Path) -> SiteConfig {
    #[derive(Deserialize)]
    struct ZolaConfig {
        #[serde(default)]
        languages: BTreeMap<String, IgnoredAny>,
    }
    let config: Option<ZolaConfig> = parse_any(&project(root).join("config"));
    SiteConfig {
        languages: config.map(|config| lower_case(config.languages)).unwrap_or_default(),
        ..SiteConfig::default()
    }
}

fn hugo(root: &Path) -> SiteConfig {
    let stems = stems(Layout::Hugo, root);
    let Some(config) = stems.into_iter().find_map(|stem| parse_any::<HugoConfig>(&stem)) else {
        return SiteConfig::default();
    };
    let mut permalinks = BTreeMap::new();
    for (section, pattern) in config.permalinks {
        match pattern {
            HugoPermalink::Section(pattern) => drop(permalinks.insert(section, pattern)),
            HugoPermalink::Kind(sections) if section == "page" => permalinks.extend(sections),
            HugoPermalink::Kind(_) => {}
        }
    }
    let static_folder = config.static_dir.and_then(|folders| match folders {
        StaticFolders::One(folder) => Some(folder),
        StaticFolders::Many(folders) => folders.into_iter().next(),
    });
    SiteConfig {
        content_folder: config.content_dir.filter(|folder| is_inside(folder)),
        static_folder: static_folder.filter(|folder| is_inside(folder)),
        permalinks,
        languages: lower_case(config.languages),
        ..SiteConfig::default()
    }
}

fn jekyll(root: &Path) -> SiteConfig {
    #[derive(Default, Deserialize)]
    struct JekyllConfig {
        permalink: Option<String>,
    }
    let config: Option<JekyllConfig> = parse_any(&root.join("_config"));
    let permalink = config.and_then(|config| config.permalink);
    SiteConfig {
        permalinks: permalink.map(|pattern| (String::new(), pattern)).into_iter().collect(),
        ..SiteConfig::default()
    }
}

/// Returns whether `config.toml` has `base_url` at its top level, which Zola requires and Hugo spells `baseURL`.
pub(super) fn is_of_zola(root: &Path) -> bool {
    #[derive(Deserialize)]
    struct ZolaBaseUrl {
        #[serde(rename = "base_url")]
        _base_url: String,
    }
    parse_any::<ZolaBaseUrl>(&root.join("config")).is_some()
}

/// Parses the file with this path and one of the usual extensions.
fn parse_any<T: DeserializeOwned>(stem: &Path) -> Option<T> {
    let with = |extension: &str| {
        let mut name = stem.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        read(&PathBuf::from(name))
    };
    if let Some(text) = with("toml") {
        return toml::from_str(&text).ok();
    }
    // JSON is YAML.
    let yaml = ["yaml", "yml", "json"].into_iter().find_map(with)?;
    serde_saphyr::from_str(&yaml).ok()
}

fn read(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let is_read = metadata.is_file() && metadata.len() <= MAX_CONFIG_BYTES;
    is_read.then(|| fs::read_to_string(path).ok())?
}

/// Returns whether a path of the configuration is below the project.
fn is_inside(folder: &str) -> bool {
    let mut parts = Path::new(folder).components();
    !folder.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_generators_are_read_in_each_format() {
        let folder = tempfile::tempdir().unwrap();
        let expected = [("", "/p/:slug/"), ("blog", "/:year/:slug/")];
        let expected: BTreeMap<String, String> = expected
            .map(|(section, pattern)| (section.to_owned(), pattern.to_owned()))
            .into();
        for (name, text) in [
            (
                "hugo.toml",
                "contentDir = \"text\"\n[permalinks]\n\"\" = \"/p/:slug/\"\n\
                 [permalinks.page]\nblog = \"/:year/:slug/\"\n",
            ),
            (
                "hugo.yaml",
                "contentDir: text\npermalinks:\n  '': /p/:slug/\n  page:\n    blog: /:year/:slug/\n",
            ),
            (
                "config.json",
                r#"{"contentDir": "text", "permalinks": {"": "/p/:slug/", "blog": "/:year/:slug/"}}"#,
            ),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let config = SiteConfig::read(Layout::Hugo, folder.path());
            assert_eq!(config.permalinks, expected, "{name}");
            assert_eq!(config.content_folder.as_deref(), Some("text"), "{name}");
            fs::remove_file(path).unwrap();
        }
        fs::write(folder.path().join("_config.yml"), "title: x\npermalink: pretty\n").unwrap();
        let config = SiteConfig::read(Layout::Jekyll, folder.path());
        assert_eq!(config.permalinks.get("").map(String::as_str), Some("pretty"));
    }

    #[test]
    fn a_folder_outside_of_the_project_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        for outside in ["../x", "/etc", ""] {
            fs::write(folder.path().join("hugo.toml"), format!("contentDir = {outside:?}\n")).unwrap();
            assert_eq!(
                SiteConfig::read(Layout::Hugo, folder.path()).content_folder,
                None,
                "{outside}"
            );
        }
    }
}
