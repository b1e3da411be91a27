//! The picture above a post.

use super::{
    fields::FieldParser,
    keys,
    tree::{FieldValue, FrontMatterField, LocatedValue},
};
use crate::{Cover, urls};

/// The keys with which other programs name the picture of a post, the most specific first.
const COVER_KEYS: [&str; 12] = [
    // In `extra` or `params`: at the top it is the blog's own key.
    "cover",
    "coverimage",
    "heroimage",
    "featuredimage",
    "featureimage",
    "image",
    "banner",
    "bannerimage",
    "header",
    "thumbnail",
    "images",
    "ogimage",
];

/// The keys of the address in a mapping.
const ADDRESS_KEYS: [&str; 9] = [
    "image",
    "src",
    "url",
    "path",
    "file",
    "filename",
    "feature",
    "overlayimage",
    "teaser",
];

/// The endings of picture files.
const PICTURE_ENDINGS: [&str; 8] = ["avif", "bmp", "gif", "jpeg", "jpg", "png", "svg", "webp"];

impl FieldParser<'_> {
    /// Returns the cover, with the URL as written by the author, and its line.
    pub(super) fn cover(&mut self) -> Option<(Cover, usize)> {
        if let Some(field) = self.own("cover") {
            return self.own_cover(field);
        }
        let pictures = self.others(&COVER_KEYS);
        let found = pictures
            .filter_map(|field| Some((field, other_picture(&field.value)?)))
            .next();
        let (field, picture) = found?;
        Some(self.with_alt(picture, field))
    }

    /// Reads `cover`, a mapping of `image`, `alt` and `caption`, or a text.
    fn own_cover(&mut self, field: &FrontMatterField) -> Option<(Cover, usize)> {
        const EXPECTED: &str = "a mapping of image, alt and caption, each a text";
        let line = field.value.line;
        let picture = match &field.value.value {
            FieldValue::Mapping(_) => CoverParts::new(&field.value),
            FieldValue::Text(image) => Some(CoverParts {
                image: image.clone(),
                alt: None,
                caption: None,
            }),
            FieldValue::Empty | FieldValue::List(_) => None,
        };
        let Some(picture) = picture else {
            self.error(line, format!("\"{}\" must be {EXPECTED}", field.name));
            return None;
        };
        if picture.image.is_empty() {
            // The templates of some themes have an empty image.
            let mut fields = field.value.fields().iter();
            if !fields.any(is_address) {
                self.error(line, format!("\"{}\" has no image", field.name));
            }
            return None;
        }
        if urls::image(&picture.image).is_none() {
            let reason = format!(
                "the image {:?} of \"{}\" is not a web address",
                picture.image, field.name
            );
            self.error(line, reason);
            return None;
        }
        Some(self.with_alt(picture, field))
    }

    /// Adds the texts in fields such as `cover_alt`, and reports that there is no alternative text.
    fn with_alt(&mut self, picture: CoverParts, field: &FrontMatterField) -> (Cover, usize) {
        let name = &field.name;
        let key = keys::normal(name);
        let sibling = |part: &str| {
            let name = format!("{key}{part}");
            let field = *self.lookup.find_all(&[&name]).first()?;
            Some(field.value.as_text().unwrap_or_default().to_owned())
        };
        let alt = picture.alt.or_else(|| sibling("alt"));
        let caption = picture
            .caption
            .or_else(|| sibling("caption").filter(|caption| !caption.is_empty()));
        if alt.is_none() {
            let place = match &field.value.value {
                FieldValue::Mapping(_) => String::new(),
                _ => format!(" as \"{name}_alt\""),
            };
            let reason = format!("\"{name}\" has no alt: describe the image{place}, or write \"\" for decoration");
            self.warning(field.value.line, reason);
        }
        let cover = Cover {
            image: picture.image,
            alt: alt.unwrap_or_default(),
            caption,
        };
        (cover, field.line)
    }
}

/// The parts of a cover as the author writes them.
struct CoverParts {
    /// May be empty.
    image: String,
    alt: Option<String>,
    caption: Option<String>,
}

impl CoverParts {
    /// Returns the texts of a mapping, or `None` if a value is not a text.
    fn new(value: &LocatedValue) -> Option<Self> {
        let text = |names: &[&str]| {
            let field = value
                .fields()
                .iter()
                .find(|field| names.contains(&&*keys::normal(&field.name)));
            match field.map(|field| &field.value.value) {
                None => Some(None),
                Some(FieldValue::Empty) => Some(Some(String::new())),
                Some(FieldValue::Text(text)) => Some(Some(text.clone())),
                Some(FieldValue::List(_) | FieldValue::Mapping(_)) => None,
            }
        };
        let address = ADDRESS_KEYS.iter().map(|name| text(&[name]));
        let address: Option<Vec<Option<String>>> = address.collect();
        Some(Self {
            image: address?.into_iter().flatten().next().unwrap_or_default(),
            alt: text(&["alt", "imagealt", "alttext"])?,
            caption: text(&["caption", "imagedescription"])?.filter(|caption| !caption.is_empty()),
        })
    }
}

fn is_address(field: &FrontMatterField) -> bool {
    ADDRESS_KEYS.contains(&&*keys::normal(&field.name))
}

/// Returns the picture in the value of another program's key, if it is one.
fn other_picture(value: &LocatedValue) -> Option<CoverParts> {
    let parts = match &value.value {
        FieldValue::Text(image) => CoverParts {
            image: image.clone(),
            alt: None,
            caption: None,
        },
        FieldValue::Mapping(_) => CoverParts::new(value)?,
        FieldValue::List(items) => other_picture(items.first()?)?,
        FieldValue::Empty => return None,
    };
    is_picture(&parts.image).then_some(parts)
}

/// Returns whether this is the address of a picture, and not a word with another meaning.
fn is_picture(image: &str) -> bool {
    if urls::image(image).is_none() {
        return false;
    }
    let path = image.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let has_ending = path
        .rsplit_once('.')
        .is_some_and(|(_, ending)| PICTURE_ENDINGS.contains(&ending));
    has_ending || path.starts_with("https://") || path.starts_with("http://")
}
