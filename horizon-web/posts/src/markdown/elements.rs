//! The HTML elements that are safe in every document.

/// An element that authors may use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SafeElement {
    pub(super) name: &'static str,
    pub(super) place: ElementPlace,
    pub(super) content: Content,
}

/// Where an element may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementPlace {
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
    /// Only elements with [`ElementPlace::In`].
    Children,
}

const fn element(name: &'static str, place: ElementPlace, content: Content) -> SafeElement {
    SafeElement { name, place, content }
}

const fn phrasing(name: &'static str) -> SafeElement {
    element(name, ElementPlace::Phrasing, Content::Phrasing)
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
    element("br", ElementPlace::Phrasing, Content::Void),
    element("img", ElementPlace::Phrasing, Content::Void),
    element("wbr", ElementPlace::Phrasing, Content::Void),
    element("rt", ElementPlace::In("ruby"), Content::Phrasing),
    element("rp", ElementPlace::In("ruby"), Content::Phrasing),
    element("blockquote", ElementPlace::Flow, Content::Flow),
    element("details", ElementPlace::Flow, Content::Flow),
    element("div", ElementPlace::Flow, Content::Flow),
    element("dl", ElementPlace::Flow, Content::Children),
    element("figure", ElementPlace::Flow, Content::Flow),
    element("hr", ElementPlace::Flow, Content::Void),
    element("p", ElementPlace::Flow, Content::Phrasing),
    element("dt", ElementPlace::In("dl"), Content::Phrasing),
    element("dd", ElementPlace::In("dl"), Content::Flow),
    element("figcaption", ElementPlace::In("figure"), Content::Flow),
    element("summary", ElementPlace::In("details"), Content::Phrasing),
];

/// Returns the element with that name in lower case.
pub(super) fn find(name: &str) -> Option<&'static SafeElement> {
    ELEMENTS.iter().find(|element| element.name == name)
}

impl SafeElement {
    pub(super) fn may_contain(&self, child: &Self) -> bool {
        match child.place {
            ElementPlace::Phrasing => matches!(self.content, Content::Phrasing | Content::Flow),
            ElementPlace::Flow => self.content == Content::Flow,
            ElementPlace::In(parent) => self.name == parent,
        }
    }
}
