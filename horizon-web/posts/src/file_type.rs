//! The types of files that are served from outside of `media/`.
//!
//! Style sheets, scripts and WebAssembly are not in the lists: no page of the blog loads them. HTML is served only if
//! it is a search engine's verification file; the server's default policy puts it into a sandbox.

use std::{fs::File, io::Read as _, path::Path};

/// Types that are safe next to posts: pictures, sound, video, documents, fonts and archives.
const MEDIA: &str = "apng avif bmp gif heic heif ico jpeg jpg jxl png svg tif tiff webp \
    aac flac m4a mid midi mp3 oga ogg opus wav weba \
    avi m4v mkv mov mp4 mpeg mpg ogv webm srt vtt \
    doc docx epub key mobi odp ods odt pdf pps ppt pptx ps rtf xls xlsx \
    eot otf ttf woff woff2 \
    7z bz2 gz rar tar tgz xz zip zst";

/// Further types in folders whose files are all public.
const TEXT: &str = "asc bib csv geojson gpx ics ipynb json kml opml rss atom stl glb gltf tsv txt vcf webmanifest xml";

/// Text files with a name that others look for.
const WELL_KNOWN: &str = "ads.txt app-ads.txt BingSiteAuth.xml browserconfig.xml humans.txt keybase.txt llms.txt \
    manifest.json manifest.webmanifest opensearch.xml robots.txt security.txt site.webmanifest";

/// The starts of the names of search engines' verification files in HTML.
const VERIFICATION: &str = "google yandex_ baidu_verify pinterest- naver shopify wmail_ mailru";

/// Which types of files are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServedTypes {
    /// Media.
    Media,
    /// Media, and text that is not of a tool.
    Published,
    /// Media and data.
    All,
}

impl ServedTypes {
    /// Returns whether a file with this name is served.
    pub(crate) fn contains(self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return false;
        };
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        let extension = extension.to_ascii_lowercase();
        if is_in(MEDIA, &extension) {
            return true;
        }
        match self {
            Self::Media => false,
            Self::Published => is_in("asc txt xml", &extension) || is_well_known(name, &extension),
            Self::All => is_in(TEXT, &extension) || is_well_known(name, &extension),
        }
    }
}

fn is_in(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == name)
}

fn is_well_known(name: &str, extension: &str) -> bool {
    let is_verification = || VERIFICATION.split(' ').any(|start| name.starts_with(start));
    is_in(WELL_KNOWN, name) || (extension == "html" && is_verification())
}

/// Returns whether a file is text in a format that other programs render.
pub(crate) fn is_other_markup(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    is_in("adoc asciidoc org rst textile", &extension.to_ascii_lowercase())
}

/// Returns whether an HTML file has front matter, as the templates of Jekyll do.
pub(crate) fn is_html_with_front_matter(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if !extension.eq_ignore_ascii_case("html") && !extension.eq_ignore_ascii_case("htm") {
        return false;
    }
    let mut start = [0; 3];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && matches!(&start, b"---" | b"+++")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_source_no_secret_and_no_active_content_is_served() {
        let types = [ServedTypes::Media, ServedTypes::Published, ServedTypes::All];
        for refused in [
            "post.md",
            "page.html",
            "index.HTM",
            "x.xhtml",
            "x.js",
            "x.mjs",
            "x.css",
            "x.wasm",
            "x.php",
            "id_rsa",
            "x.pem",
            "blog.db",
            "x.sqlite",
            "x.toml",
            "x.yml",
            "x.yaml",
            "x.bak",
            "x.png~",
            "Gemfile",
            "x.swp",
            "x.log",
            "x.sql",
            "x.sh",
            "x",
            "googlex.js",
        ] {
            for served in types {
                assert!(!served.contains(Path::new(refused)), "{refused} {served:?}");
            }
        }
    }

    #[test]
    fn media_is_served_and_data_where_everything_is_public() {
        for name in ["a.jpg", "B.PNG", "c.svg", "d.pdf", "e.mp4", "f.woff2", "g.tar.gz"] {
            assert!(ServedTypes::Media.contains(Path::new(name)), "{name}");
        }
        for name in ["robots.txt", "google12ab.html", "BingSiteAuth.xml", "yandex_1.html"] {
            assert!(ServedTypes::Published.contains(Path::new(name)), "{name}");
            assert!(!ServedTypes::Media.contains(Path::new(name)), "{name}");
        }
        for name in ["data.csv", "package.json"] {
            assert!(ServedTypes::All.contains(Path::new(name)), "{name}");
            assert!(!ServedTypes::Published.contains(Path::new(name)), "{name}");
        }
    }
}
