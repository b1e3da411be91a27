//! Code blocks.

use std::fmt::{self, Write as _};

use comrak::nodes::NodeCodeBlock;

use super::format::Out;
use crate::{code_cache::CodeBlock, rendered_body::CODE_PLACEHOLDER};

pub(super) fn format(out: &mut Out<'_, '_, '_>, block: &NodeCodeBlock) -> fmt::Result {
    // `rust,no_run` and `rust ignore` are Rust.
    let language = block.info.split([',', ' ', '\t', '{']).next().unwrap_or_default();
    let on_page = out.user.input.is_page();
    out.cr()?;
    out.write_str(if on_page {
        "<pre tabindex=\"0\"><code"
    } else {
        "<pre><code"
    })?;
    if !language.is_empty() {
        out.write_str(" class=\"language-")?;
        out.escape(language)?;
        out.write_str("\"")?;
    }
    out.write_str(">")?;
    if on_page {
        out.user.code.push(CodeBlock::new(&block.literal, language));
        out.write_char(CODE_PLACEHOLDER)?;
    } else {
        out.escape(&block.literal)?;
    }
    out.write_str("</code></pre>\n")
}
