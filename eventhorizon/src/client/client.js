// EventHorizon for any page: live stats, a like button, comments. client.d.ts documents it.

import { liveStream } from "./stream.js";

const script = () => [...document.scripts].find((script) => script.src == import.meta.url);
const freshId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, 0)).join("");

// Identifies a reader without a cookie, so that retrying a like does not add a second one.
const key = freshId();

export const connect = ({ slug: pinned, base, root = document, onnumbers, oncomments } = {}) => {
  let slug, isFirst, numbers, comments, liked, likeRequested, busy, pages, timer, loading;

  const pageOf = (element) => element.closest("[data-horizon-slug]")?.dataset.horizonSlug ?? slug;
  const address = (route) =>
    (base == null ? new URL(".", import.meta.url) : base + "/") + route + (slug && "/" + encodeURIComponent(slug));

  // Returns the response; status 0 if it is incomplete.
  const send = async (method, route, body) => {
    try {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
      const response = await fetch(address(route), { method, body, headers, credentials: "include" });
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

  // Calls `act` with the module of the comments, or `otherwise` if it cannot be loaded.
  const withComments = (act, otherwise) => (loading ??= import("./comments.js")).then(act, otherwise);

  // Returns the other pages whose numbers are shown.
  const draw = () => {
    const others = new Set();
    for (const element of root.querySelectorAll("[data-horizon]")) {
      const name = element.dataset.horizon;
      const page = pageOf(element);
      if (page == slug) {
        if (name == "like") drawLike(element);
        if (name == "comment-list") withComments(({ draw }) => comments && draw(element, comments), () => {});
        // The server rejects a stream with an invalid slug, or with more than 100 other pages.
      } else if (/^[\w~-][\w.~-]{0,127}$/.test(page) && others.size < 100) others.add(page);
      const number = (page == slug ? numbers : pages.get(page))?.[name];
      if (number >= 0) {
        let text = number;
        try {
          text = number.toLocaleString(document.documentElement.lang || []);
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
    // Retries an import that failed.
    loading?.catch(() => (loading = null));
    if (type == "page") pages.set(message.page, message);
    else if (type == "comments") {
      comments = message;
      oncomments?.(message);
    } else {
      for (const name in message) numbers[(slug && type == "live" ? "" : "site-") + name] = message[name];
      onnumbers?.({ ...numbers });
    }
    draw();
  });

  const open = (isSamePage) => {
    clearTimeout(timer);
    timer = null;
    const others = draw();
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
    } else
      for (const page of draw()) {
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
    draw();
    const response = await send(isQuery ? "GET" : wanted ? "PUT" : "DELETE", "likes");
    busy &&= isQuery;
    const isOk = response.status == 200;
    if (isOk && page == slug && !(isQuery && liked)) {
      liked = String(response.liked);
      numbers.likes = response.likes;
    }
    draw();
    return isOk;
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
    withComments(
      ({ submit }) => submit(form, send, freshId()),
      () => {
        form.querySelector("[role=status]").textContent = "Please try again.";
      }
    )
  );
  const observer = new MutationObserver(refresh);
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ["data-slug", "data-horizon-slug"] });
  refresh();

  return (window.horizonLive = {
    like,
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

if (script()) connect();
