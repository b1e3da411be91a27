//! HTML in Markdown.

use std::fmt::{self, Write as _};

use super::format::Out;

pub(super) fn format_block(out: &mut Out<'_, '_, '_>, literal: &str) -> fmt::Result {
    out.cr()?;
    if out.user.input.context.options.raw_html {
        return out.write_str(literal);
    }
    out.write_str("<p>")?;
    out.escape(literal.trim_end())?;
    out.write_str("</p>\n")
}

pub(super) fn format_inline(out: &mut Out<'_, '_, '_>, literal: &str) -> fmt::Result {
    if out.user.input.context.options.raw_html {
        out.write_str(literal)
    } else {
        out.escape(literal)
    }
}
