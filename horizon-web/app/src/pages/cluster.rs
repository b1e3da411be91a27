//! The nodes of the registry.

use leptos::prelude::*;

use crate::{AccumulatorNode, ClusterPage, NodeStatus, Site, WebNode, text};

/// The time without a heartbeat after which a node is shown as silent, in milliseconds. Nodes send one every second.
const SILENT_MILLIS: u64 = 5_000;

/// Renders the page; `cluster.js` updates its tables.
pub(super) fn page(site: &Site, cluster: &ClusterPage) -> AnyView {
    view! {
        <main id="eh-main" class="admin cluster">
            <h1>"Cluster"</h1>
            <div class="admin-bar">
                <ul class="tags" aria-label="Admin pages">
                    <li>
                        <a href="/admin">"Comments"</a>
                    </li>
                    <li>
                        <a href="/cluster" aria-current="true">
                            "Cluster"
                        </a>
                    </li>
                </ul>
            </div>
            <div data-horizon="cluster" aria-live="off">
                {tables(cluster)}
            </div>
            <script src=site.assets.cluster_js.clone() defer></script>
        </main>
    }
    .into_any()
}

/// Renders the tables as HTML.
#[must_use]
pub fn table(cluster: &ClusterPage) -> String {
    tables(cluster).to_html()
}

fn tables(cluster: &ClusterPage) -> AnyView {
    let note = cluster.note.clone();
    view! {
        {(!note.is_empty()).then(|| view! { <p class="hint">{note}</p> })}
        {problems(cluster)}
        <h2>"Web nodes"</h2>
        <table>
            <thead>
                <tr>
                    <th scope="col">"Node"</th>
                    <th scope="col">"Viewers"</th>
                    <th scope="col">"Last heartbeat"</th>
                    <th scope="col">"Round trip to Redis"</th>
                    <th scope="col">"Clock offset"</th>
                    <th scope="col">"Started"</th>
                </tr>
            </thead>
            <tbody>{cluster.web.iter().map(web).collect_view()}</tbody>
        </table>
        <h2>"Accumulators"</h2>
        <table>
            <thead>
                <tr>
                    <th scope="col">"Node"</th>
                    <th scope="col">"Counted"</th>
                    <th scope="col">"Unread"</th>
                    <th scope="col">"Pending"</th>
                    <th scope="col">"Lost"</th>
                    <th scope="col">"Last heartbeat"</th>
                    <th scope="col">"Round trip to Redis"</th>
                    <th scope="col">"Clock offset"</th>
                    <th scope="col">"Started"</th>
                </tr>
            </thead>
            <tbody>{cluster.accumulators.iter().map(accumulator).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// The problems of all nodes.
fn problems(cluster: &ClusterPage) -> Option<AnyView> {
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
    Some(view! { <h2>"Problems"</h2> <ul>{problems}</ul> }.into_any())
}

fn web(web: &WebNode) -> AnyView {
    let node = &web.node;
    view! {
        <tr data-node=node.name.clone() data-state=state(node)>
            <th scope="row">{node.name.clone()}</th>
            <td data-cell="viewers">{text::grouped(web.viewers)}</td>
            {times(node)}
        </tr>
    }
    .into_any()
}

fn accumulator(accumulator: &AccumulatorNode) -> AnyView {
    let node = &accumulator.node;
    view! {
        <tr data-node=node.name.clone() data-state=state(node)>
            <th scope="row">{node.name.clone()}</th>
            <td data-cell="counted">{text::grouped(accumulator.counted)}</td>
            <td data-cell="unread">{text::grouped(accumulator.unread)}</td>
            <td data-cell="pending">{text::grouped(accumulator.pending)}</td>
            <td data-cell="lost">{text::grouped(accumulator.lost)}</td>
            {times(node)}
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
fn clock(node: &NodeStatus) -> String {
    let Some(offset) = node.clock_offset_millis else {
        return "unknown".to_owned();
    };
    let direction = if offset > 0 { "ahead" } else { "behind" };
    match offset.unsigned_abs() {
        0 => "in sync".to_owned(),
        millis if millis < 1_000 => format!("{millis} ms {direction}"),
        millis => format!("{} s {direction}", text::grouped(millis / 1_000)),
    }
}

fn times(node: &NodeStatus) -> AnyView {
    let heartbeat = match node.silent_millis / 1_000 {
        0 => "just now".to_owned(),
        seconds => format!("{seconds} s ago"),
    };
    let round_trip = match node.round_trip_micros {
        None => "unknown".to_owned(),
        Some(micros) if micros < 1_000 => format!("{micros} µs"),
        Some(micros) => format!("{} ms", text::grouped(micros / 1_000)),
    };
    let started = node.started.as_millis();
    view! {
        <td>{heartbeat}</td>
        <td>{round_trip}</td>
        <td data-cell="clock">{clock(node)}</td>
        <td>
            <time datetime=text::html_datetime(started)>{text::date_time(started)}</time>
        </td>
    }
    .into_any()
}
