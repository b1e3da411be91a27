//! Tables and task lists.

use std::fmt::{self, Write as _};

use comrak::{
    Node,
    html::{ChildRendering, format_node_default},
};

use super::format::Out;

/// Wraps the table so that it scrolls horizontally, also from the keyboard.
pub(super) fn format_table(
    out: &mut Out<'_, '_, '_>,
    node: Node<'_>,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    let wrapped = out.user.input.is_page();
    if wrapped && entering {
        out.cr()?;
        out.write_str("<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">")?;
    }
    let children = format_node_default(out, node, entering)?;
    if wrapped && !entering {
        out.write_str("</div>\n")?;
    }
    Ok(children)
}

/// Adds an accessible name to the disabled checkbox.
pub(super) fn format_task(out: &mut Out<'_, '_, '_>, done: bool, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</li>\n");
    }
    let (name, checked) = if done { ("Done", " checked=\"\"") } else { ("Open", "") };
    out.cr()?;
    out.write_str(
        "<li class=\"task-list-item\"><input type=\"checkbox\" class=\"task-list-item-checkbox\" aria-label=\"",
    )?;
    out.write_str(name)?;
    out.write_str("\"")?;
    out.write_str(checked)?;
    out.write_str(" disabled=\"\" /> ")
}
