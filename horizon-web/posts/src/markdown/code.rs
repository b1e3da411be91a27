//! Code blocks.

use std::fmt::{self, Write as _};

use comrak::{Node, nodes::NodeCodeBlock};

use super::{
    code_info::{self, CodeInfo},
    extension::MarkdownExtension,
    format::Out,
    math,
};
use crate::{code_cache::CodeBlock, rendered_body::CODE_PLACEHOLDER};

/// The language of a formula.
const MATH: &str = "math";

/// What comes before a command in a session.
const PROMPTS: [&str; 4] = ["$ ", "# ", "% ", "> "];

pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, block: &NodeCodeBlock) -> fmt::Result {
    let info = CodeInfo::new(&block.info);
    out.cr()?;
    if info.language == MATH && out.user.input.has(MarkdownExtension::Math) {
        let line = out.user.input.line(node);
        out.write_str("<p>")?;
        math::format_formula(out, &block.literal, true, line)?;
        return out.write_str("</p>\n");
    }
    let on_page = out.user.input.is_page();
    if let Some(name) = &info.name {
        out.write_str("<figure class=\"code\"><figcaption>")?;
        out.escape(name)?;
        out.write_str("</figcaption>\n")?;
    }
    out.write_str(if on_page {
        "<pre tabindex=\"0\"><code"
    } else {
        "<pre><code"
    })?;
    if !info.language.is_empty() {
        out.write_str(" class=\"language-")?;
        out.escape(info.language)?;
        out.write_str("\"")?;
    }
    out.write_str(">")?;
    if on_page {
        format_highlighted(out, &block.literal, info.language)?;
    } else {
        out.escape(&block.literal)?;
    }
    out.write_str("</code></pre>\n")?;
    out.write_str(if info.name.is_some() { "</figure>\n" } else { "" })
}

fn format_highlighted(out: &mut Out<'_, '_, '_>, code: &str, language: &str) -> fmt::Result {
    let is_command = |line: &str| PROMPTS.iter().any(|prompt| line.starts_with(prompt));
    if code_info::is_session(language) && code.lines().any(is_command) {
        return format_session(out, code);
    }
    out.user.code.push(CodeBlock::new(code, code_info::grammar(language)));
    out.write_char(CODE_PLACEHOLDER)
}

/// Writes a session: only its commands are highlighted.
fn format_session(out: &mut Out<'_, '_, '_>, code: &str) -> fmt::Result {
    for line in code.split_inclusive('\n') {
        let Some(prompt) = PROMPTS.iter().find(|prompt| line.starts_with(*prompt)) else {
            out.escape(line)?;
            continue;
        };
        out.write_str("<span class=\"hl-comment\">")?;
        out.escape(prompt)?;
        out.write_str("</span>")?;
        let command = line.get(prompt.len()..).unwrap_or_default();
        out.user.code.push(CodeBlock::new(command, "bash"));
        out.write_char(CODE_PLACEHOLDER)?;
    }
    Ok(())
}
