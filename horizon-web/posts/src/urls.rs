//! Checks and resolves the URLs of links and images.

use std::{
    borrow::Cow,
    path::{Component, Path, PathBuf},
};

use percent_encoding::percent_decode_str;

/// The allowed schemes. Others, such as `javascript:` and `data:`, could run a script.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Returns the URL of a link, or `None` if its scheme is not allowed.
pub(crate) fn link(url: &str) -> Option<Cow<'_, str>> {
    is_safe(url).then(|| media(url).map_or(Cow::Borrowed(url), Cow::Owned))
}

/// Returns the URL of an image, or `None` if its scheme is not allowed. Relative URLs are in `media/` of the content
/// folder.
pub(crate) fn image(url: &str) -> Option<Cow<'_, str>> {
    if !is_safe(url) {
        return None;
    }
    if scheme(url).is_some() || url.starts_with(['/', '\\']) {
        return Some(Cow::Borrowed(url));
    }
    let name = url.trim_start_matches("./").trim_start_matches("../");
    Some(media(url).map_or_else(|| Cow::Owned(format!("/media/{name}")), Cow::Owned))
}

/// Returns `/media/x.png` for `media/x.png`, `./media/x.png` and `../media/x.png`.
fn media(url: &str) -> Option<String> {
    let path = url
        .strip_prefix("./")
        .or_else(|| url.strip_prefix("../"))
        .unwrap_or(url);
    path.starts_with("media/").then(|| format!("/{path}"))
}

/// Resolves a relative path that the file `from` names, within the content folder. Returns `None` if the URL is not
/// relative, has an encoding error, or leads out of the folder.
pub(crate) fn join(from: &Path, url: &str) -> Option<PathBuf> {
    if url.is_empty() || scheme(url).is_some() || url.starts_with(['/', '\\']) {
        return None;
    }
    let decoded = percent_decode_str(url).decode_utf8().ok()?;
    let mut path = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(&*decoded).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::Normal(name) => path.push(name),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Returns whether a URL has a scheme or a host.
pub(crate) fn is_absolute(url: &str) -> bool {
    scheme(url).is_some() || host(url).is_some()
}

/// Returns whether a link leads to another site than `base`.
pub(crate) fn is_external(url: &str, base: &str) -> bool {
    let host = host(url);
    host.is_some() && host != self::host(base)
}

/// Resolves `url`, which is in the document at `path` of the site `base`.
pub(crate) fn absolute(url: &str, base: &str, path: &str) -> String {
    if scheme(url).is_some() {
        url.to_owned()
    } else if url.starts_with("//") {
        format!("https:{url}")
    } else if url.starts_with('/') {
        format!("{base}{url}")
    } else if url.is_empty() || url.starts_with(['#', '?']) {
        format!("{base}{path}{url}")
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{base}{folder}/{}", url.trim_start_matches("./"))
    }
}

fn is_safe(url: &str) -> bool {
    // Browsers ignore white space and control characters in a scheme.
    let bare: String = url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    scheme(&bare).is_none_or(|scheme| SCHEMES.iter().any(|safe| scheme.eq_ignore_ascii_case(safe)))
}

fn scheme(url: &str) -> Option<&str> {
    let end = url.find([':', '/', '?', '#', '\\'])?;
    let (scheme, rest) = url.split_at(end);
    rest.starts_with(':').then_some(scheme)
}

/// Returns the host and port in lower case.
pub(crate) fn host(url: &str) -> Option<String> {
    // Browsers treat a backslash as a slash.
    let url = url.trim().replace('\\', "/").to_ascii_lowercase();
    let rest = match scheme(&url) {
        Some("http" | "https") => url.split_once(':').map_or("", |(_, rest)| rest),
        Some(_) => return None,
        None => &url,
    };
    let rest = rest.strip_prefix("//")?;
    Some(rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_could_run_a_script_is_removed() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:x",
            "java\nscript:x",
            "\u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:x",
        ] {
            assert_eq!(link(bad), None, "{bad:?}");
            assert_eq!(image(bad), None, "{bad:?}");
        }
        for good in [
            "https://a.example/?q=a:b",
            "/blog/x",
            "#top",
            "x?y=javascript:1",
            "mailto:a@b.example",
            "",
        ] {
            assert_eq!(link(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn a_relative_image_is_in_the_media_folder() {
        for name in [
            "x.png",
            "./x.png",
            "media/x.png",
            "./media/x.png",
            "../media/x.png",
            "/media/x.png",
        ] {
            assert_eq!(image(name).as_deref(), Some("/media/x.png"), "{name}");
        }
        assert_eq!(
            image("https://a.example/x.png").as_deref(),
            Some("https://a.example/x.png")
        );
        assert_eq!(link("media/x.pdf").as_deref(), Some("/media/x.pdf"));
    }

    #[test]
    fn only_another_host_is_external() {
        let base = "https://blog.example";
        for inside in [
            "/x",
            "#x",
            "x",
            "https://blog.example",
            "HTTP://BLOG.example/x",
            "mailto:a@b.example",
        ] {
            assert!(!is_external(inside, base), "{inside}");
        }
        for outside in [
            "https://other.example",
            "//other.example/x",
            "https://blog.example.evil/",
            "https://blog.example@evil/",
            "https:\\\\evil",
            "/\\evil",
        ] {
            assert!(is_external(outside, base), "{outside}");
        }
        assert!(is_external("https://other.example", ""));
    }

    #[test]
    fn every_url_can_be_made_absolute() {
        for (url, full) in [
            ("/media/x.png", "https://b.example/media/x.png"),
            ("#part", "https://b.example/blog/one#part"),
            ("two", "https://b.example/blog/two"),
            ("//c.example/", "https://c.example/"),
            ("https://c.example/", "https://c.example/"),
            ("mailto:a@b.example", "mailto:a@b.example"),
        ] {
            assert_eq!(absolute(url, "https://b.example", "/blog/one"), full);
        }
    }
}
