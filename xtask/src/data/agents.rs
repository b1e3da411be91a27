//! Converts the patterns of uap-core.

use anyhow::Context;
use serde_json::Value;

/// The sections that `horizon-context` uses. That of device models is larger than both.
const SECTIONS: [&str; 2] = ["user_agent_parsers", "os_parsers"];

/// Parts, in lower case, of patterns of programs that open no pages, and of phones and TVs whose browsers lack
/// server-sent events. Patterns that contain one are left out, which saves 40 % of the memory.
const LEFT_OUT: [&str; 36] = [
    "]ot",
    "]pider",
    "arcgis",
    "aws",
    "bot",
    "cf)(network",
    "cfnetwork",
    "client",
    "crawl",
    "dar)(win",
    "darwin",
    "download",
    "esri",
    "espn",
    "feed",
    "hbbtv",
    "http",
    "mail",
    "monitor",
    "nokia",
    "office",
    "outlook",
    "palm",
    "player",
    "podcast",
    "podder",
    "python",
    "radio",
    "rss",
    "sap",
    "scanner",
    "series",
    "spider",
    "thunderbird",
    "update",
    "vlc",
];

/// Returns the patterns of browsers and systems as JSON, one in a line. `yaml` is the file `regexes.yaml` of uap-core.
pub(super) fn patterns(yaml: &str) -> anyhow::Result<String> {
    let file: Value = serde_saphyr::from_str(yaml).context("regexes.yaml is not valid YAML")?;
    let mut sections = Vec::new();
    for section in SECTIONS {
        let patterns = file.get(section).and_then(Value::as_array);
        let patterns = patterns.with_context(|| format!("regexes.yaml has no list `{section}`"))?;
        let lines: Vec<_> = patterns
            .iter()
            .filter(|pattern| is_used(pattern))
            .map(Value::to_string)
            .collect();
        sections.push(format!("\"{section}\": [\n{}\n]", lines.join(",\n")));
    }
    Ok(format!("{{{}}}\n", sections.join(",\n")))
}

fn is_used(pattern: &Value) -> bool {
    let values = pattern.as_object().into_iter().flatten();
    let mut texts = values.filter_map(|(_, value)| Some(value.as_str()?.to_lowercase()));
    !texts.any(|text| LEFT_OUT.iter().any(|part| text.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_used_pattern_is_a_line() {
        let yaml = "user_agent_parsers:\n  - regex: '(Firefox)/(\\d+)'\n    family_replacement: 'Firefox'\n  \
                    - regex: '(Googlebot)'\n  - regex: 'x'\n    family_replacement: 'VLC'\n\
                    os_parsers:\n  - regex: 'Linux'\ndevice_parsers:\n  - regex: 'x'\n";
        let json = patterns(yaml).unwrap();
        assert_eq!(json.lines().filter(|line| line.starts_with("{\"")).count(), 3);
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["user_agent_parsers"].as_array().unwrap().len(), 1);
        assert_eq!(value["user_agent_parsers"][0]["regex"], "(Firefox)/(\\d+)");
        assert!(value.get("device_parsers").is_none());
        assert!(patterns("os_parsers: []").is_err());
    }
}
