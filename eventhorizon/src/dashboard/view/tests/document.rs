//! A document, as a browser's tokenizer reads it.

use std::{cell::RefCell, collections::BTreeSet};

use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};

/// Elements without an end tag.
const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

/// The elements and the text of a document.
#[derive(Default)]
pub(super) struct ParsedHtml {
    pub(super) elements: Vec<Element>,
    /// The text outside tags.
    pub(super) text: String,
    /// What is wrong with the document.
    pub(super) errors: Vec<String>,
}

pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

#[derive(Default)]
struct HtmlReader {
    document: RefCell<ParsedHtml>,
    open: RefCell<Vec<String>>,
}

impl ParsedHtml {
    pub(super) fn new(html: &str) -> Self {
        let options = TokenizerOpts {
            exact_errors: true,
            ..TokenizerOpts::default()
        };
        let tokenizer = Tokenizer::new(HtmlReader::default(), options);
        let input = BufferQueue::default();
        input.push_back(html.into());
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let mut document = tokenizer.sink.document.into_inner();
        let open = tokenizer.sink.open.into_inner();
        document
            .errors
            .extend(open.iter().map(|name| format!("<{name}> is not closed")));
        document.check();
        document
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// Returns the addresses of links.
    pub(super) fn links(&self) -> Vec<&str> {
        self.all("a").filter_map(|link| link.get("href")).collect()
    }

    fn check(&mut self) {
        let mut ids = BTreeSet::new();
        let mut errors = Vec::new();
        for element in &self.elements {
            for (name, value) in &element.attributes {
                if name == "style" || name.starts_with("on") {
                    errors.push(format!("<{}> has {name}", element.name));
                }
                if name == "id" && !ids.insert(value.as_str()) {
                    errors.push(format!("two elements are #{value}"));
                }
            }
            if element.name == "style" || (element.name == "script" && element.get("src").is_none()) {
                errors.push(format!("<{}> is in the document", element.name));
            }
        }
        self.errors.extend(errors);
    }
}

impl Element {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

impl HtmlReader {
    fn start(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        if !tag.self_closing && !VOID.contains(&name.as_str()) {
            self.open.borrow_mut().push(name.clone());
        }
        let attributes = tag.attrs.iter();
        let attributes = attributes.map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()));
        let is_script = name == "script";
        self.document.borrow_mut().elements.push(Element {
            name,
            attributes: attributes.collect(),
        });
        if is_script {
            return TokenSinkResult::RawData(states::RawKind::ScriptData);
        }
        TokenSinkResult::Continue
    }

    fn end(&self, tag: &Tag) {
        let open = self.open.borrow_mut().pop();
        if open.as_deref() != Some(&*tag.name) {
            let error = format!("</{}> closes {open:?}", tag.name);
            self.document.borrow_mut().errors.push(error);
        }
    }
}

impl TokenSink for HtmlReader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.start(&tag),
            Token::TagToken(tag) => self.end(&tag),
            Token::CharacterTokens(text) => self.document.borrow_mut().text.push_str(&text),
            Token::ParseError(error) => self.document.borrow_mut().errors.push(error.into_owned()),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
