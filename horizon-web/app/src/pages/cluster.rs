//! The nodes of the registry.

use horizon_texts::Texts;
use leptos::prelude::*;

use crate::{AccumulatorNode, ClusterPage, NodeStatus, Site, WebNode, text};

/// The time without a heartbeat after which a node is shown as silent, in milliseconds. Nodes send one every second.
const SILENT_MILLIS: u64 = 5_000;

/// Renders the page; `cluster.js` updates its tables.
pub(super) fn page(site: &Site, texts: &Texts, cluster: &ClusterPage) -> AnyView {
    view! {
        <main id="eh-main" class="admin cluster">
            <h1>{texts.get("cluster")}</h1>
            <div class="admin-bar">
                <ul class="tags" aria-label=texts.get("admin-pages")>
                    <li>
                        <a href="/admin">{texts.get("comments")}</a>
                    </li>
                    <li>
                        <a href="/cluster" aria-current="true">
                            {texts.get("cluster")}
                        </a>
                    </li>
                </ul>
            </div>
            // The tables scroll in it, because the browser replaces them.
            <div
                class="table-wrap"
                data-horizon="cluster"
                role="region"
                aria-label=texts.get("cluster")
                aria-live="off"
                tabindex="0"
            >
                {tables(texts, cluster)}
            </div>
            <script src=site.assets.cluster_js.clone() defer></script>
        </main>
    }
    .into_any()
}

/// Renders the tables as HTML.
#[must_use]
pub fn table(texts: &Texts, cluster: &ClusterPage) -> String {
    tables(texts, cluster).to_html()
}

fn tables(texts: &Texts, cluster: &ClusterPage) -> AnyView {
    let note = cluster.note.clone();
    view! {
        {(!note.is_empty()).then(|| view! { <p class="hint">{note}</p> })}
        {problems(texts, cluster)}
        <h2>{texts.get("web-nodes")}</h2>
        <table>
            <thead>
                <tr>
                    <th scope="col">{texts.get("node")}</th>
                    <th scope="col">{texts.get("viewers")}</th>
                    <th scope="col">{texts.get("last-heartbeat")}</th>
                    <th scope="col">{texts.get("round-trip")}</th>
                    <th scope="col">{texts.get("clock-offset")}</th>
                    <th scope="col">{texts.get("started")}</th>
                </tr>
            </thead>
            <tbody>{cluster.web.iter().map(|web_node| web(texts, web_node)).collect_view()}</tbody>
        </table>
        <h2>{texts.get("accumulators")}</h2>
        <table>
            <thead>
                <tr>
                    <th scope="col">{texts.get("node")}</th>
                    <th scope="col">{texts.get("counted")}</th>
                    <th scope="col">{texts.get("unread")}</th>
                    <th scope="col">{texts.get("pending")}</th>
                    <th scope="col">{texts.get("lost")}</th>
                    <th scope="col">{texts.get("last-heartbeat")}</th>
                    <th scope="col">{texts.get("round-trip")}</th>
                    <th scope="col">{texts.get("clock-offset")}</th>
                    <th scope="col">{texts.get("started")}</th>
                </tr>
            </thead>
            <tbody>{cluster.accumulators.iter().map(|node| accumulator(texts, node)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// The problems of all nodes.
fn problems(texts: &Texts, cluster: &ClusterPage) -> Option<AnyView> {
    let web = cluster.web.iter().map(|web| &web.node);
    let nodes = web.chain(cluster.accumulators.iter().map(|accumulator| &accumulator.node));
    let problems: Vec<_> = nodes
        .flat_map(|node| node.problems.iter().map(|problem| (&node.name, problem)))
        .map(|(name, problem)| {
            view! {
                <li data-problem-of=name.clone()>
                    <strong>{name.clone()}</strong>
                    " "
                    {problem.clone()}
                </li>
            }
        })
        .collect();
    if problems.is_empty() {
        return None;
    }
    Some(view! { <h2>{texts.get("problems")}</h2> <ul>{problems}</ul> }.into_any())
}

fn web(texts: &Texts, web: &WebNode) -> AnyView {
    let node = &web.node;
    view! {
        <tr data-node=node.name.clone() data-state=state(node)>
            <th scope="row">{node.name.clone()}</th>
            <td data-cell="viewers">{texts.number(web.viewers)}</td>
            {times(texts, node)}
        </tr>
    }
    .into_any()
}

fn accumulator(texts: &Texts, accumulator: &AccumulatorNode) -> AnyView {
    let node = &accumulator.node;
    view! {
        <tr data-node=node.name.clone() data-state=state(node)>
            <th scope="row">{node.name.clone()}</th>
            <td data-cell="counted">{texts.number(accumulator.counted)}</td>
            <td data-cell="unread">{texts.number(accumulator.unread)}</td>
            <td data-cell="pending">{texts.number(accumulator.pending)}</td>
            <td data-cell="lost">{texts.number(accumulator.lost)}</td>
            {times(texts, node)}
        </tr>
    }
    .into_any()
}

fn state(node: &NodeStatus) -> &'static str {
    if node.silent_millis > SILENT_MILLIS {
        "silent"
    } else {
        "alive"
    }
}

/// Describes the offset of a node's clock from that of Redis.
fn clock(texts: &Texts, node: &NodeStatus) -> String {
    let Some(offset) = node.clock_offset_millis else {
        return texts.get("unknown").to_owned();
    };
    let direction = if offset > 0 { "clock-ahead" } else { "clock-behind" };
    let with_direction = |offset: String| texts.with(direction, &[("offset", offset.into())]);
    match offset.unsigned_abs() {
        0 => texts.get("clock-in-sync").to_owned(),
        millis if millis < 1_000 => with_direction(format!("{millis} ms")),
        millis => with_direction(format!("{} s", texts.number(millis / 1_000))),
    }
}

fn times(texts: &Texts, node: &NodeStatus) -> AnyView {
    let heartbeat = match node.silent_millis / 1_000 {
        0 => texts.get("just-now").to_owned(),
        seconds => texts.with("seconds-ago", &[("count", seconds.into())]),
    };
    let round_trip = match node.round_trip_micros {
        None => texts.get("unknown").to_owned(),
        Some(micros) if micros < 1_000 => format!("{micros} µs"),
        Some(micros) => format!("{} ms", texts.number(micros / 1_000)),
    };
    let started = node.started.as_millis();
    view! {
        <td>{heartbeat}</td>
        <td>{round_trip}</td>
        <td data-cell="clock">{clock(texts, node)}</td>
        <td>
            <time datetime=text::html_datetime(started)>{texts.utc_date_time(started)}</time>
        </td>
    }
    .into_any()
}
