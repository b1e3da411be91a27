//! Block quotes that start with `(info)` or `(details: "Title")`.

use std::fmt::{self, Write as _};

use comrak::{
    Node,
    nodes::{AlertType, NodeAlert, NodeBlockDirective, NodeValue},
};

use super::format::Out;

/// Changes such block quotes into alerts and parts that open on demand.
pub(super) fn find(root: Node<'_>) {
    let is_quote = |node: &Node<'_>| matches!(node.data().value, NodeValue::BlockQuote);
    let quotes: Vec<Node<'_>> = root.descendants().filter(is_quote).collect();
    for node in quotes {
        if let Some(callout) = remove_name(node) {
            node.data_mut().value = callout;
        }
    }
}

/// Removes the name at the start of a block quote, and returns what the quote is.
fn remove_name(quote: Node<'_>) -> Option<NodeValue> {
    let paragraph = quote.first_child()?;
    if !matches!(paragraph.data().value, NodeValue::Paragraph) {
        return None;
    }
    let first = paragraph.first_child()?;
    let callout = {
        let mut data = first.data_mut();
        let text = data.value.text_mut()?;
        let (name, rest) = text.strip_prefix('(')?.split_once(')')?;
        let callout = callout(name)?;
        let rest = rest.trim_start().to_owned();
        *text = rest.into();
        callout
    };
    let is_empty = first.data().value.text().is_some_and(str::is_empty);
    if is_empty && first.next_sibling().is_none() {
        paragraph.detach();
    } else if is_empty
        && first
            .next_sibling()
            .is_some_and(|next| matches!(next.data().value, NodeValue::SoftBreak))
    {
        first.next_sibling()?.detach();
    }
    Some(callout)
}

fn callout(name: &str) -> Option<NodeValue> {
    if let Some(title) = name.strip_prefix("details") {
        let title = title.trim_start_matches(':').trim().trim_matches(['"', '“', '”']);
        return Some(NodeValue::BlockDirective(Box::new(NodeBlockDirective {
            fence_length: 0,
            fence_offset: 0,
            info: title.to_owned(),
        })));
    }
    let alert_type = match name.to_lowercase().as_str() {
        "info" | "note" => AlertType::Note,
        "tip" | "success" => AlertType::Tip,
        "important" => AlertType::Important,
        "warning" | "warn" => AlertType::Warning,
        "danger" | "caution" | "error" => AlertType::Caution,
        _ => return None,
    };
    Some(NodeValue::Alert(Box::new(NodeAlert {
        alert_type,
        title: None,
        multiline: false,
        fence_length: 0,
        fence_offset: 0,
    })))
}

/// Writes a part that opens on demand.
pub(super) fn format_details(out: &mut Out<'_, '_, '_>, title: &str, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</details>\n");
    }
    let title = if title.is_empty() {
        out.user.input.texts.get("details")
    } else {
        title
    };
    out.cr()?;
    out.write_str("<details>\n<summary>")?;
    out.escape(title)?;
    out.write_str("</summary>\n")
}
