//! The HTML elements that are safe in every document.

/// An element that authors may use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SafeElement {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) content: Content,
}

/// Where an element may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Within text.
    Phrasing,
    /// Between paragraphs.
    Flow,
    /// Only in this element.
    In(&'static str),
}

/// What an element contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// It has no end tag.
    Void,
    Phrasing,
    Flow,
    /// Only elements with [`Place::In`].
    Children,
}

const fn element(name: &'static str, place: Place, content: Content) -> SafeElement {
    SafeElement { name, place, content }
}

const fn phrasing(name: &'static str) -> SafeElement {
    element(name, Place::Phrasing, Content::Phrasing)
}

const ELEMENTS: [SafeElement; 40] = [
    phrasing("a"),
    phrasing("abbr"),
    phrasing("b"),
    phrasing("bdi"),
    phrasing("cite"),
    phrasing("code"),
    phrasing("del"),
    phrasing("dfn"),
    phrasing("em"),
    phrasing("i"),
    phrasing("ins"),
    phrasing("kbd"),
    phrasing("mark"),
    phrasing("q"),
    phrasing("ruby"),
    phrasing("s"),
    phrasing("samp"),
    phrasing("small"),
    phrasing("span"),
    phrasing("strong"),
    phrasing("sub"),
    phrasing("sup"),
    phrasing("u"),
    phrasing("var"),
    element("br", Place::Phrasing, Content::Void),
    element("img", Place::Phrasing, Content::Void),
    element("wbr", Place::Phrasing, Content::Void),
    element("rt", Place::In("ruby"), Content::Phrasing),
    element("rp", Place::In("ruby"), Content::Phrasing),
    element("blockquote", Place::Flow, Content::Flow),
    element("details", Place::Flow, Content::Flow),
    element("div", Place::Flow, Content::Flow),
    element("dl", Place::Flow, Content::Children),
    element("figure", Place::Flow, Content::Flow),
    element("hr", Place::Flow, Content::Void),
    element("p", Place::Flow, Content::Phrasing),
    element("dt", Place::In("dl"), Content::Phrasing),
    element("dd", Place::In("dl"), Content::Flow),
    element("figcaption", Place::In("figure"), Content::Flow),
    element("summary", Place::In("details"), Content::Phrasing),
];

/// Returns the element with that name in lower case.
pub(super) fn find(name: &str) -> Option<&'static SafeElement> {
    ELEMENTS.iter().find(|element| element.name == name)
}

impl SafeElement {
    pub(super) fn may_contain(&self, child: &Self) -> bool {
        match child.place {
            Place::Phrasing => matches!(self.content, Content::Phrasing | Content::Flow),
            Place::Flow => self.content == Content::Flow,
            Place::In(parent) => self.name == parent,
        }
    }
}
