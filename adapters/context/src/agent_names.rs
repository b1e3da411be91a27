//! The names of browsers and systems in reports: few enough that rows of a report add up, in lower case.

use horizon_core::ContextValue;

use crate::value::value;

/// A part of an agent string, in lower case, of a browser or a system that uap-core does not recognize. With
/// `versioned`, the digits after it are the major version.
struct OwnPattern {
    part: &'static str,
    name: &'static str,
    versioned: bool,
}

const fn own(part: &'static str, name: &'static str) -> OwnPattern {
    let versioned = false;
    OwnPattern { part, name, versioned }
}

const fn versioned(part: &'static str, name: &'static str) -> OwnPattern {
    let versioned = true;
    OwnPattern { part, name, versioned }
}

const OWN_BROWSERS: [OwnPattern; 21] = [
    own("orca-android", "messenger"),
    own("micromessenger/", "wechat"),
    own("linkedinapp", "linkedin"),
    own("kakaotalk", "kakaotalk"),
    own("musical_ly", "tiktok"),
    own("trill_", "tiktok"),
    own("bytedancewebview", "tiktok"),
    own("whatsapp/", "whatsapp"),
    own("barcelona ", "threads"),
    versioned("huaweibrowser/", "huawei browser"),
    versioned(" vivaldi/", "vivaldi"),
    versioned(" brave/", "brave"),
    versioned(" ddg/", "duckduckgo"),
    versioned(" opt/", "opera"),
    versioned(" whale/", "whale"),
    versioned(" epiphany/", "epiphany"),
    versioned(" falkon/", "falkon"),
    versioned(" focus/", "firefox focus"),
    versioned(" nintendobrowser/", "nintendo browser"),
    own("playstation", "playstation browser"),
    own("ecosia ", "ecosia"),
];

const OWN_SYSTEMS: [OwnPattern; 4] = [
    versioned("openharmony ", "openharmony"),
    versioned("playstation vita ", "playstation vita"),
    versioned("playstation ", "playstation"),
    own("nintendo switch", "nintendo switch"),
];

/// Other names for those of uap-core, in lower case and without the endings of [`VARIANTS`].
const BROWSERS: [(&str, &str); 6] = [
    ("chrome mobile webview", "android webview"),
    ("mobile safari ui/wkwebview", "ios webview"),
    ("mobile safari", "safari"),
    ("ie", "internet explorer"),
    ("miuibrowser", "miui browser"),
    ("facebook messenger", "messenger"),
];

/// The endings of the names of browsers for phones and tablets.
const VARIANTS: [&str; 5] = [" mobile ios", " mobile", " ios", " tablet", " beta"];

/// Apps with a browser of their own, whose versions change every week, and browsers without a sensible version.
const WITHOUT_VERSION: [&str; 9] = [
    "facebook",
    "google",
    "instagram",
    "ios webview",
    "line",
    "messenger",
    "snapchat",
    "sogou explorer",
    "twitter",
];

const SYSTEMS: [(&str, &str); 2] = [("mac os x", "macos"), ("web0s", "webos")];

/// Systems whose agents have a constant version, or an unknown one.
const SYSTEMS_WITHOUT_VERSION: [&str; 4] = ["macos", "chrome os", "linux", "webos"];

/// Distributions of Linux, which only some browsers name.
const LINUX: [&str; 14] = [
    "arch linux",
    "centos",
    "debian",
    "fedora",
    "gentoo",
    "kubuntu",
    "linux mint",
    "lubuntu",
    "mageia",
    "mandriva",
    "red hat",
    "slackware",
    "suse",
    "ubuntu",
];

/// Returns the browser of an agent in lower case. `found` is the family and the major version of uap-core.
pub(crate) fn browser(agent: &str, found: Option<(&str, Option<&str>)>) -> Option<ContextValue> {
    if let Some(own) = find_own(&OWN_BROWSERS, agent) {
        return own;
    }
    let (family, major) = found?;
    let family = family.to_lowercase();
    let base = VARIANTS.iter().find_map(|variant| family.strip_suffix(variant));
    let name = renamed(&BROWSERS, &family).unwrap_or_else(|| renamed_or_same(&BROWSERS, base.unwrap_or(&family)));
    let major = major.filter(|_| !WITHOUT_VERSION.contains(&name));
    with_version(name, major.unwrap_or_default())
}

/// Returns the system of an agent in lower case. `found` is the family and the major version of uap-core.
pub(crate) fn system(agent: &str, found: Option<(&str, Option<&str>)>) -> Option<ContextValue> {
    if let Some(own) = find_own(&OWN_SYSTEMS, agent) {
        return own;
    }
    let (family, major) = found?;
    let family = family.to_lowercase();
    let name = if LINUX.contains(&family.as_str()) {
        "linux"
    } else {
        renamed_or_same(&SYSTEMS, &family)
    };
    let major = major.filter(|_| !SYSTEMS_WITHOUT_VERSION.contains(&name));
    with_version(name, major.unwrap_or_default())
}

fn find_own(patterns: &[OwnPattern], agent: &str) -> Option<Option<ContextValue>> {
    patterns.iter().find_map(|own| {
        let (_, rest) = agent.split_once(own.part)?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        let version = digits.filter(|_| own.versioned).unwrap_or_default();
        Some(with_version(own.name, version))
    })
}

fn renamed(names: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    names.iter().find(|(from, _)| *from == name).map(|(_, to)| *to)
}

fn renamed_or_same<'a>(names: &[(&str, &'static str)], name: &'a str) -> &'a str {
    renamed(names, name).unwrap_or(name)
}

/// Returns the name and a major version of at most six letters and digits, such as `10` and `vista`.
fn with_version(name: &str, major: &str) -> Option<ContextValue> {
    let is_version = major.len() <= 6 && major.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let major = if is_version { major } else { "" };
    value(&format!("{name} {major}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_and_distributions_have_one_name() {
        let browser = |family: &str| browser("", Some((family, Some("7")))).unwrap().as_str().to_owned();
        assert_eq!(browser("Chrome Mobile iOS"), "chrome 7");
        assert_eq!(browser("Mobile Safari UI/WKWebView"), "ios webview");
        assert_eq!(browser("IE Mobile"), "internet explorer 7");
        assert_eq!(browser("Instagram"), "instagram");
        let system = |family: &str, major: &str| system("", Some((family, Some(major)))).unwrap().as_str().to_owned();
        assert_eq!(system("Ubuntu", "24"), "linux");
        assert_eq!(system("Windows", "Vista"), "windows vista");
        assert_eq!(system("Android", "14; rm -rf"), "android");
        assert_eq!(system("Mac OS X", "10"), "macos");
    }
}
