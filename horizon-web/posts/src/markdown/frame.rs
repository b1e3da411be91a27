//! Frames with pages of other hosts.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use html5ever::tokenizer::{Tag, TagKind};

use super::{
    format::Out,
    link::{self, BodyLinkKind},
    tag::write_attribute,
};
use crate::{front_matter::FileIssue, urls};

/// The attributes of a frame that are kept.
const ATTRIBUTES: [&str; 5] = ["title", "width", "height", "allow", "allowfullscreen"];

/// An origin whose pages may be in a frame, such as `https://www.youtube-nocookie.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameOrigin(String);

/// A text is not the origin of a [`FrameOrigin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an origin, such as https://www.youtube-nocookie.com")]
pub struct FrameOriginError;

impl FromStr for FrameOrigin {
    type Err = FrameOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let host = text.strip_prefix("https://").ok_or(FrameOriginError)?;
        // The text is a part of the Content-Security-Policy.
        let is_host_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.chars().all(is_host_char);
        is_host.then_some(Self(text)).ok_or(FrameOriginError)
    }
}

impl fmt::Display for FrameOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FrameOrigin {
    fn allows(&self, url: &str) -> bool {
        let is_https =
            url.starts_with("//") || url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        let host = urls::host(url).unwrap_or_default();
        is_https && self.0.strip_prefix("https://") == Some(&host)
    }
}

pub(super) fn is_frame(tag: &Tag) -> bool {
    &*tag.name == "iframe"
}

/// Writes a frame, or a link to its page if its host is not allowed. The end tag writes nothing.
pub(super) fn format(out: &mut Out<'_, '_, '_>, tag: &Tag, line: usize) -> fmt::Result {
    if tag.kind == TagKind::EndTag {
        return Ok(());
    }
    let src = tag.attrs.iter().find(|attribute| &*attribute.name.local == "src");
    let Some(url) = src.and_then(|src| link::url(out, &src.value, line, BodyLinkKind::Frame)) else {
        return Ok(());
    };
    let input = out.user.input;
    if !input.context.options.frames.iter().any(|origin| origin.allows(&url)) {
        let reason = format!("the frame {url} is shown as a link: HORIZON_FRAMES does not allow its host");
        out.user.issues.push(FileIssue::warning(Some(line), reason));
        return format_link(out, &url);
    }
    out.write_str("<iframe src=\"")?;
    out.escape_href(&url)?;
    out.write_str("\"")?;
    for attribute in &tag.attrs {
        let (name, value) = (&*attribute.name.local, &*attribute.value);
        match name {
            "allowfullscreen" => out.write_str(" allowfullscreen")?,
            "width" | "height" if value.parse::<u16>().is_err() => {}
            _ if ATTRIBUTES.contains(&name) => write_attribute(out, name, value)?,
            _ => {}
        }
    }
    out.write_str(" loading=\"lazy\" referrerpolicy=\"strict-origin-when-cross-origin\"></iframe>")
}

fn format_link(out: &mut Out<'_, '_, '_>, url: &str) -> fmt::Result {
    let is_in_link = out.user.html.has_link();
    if !is_in_link {
        out.write_str("<a href=\"")?;
        out.escape_href(url)?;
        out.write_str("\" rel=\"noopener noreferrer\">")?;
    }
    out.escape(url)?;
    out.write_str(if is_in_link { "" } else { "</a>" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_one_of_the_origins() {
        let origin: FrameOrigin = "https://Video.example/".parse().unwrap();
        assert_eq!(origin.to_string(), "https://video.example");
        for (url, is_allowed) in [
            ("https://video.example/embed/1", true),
            ("//video.example/embed/1", true),
            ("HTTPS://video.example", true),
            ("http://video.example/", false),
            ("https://video.example.evil/", false),
            ("https://video.example@evil/", false),
            ("https://other.example/", false),
            ("/video.example", false),
        ] {
            assert_eq!(origin.allows(url), is_allowed, "{url}");
        }
    }

    #[test]
    fn an_origin_cannot_change_the_policy() {
        for bad in [
            "http://a.example",
            "a.example",
            "https://",
            "https://a.example; script-src *",
            "https://*",
            "https://a/b",
        ] {
            assert_eq!(bad.parse::<FrameOrigin>(), Err(FrameOriginError), "{bad}");
        }
    }
}
