//! The size of an SVG picture.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// The width of a picture that has only an aspect ratio, in CSS pixels: browsers show it as wide as the text of a post.
const FULL_WIDTH: f64 = 688.0;

/// The largest size that is believed, in CSS pixels.
const MAX_SIZE: f64 = 100_000.0;

/// Returns the width and height, from the first element of the file.
pub(crate) fn size(start: &str) -> Option<(u32, u32)> {
    let mut reader = Reader::from_str(start);
    let svg = loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => break tag,
            Event::Eof => return None,
            _ => {}
        }
    };
    if svg.local_name().as_ref() != b"svg" {
        return None;
    }
    let view_box = attribute(&svg, "viewBox").and_then(|value| {
        let parts = value
            .split([' ', ',', '\t', '\n', '\r'])
            .filter(|part| !part.is_empty());
        let numbers: Vec<f64> = parts.map_while(|part| part.parse().ok()).collect();
        <[f64; 4]>::try_from(numbers).ok()
    });
    let ratio = view_box.map(|[_, _, width, height]| width / height);
    let width = attribute(&svg, "width").and_then(|value| pixels(&value));
    let height = attribute(&svg, "height").and_then(|value| pixels(&value));
    let (width, height) = match (width, height, ratio) {
        (Some(width), Some(height), _) => (width, height),
        (Some(width), None, Some(ratio)) => (width, width / ratio),
        (None, Some(height), Some(ratio)) => (height * ratio, height),
        (None, None, Some(ratio)) => (FULL_WIDTH, FULL_WIDTH / ratio),
        (_, _, None) => return None,
    };
    Some((whole(width)?, whole(height)?))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.trim().to_owned())
}

/// Returns a length without a unit or in `px`. Other units are rare, and a percentage is not a size.
fn pixels(value: &str) -> Option<f64> {
    value.strip_suffix("px").unwrap_or(value).parse().ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is between 1 and 100,000"
)]
fn whole(size: f64) -> Option<u32> {
    (1.0..=MAX_SIZE).contains(&size.round()).then(|| size.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_the_first_element() {
        for (svg, expected) in [
            ("<svg width='300' height='20.4px'/>", Some((300, 20))),
            (
                "<?xml version='1.0'?><!DOCTYPE svg><!-- c --><svg viewBox=\"0 0 200 100\"><g/></svg>",
                Some((688, 344)),
            ),
            ("<svg width='100%' viewBox='0,0,2,1'>", Some((688, 344))),
            ("<svg height='50' viewBox='0 0 2 1'>", Some((100, 50))),
            (
                "<s:svg xmlns:s='http://www.w3.org/2000/svg' width='5' height='6'/>",
                Some((5, 6)),
            ),
            ("<svg viewBox='0 0 1 0'/>", None),
            ("<svg viewBox='0 0 0 0'/>", None),
            ("<svg width='-5' height='5'/>", None),
            ("<svg width='NaN' height='inf'/>", None),
            ("<svg width='1e300' height='5'/>", None),
            ("<html width='5' height='5'/>", None),
            ("<svg width='5' height='5", None),
            ("", None),
        ] {
            assert_eq!(size(svg), expected, "{svg}");
        }
    }
}
