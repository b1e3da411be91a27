// EventHorizon for any page: live stats, a like button, comments. client.d.ts documents it.
// It is served minified, so no string may span lines; see client.rs.

const defaultBase = new URL(".", import.meta.url).href.slice(0, -1);
const script = () => [...document.scripts].find((script) => script.src == import.meta.url);
const slugOf = (element) => element?.dataset.horizonSlug;
const freshId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, 0)).join("");

// Identifies a reader without a cookie, so that retrying a like does not add a second one.
const key = freshId();

export const connect = ({ slug: pinned, base = defaultBase, root = document, onnumbers, oncomments } = {}) => {
  let slug, isFirst, numbers, comments, liked, likeRequested, busy, source, again;
  // When to open the next stream, when the page was last visible, and the delay after a rejection.
  let due = 0;
  let seen = 0;
  let wait = 1000;
  const controller = new AbortController();

  const on = (target, type, act) => target.addEventListener(type, act, { signal: controller.signal });
  const isOurs = (element) => (slugOf(element.closest("[data-horizon-slug]")) ?? slug) == slug;
  const address = (route) => base + "/" + route + (slug && "/" + encodeURIComponent(slug));
  const dueIn = (millis) => {
    due = Date.now() + millis;
  };

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

  const item = ({ author, html }, template) => {
    const node = template ? template.content.cloneNode(true) : document.createElement("li");
    const part = (name, tag) =>
      node.querySelector(`[data-horizon=${name}]`) ?? (template ? {} : node.appendChild(document.createElement(tag)));
    part("author", "b").textContent = author || "Someone";
    // Sanitized by the server.
    part("body", "div").innerHTML = html;
    return node;
  };

  const drawComments = (list) => {
    if (!comments || list.drawn == comments) return;
    list.drawn = comments;
    const template = list.querySelector("template");
    list.replaceChildren(template ?? "", ...JSON.parse(comments).map((comment) => item(comment, template)));
  };

  const format = (number) => {
    try {
      return number.toLocaleString(document.documentElement.lang || []);
    } catch {
      // The page has an invalid language.
      return number;
    }
  };

  const draw = () => {
    for (const element of root.querySelectorAll("[data-horizon]")) {
      const name = element.dataset.horizon;
      if (!isOurs(element)) continue;
      if (name == "like") drawLike(element);
      if (name == "comment-list") drawComments(element);
      if (numbers[name] >= 0) {
        const text = format(numbers[name]);
        // Writing the same text would trigger the observer, which draws.
        if (element.textContent != text) element.textContent = text;
      }
    }
  };

  const onMessage = ({ type, data }) => {
    // The server sends at least every 20 s; a longer silence means a lost connection.
    dueIn(45000);
    wait = 1000;
    again = "?again=1";
    const message = JSON.parse(data);
    if (type == "comments") {
      comments = data;
      oncomments?.(message);
    } else {
      for (const name in message) numbers[(slug && type == "live" ? "" : "site-") + name] = message[name];
      onnumbers?.({ ...numbers });
    }
    draw();
  };

  const stop = () => {
    source?.close();
    due = 0;
  };

  const open = () => {
    stop();
    dueIn(45000);
    source = new EventSource(address("live") + again, { withCredentials: true });
    for (const type of ["live", "site", "comments"]) source.addEventListener(type, onMessage);
    source.onerror = () => {
      // Unless the stream is closed, the browser reconnects by itself.
      if (source.readyState == 2) {
        dueIn(wait * (0.5 + Math.random()));
        wait = Math.min(2 * wait, 60000);
      }
    };
  };

  const check = () => {
    const now = Date.now();
    if (!document.hidden) {
      seen = now;
      if (now > due) open();
    } else if (now > seen + 10000) stop();
  };

  const restart = () => {
    stop();
    check();
  };

  const refresh = () => {
    const next =
      pinned ?? script()?.dataset.slug ?? slugOf(document.querySelector("[data-horizon-slug]")) ?? "";
    if (next != slug) {
      isFirst = slug == null && !window.horizonLive;
      comments = isFirst ? "" : "[]";
      slug = next;
      numbers = {};
      liked = likeRequested = again = "";
      restart();
    }
    draw();
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

  const comment = async (form) => {
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    const id = (form.retryId ??= freshId());
    const body = JSON.stringify({ ...Object.fromEntries(new FormData(form)), id });
    const { status, field = "", detail, title } = await send("POST", "comments", body);
    form.ariaBusy = null;
    // Keep the id for a retry only if the comment may have been recorded.
    if (status && status < 500) form.retryId = null;
    const thanks = { 201: "Thank you.", 202: "Thank you. Your comment will appear once it is approved." }[status];
    if (thanks) form.reset();
    const node = form.querySelector("[role=status]");
    if (node) node.textContent = thanks ?? field + " " + (detail ?? title ?? "No response. Please try again.");
  };

  // A page that handles the event itself calls `preventDefault`.
  const delegate = (type, name, act) =>
    on(root, type, (event) => {
      const element = event.target.closest?.(`[data-horizon=${name}]`);
      if (slug && element && isOurs(element) && !event.defaultPrevented) {
        event.preventDefault();
        act(element);
      }
    });

  window.horizonLive?.close();
  delegate("click", "like", () => like(liked != "true"));
  delegate("submit", "comment", comment);
  on(document, "visibilitychange", check);
  on(window, "online", restart);
  on(window, "pagehide", stop);
  const timer = setInterval(check, 2000);
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
      controller.abort();
      observer.disconnect();
      clearInterval(timer);
      stop();
    },
  });
};

if (script()) connect();
