//! Parses YAML.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, StrInput};

use super::{
    FileIssue,
    format::FrontMatterFormat,
    tree::{FieldValue, FrontMatterField, LocatedValue, ParsedFields},
};

/// The maximum number of values in a front matter, after aliases such as `*name` are replaced.
const MAX_VALUES: usize = 10_000;

/// The maximum depth of lists and mappings.
const MAX_DEPTH: usize = 64;

/// Parses a mapping that starts on `first_line` of the file.
pub(super) fn parse(yaml: &str, first_line: usize) -> ParsedFields {
    let mut builder = TreeBuilder::new(first_line);
    let mut options = Options::default();
    options.set_emit_comments(false);
    (options.flow_nesting_limit, options.block_nesting_limit) = (MAX_DEPTH, MAX_DEPTH);
    let parser: Parser<'_, StrInput<'_>> = Parser::new_from_str_with_options(yaml, options);
    for event in parser {
        let (event, span) = event.map_err(|error| builder.scan_issue(&error))?;
        builder.add(event, span.start)?;
    }
    let Some(root) = builder.root else {
        return Ok(Vec::new());
    };
    match root.value {
        FieldValue::Empty => Ok(Vec::new()),
        FieldValue::Mapping(fields) => Ok(fields),
        FieldValue::Text(_) | FieldValue::List(_) => Err(syntax_issue(root.line, "this is not a mapping")),
    }
}

fn syntax_issue(line: usize, reason: &str) -> FileIssue {
    FrontMatterFormat::Yaml.syntax_issue(line, reason)
}

/// A list or mapping that has not ended.
struct OpenCollection {
    line: usize,
    /// 0 if it has none.
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<LocatedValue>),
    /// The fields, and the key whose value comes next.
    Mapping(Vec<FrontMatterField>, Option<(String, usize)>),
}

/// Builds the tree of values from the events of the parser.
struct TreeBuilder {
    /// The line of the file on which the YAML starts.
    first_line: usize,
    open: Vec<OpenCollection>,
    anchors: HashMap<usize, LocatedValue>,
    /// The number of values so far.
    values: usize,
    root: Option<LocatedValue>,
}

impl TreeBuilder {
    fn new(first_line: usize) -> Self {
        Self {
            first_line,
            open: Vec::new(),
            anchors: HashMap::new(),
            values: 0,
            root: None,
        }
    }

    /// Converts a line of the YAML, from 1, to one of the file.
    fn line(&self, at: Marker) -> usize {
        (self.first_line + at.line()).saturating_sub(1)
    }

    fn scan_issue(&self, error: &ScanError) -> FileIssue {
        syntax_issue(self.line(*error.marker()), &error.info())
    }

    fn add(&mut self, event: Event<'_>, at: Marker) -> Result<(), FileIssue> {
        let line = self.line(at);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "~" | "null" | "Null" | "NULL");
                let text = if is_null { "" } else { &text };
                self.add_scalar(text, line, anchor)
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).cloned();
                let target = target.ok_or_else(|| syntax_issue(line, "an alias refers to the value that it is in"))?;
                self.add_value(LocatedValue { line, ..target }, 0)
            }
            Event::SequenceStart(_, anchor, _) => self.start(line, anchor, OpenContent::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.start(line, anchor, OpenContent::Mapping(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::DocumentStart(..) if self.root.is_some() => Err(syntax_issue(line, "there is a second document")),
            _ => Ok(()),
        }
    }

    fn start(&mut self, line: usize, anchor: usize, content: OpenContent) -> Result<(), FileIssue> {
        if self.open.len() >= MAX_DEPTH {
            return Err(syntax_issue(line, "lists and mappings are nested too deeply"));
        }
        self.open.push(OpenCollection { line, anchor, content });
        Ok(())
    }

    fn add_scalar(&mut self, text: &str, line: usize, anchor: usize) -> Result<(), FileIssue> {
        if let Some(OpenCollection {
            content: OpenContent::Mapping(_, key @ None),
            ..
        }) = self.open.last_mut()
        {
            *key = Some((text.trim().to_owned(), line));
            if anchor == 0 {
                return Ok(());
            }
            let value = FieldValue::text(text);
            self.anchors.insert(anchor, LocatedValue { line, value });
            return Ok(());
        }
        let value = FieldValue::text(text);
        self.add_value(LocatedValue { line, value }, anchor)
    }

    fn end(&mut self) -> Result<(), FileIssue> {
        let Some(OpenCollection { line, anchor, content }) = self.open.pop() else {
            return Ok(());
        };
        let value = match content {
            OpenContent::List(items) => FieldValue::List(items),
            OpenContent::Mapping(fields, _) => FieldValue::Mapping(merged(fields)),
        };
        self.add_value(LocatedValue { line, value }, anchor)
    }

    /// Adds a complete value to the collection that it is in.
    fn add_value(&mut self, value: LocatedValue, anchor: usize) -> Result<(), FileIssue> {
        if anchor != 0 {
            self.count(&value)?;
            self.anchors.insert(anchor, value.clone());
        }
        self.count(&value)?;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        match &mut parent.content {
            OpenContent::List(items) => items.push(value),
            OpenContent::Mapping(fields, key) => match key.take() {
                Some((name, line)) => fields.push(FrontMatterField { name, line, value }),
                // A key that is a list or a mapping has no meaning here.
                None => *key = Some((value.as_text().unwrap_or_default().to_owned(), value.line)),
            },
        }
        Ok(())
    }

    /// Limits the work for aliases of aliases.
    fn count(&mut self, value: &LocatedValue) -> Result<(), FileIssue> {
        self.values = self.values.saturating_add(value.count());
        if self.values > MAX_VALUES {
            return Err(syntax_issue(value.line, "there are too many values"));
        }
        Ok(())
    }
}

/// Replaces `<<: *name` by the fields of that mapping that the mapping itself does not have.
fn merged(mut fields: Vec<FrontMatterField>) -> Vec<FrontMatterField> {
    let bases: Vec<FrontMatterField> = fields.extract_if(.., |field| field.name == "<<").collect();
    let bases = bases.into_iter().flat_map(|base| match base.value.value {
        FieldValue::List(items) => items,
        _ => vec![base.value],
    });
    for base in bases {
        let FieldValue::Mapping(inherited) = base.value else {
            continue;
        };
        for field in inherited {
            if fields.iter().all(|own| own.name != field.name) {
                fields.push(field);
            }
        }
    }
    fields
}
