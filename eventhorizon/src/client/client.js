// EventHorizon for any page: live stats, a like button, comments, the application's own events. client.d.ts documents
// it. The build shortens the names of variables.

import { liveStream } from "./stream.js";

const script = () => [...document.scripts].find((script) => script.src == import.meta.url);
const freshId = () =>
  [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => (byte % 16).toString(16)).join("");

// Identifies a reader without a cookie, so that retrying a like does not add a second one.
const key = freshId();

// The server rejects a stream with an invalid name of a page, or with two forms of one name.
const isPage = (page) =>
  page == page.normalize() &&
  new Blob([page]).size <= 512 &&
  (page == "/" || !/(^|\/)\.{0,2}(\/|$)|\p{Cc}/u.test(page));

export const connect = ({ slug: pinned, base, root = document, onnumbers, oncomments } = {}) => {
  let slug, isFirst, numbers, comments, liked, likeRequested, busy, pages, timer;
  const modules = [];

  const pageOf = (element) => element.closest("[data-horizon-slug]")?.dataset.horizonSlug ?? slug;
  // Pages are named by their paths; the name of the root page is `/`, and its path is empty.
  const address = (route, page = slug) =>
    (base == null ? new URL(".", import.meta.url) : base + "/") +
    route +
    (page && ("/" + encodeURIComponent(page)).replace(/\/?%2F/g, "/"));

  // Returns the response; status 0 if it is incomplete. The request outlives the document.
  const send = async (method, route, body, page) => {
    try {
      const response = await fetch(address(route, page), {
        method,
        body,
        headers: { "Content-Type": "application/json", "Idempotency-Key": key },
        credentials: "include",
        keepalive: true,
      });
      return { ...(await response.json()), status: response.status };
    } catch {
      return { status: 0 };
    }
  };

  const drawLike = (button) => {
    // Before the first connection, the attribute comes from the server.
    if (isFirst) liked ||= button.getAttribute("aria-pressed");
    if (liked) button.setAttribute("aria-pressed", liked);
    else if (slug && !likeRequested) {
      likeRequested = true;
      like();
    }
    button.ariaDisabled = busy;
  };

  // Calls `act` with the module of comments (0), events (1) or the end of the page (2), or with null if it cannot be
  // loaded. The next call retries.
  const load = (index, act) =>
    (modules[index] ??= (
      index ? (index > 1 ? import("./finished.js") : import("./events.js")) : import("./comments.js")
    ).catch(() => (modules[index] = null))).then(act);

  // Returns the other pages whose numbers are shown.
  const drawAll = () => {
    const others = new Set();
    // The bytes left for the names of pages in the query of the stream: the head of a request has at most 16 KiB, and
    // stream.js adds up to 4,500 bytes.
    let room = 9000;
    for (const element of root.querySelectorAll("[data-horizon],[data-horizon-count],[data-horizon-event]")) {
      const { horizon: name, horizonCount: count, horizonEvent } = element.dataset;
      const page = pageOf(element);
      if (page == slug) {
        if (name == "like") drawLike(element);
        if (name == "comment-list") load(0, (module) => comments && module?.draw(element, comments));
        // The server rejects a stream with more than 100 other pages.
      } else if (
        !others.has(page) &&
        others.size < 100 &&
        isPage(page) &&
        (room -= (new URLSearchParams({ page }) + "&").length) > 0
      )
        others.add(page);
      if (horizonEvent || name == "links") load(1, (module) => module?.listen(context));
      // An empty name is the site, whose numbers have a prefix.
      const known = page && page != slug ? pages.get(page) : numbers;
      const prefix = page ? "" : "site-";
      let text =
        count && known?.[prefix + "viewers"] >= 0
          ? (known[prefix + "events"]?.[count] ?? 0)
          : known?.[prefix + name?.slice(prefix.length)];
      if (text >= 0) {
        try {
          text = text.toLocaleString(document.documentElement.lang || []);
        } catch {
          // The page has an invalid language.
        }
        // Writing the same text would trigger the observer, which draws.
        if (element.textContent != text) element.textContent = text;
      }
    }
    return others;
  };

  const stream = liveStream((type, message) => {
    if (type == "reader") liked = String(message.liked);
    else if (type == "page") pages.set(message.page, message);
    else if (type == "comments") {
      comments = message;
      oncomments?.(message);
    } else {
      for (const name in message) numbers[(slug && type == "live" ? "" : "site-") + name] = message[name];
      onnumbers?.({ ...numbers });
    }
    drawAll();
  });

  const context = { root, signal: stream.signal, pageOf, send, freshId };

  const open = (isSamePage) => {
    timer = clearTimeout(timer);
    const others = drawAll();
    for (const page of others) pages.set(page, pages.get(page));
    stream.open(address("live"), others, isSamePage);
  };

  const refresh = () => {
    const next =
      pinned ?? script()?.dataset.slug ?? document.querySelector("[data-horizon-slug]")?.dataset.horizonSlug ?? "";
    if (next != slug) {
      isFirst = slug == null && !window.horizonLive;
      comments = isFirst ? null : [];
      slug = next;
      numbers = {};
      pages = new Map();
      liked = likeRequested = "";
      open();
      if (slug || !isFirst) load(2, (module) => module?.watchEnd(slug && address("finished"), stream.signal));
    } else
      for (const page of drawAll()) {
        // Cards are often added one by one.
        if (!pages.has(page)) timer ??= setTimeout(open, 1000, true);
      }
  };

  // Likes the page (true), removes the like (false), or gets whether the reader likes it (undefined).
  const like = async (wanted) => {
    if (busy) return false;
    const isQuery = wanted == null;
    const page = slug;
    busy = !isQuery;
    drawAll();
    const response = await send(isQuery ? "GET" : wanted ? "PUT" : "DELETE", "likes");
    busy &&= isQuery;
    if (response.status == 200 && page == slug && !(isQuery && liked)) {
      liked = String(response.liked);
      numbers.likes = response.likes;
    }
    drawAll();
    return response.status == 200;
  };

  // A page that handles the event itself calls `preventDefault`.
  const delegate = (type, name, act) =>
    root.addEventListener(
      type,
      (event) => {
        const element = event.target.closest?.(`[data-horizon=${name}]`);
        if (slug && element && pageOf(element) == slug && !event.defaultPrevented) {
          event.preventDefault();
          act(element);
        }
      },
      { signal: stream.signal }
    );

  window.horizonLive?.close();
  delegate("click", "like", () => like(liked != "true"));
  delegate("submit", "comment", (form) =>
    load(0, (module) => {
      if (module) module.submit(form, send, freshId());
      else form.querySelector("[role=status]").textContent = "Please try again.";
    })
  );
  const observer = new MutationObserver(refresh);
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ["data-horizon-slug", "data-slug"] });
  refresh();

  return (window.horizonLive = {
    like,
    track: (...event) => load(1, (module) => module?.track(context, ...event)),
    go(next) {
      pinned = next;
      refresh();
    },
    close() {
      observer.disconnect();
      clearTimeout(timer);
      stream.close();
    },
  });
};

export const track = async (...event) => window.horizonLive?.track(...event);

if (script()) connect();
