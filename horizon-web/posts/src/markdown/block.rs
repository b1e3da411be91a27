//! Tables and task lists.

use std::fmt::{self, Write as _};

use comrak::{
    Node,
    html::{ChildRendering, format_node_default},
    nodes::{NodeValue, TableAlignment},
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
        out.user.tables += 1;
        let name = out.user.input.texts.with(
            "table-number",
            &[("number", out.user.tables.to_string().as_str().into())],
        );
        out.cr()?;
        write!(
            out,
            "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">"
        )?;
    }
    let children = format_node_default(out, node, entering)?;
    if wrapped && !entering {
        out.write_str("</div>\n")?;
    }
    Ok(children)
}

/// Writes a cell, aligned by a class: `align` is obsolete. Feeds have no style sheet.
pub(super) fn format_cell(
    out: &mut Out<'_, '_, '_>,
    node: Node<'_>,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    let class = match alignment(node) {
        TableAlignment::Left => "align-left",
        TableAlignment::Center => "align-center",
        TableAlignment::Right => "align-right",
        TableAlignment::None => return format_node_default(out, node, entering),
    };
    if !out.user.input.is_page() {
        return format_node_default(out, node, entering);
    }
    let is_header = node
        .parent()
        .is_some_and(|row| matches!(row.data().value, NodeValue::TableRow(true)));
    let name = if is_header { "th" } else { "td" };
    if entering {
        out.cr()?;
        write!(out, "<{name} class=\"{class}\">")?;
    } else {
        writeln!(out, "</{name}>")?;
    }
    Ok(ChildRendering::HTML)
}

fn alignment(cell: Node<'_>) -> TableAlignment {
    let column = cell.preceding_siblings().skip(1).count();
    let table = cell.parent().and_then(|row| row.parent());
    let find = |table: Node<'_>| match &table.data().value {
        NodeValue::Table(table) => table.alignments.get(column).copied(),
        _ => None,
    };
    table.and_then(find).unwrap_or(TableAlignment::None)
}

/// Adds an accessible name to the disabled checkbox.
pub(super) fn format_task(out: &mut Out<'_, '_, '_>, done: bool, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</li>\n");
    }
    let texts = out.user.input.texts;
    let (name, checked) = if done {
        (texts.get("task-done"), " checked=\"\"")
    } else {
        (texts.get("task-open"), "")
    };
    out.cr()?;
    out.write_str(
        "<li class=\"task-list-item\"><input type=\"checkbox\" class=\"task-list-item-checkbox\" aria-label=\"",
    )?;
    out.write_str(name)?;
    out.write_str("\"")?;
    out.write_str(checked)?;
    out.write_str(" disabled=\"\" /> ")
}
