// What the dashboard cannot do without a script: numbers of this moment, a tooltip in the chart, the names of countries
// and languages, and links that replace only what changes. The build shortens the names of variables.

const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

// ── Now ────────────────────────────────────────────────────────────────────

let source, timer;
let wait = 1000;
let received = 0;
let title = document.title;

const drawTitle = () => {
  const viewers = (find("#viewers") ?? find("#now b"))?.textContent;
  document.title = /^\d/.test(viewers) ? `(${viewers}) ${title}` : title;
};

const setLost = (isLost) => {
  for (const element of findAll("#now,#page")) element.toggleAttribute("data-lost", isLost);
};

const replaceNow = (html) => {
  const section = find("#now");
  if (!section || section.innerHTML == html) return;
  const focused = section.contains(document.activeElement) && document.activeElement.getAttribute("href");
  section.innerHTML = html;
  if (focused) findAll("a", section).find((link) => link.getAttribute("href") == focused)?.focus();
};

const receive = ({ type, data }) => {
  received = Date.now();
  wait = 1000;
  const value = JSON.parse(data);
  if (type == "now") replaceNow(value);
  else if (find("#viewers")) find("#viewers").textContent = value?.toLocaleString("en") ?? "–";
  setLost(false);
  drawTitle();
};

// The browser reconnects by itself, unless the server responds with an error.
const listen = () => {
  clearTimeout(timer);
  source?.close();
  const live = find("main").dataset.live;
  if (!live) return;
  received = Date.now();
  source = new EventSource(live);
  for (const type of ["now", "viewers"]) source.addEventListener(type, receive);
  source.onerror = () => {
    setLost(true);
    if (source.readyState == 2) {
      timer = setTimeout(listen, wait * (0.5 + Math.random()));
      wait = Math.min(2 * wait, 60000);
    }
  };
};

// After a sleep, a connection may be lost without a sign of it.
const refresh = () => {
  if (!document.hidden && Date.now() > received + 60000) listen();
};
addEventListener("visibilitychange", refresh, true);
addEventListener("pageshow", refresh);
addEventListener("online", listen);

// ── Names, chart ───────────────────────────────────────────────────────────

const tip = document.createElement("p");
tip.id = "tip";
tip.hidden = true;

const showTip = (event) => {
  const point = event.target.closest?.(".points>a,.points>g");
  tip.hidden = !point;
  if (!point) return;
  tip.textContent = point.ariaLabel;
  const { left, width } = find(".hit", point).getBoundingClientRect();
  const bar = (find(".bar", point) ?? point).getBoundingClientRect();
  const right = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(left + width / 2 - tip.offsetWidth / 2, right)) + scrollX}px`;
  tip.style.top = `${Math.max(bar.top - tip.offsetHeight - 8, 8) + scrollY}px`;
};

addEventListener("pointerover", showTip);
addEventListener("focusin", showTip);

addEventListener("keydown", (event) => {
  if (event.key == "Escape") tip.hidden = true;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const point = event.target.closest?.(".points>a");
  if (!step || !point || event.altKey || event.ctrlKey || event.metaKey) return;
  const points = findAll(".points>a");
  const next = points[points.indexOf(point) + step];
  if (!next) return;
  event.preventDefault();
  point.setAttribute("tabindex", -1);
  next.setAttribute("tabindex", 0);
  next.focus();
});

const enhance = () => {
  for (const element of findAll("[data-names]")) {
    try {
      const names = new Intl.DisplayNames("en", { type: element.dataset.names });
      element.textContent = names.of(element.textContent);
    } catch {
      // The browser does not know the code.
    }
  }
  // The browser's own tooltip of the title would cover ours.
  for (const element of findAll(".points title")) {
    element.parentNode.ariaLabel = element.textContent;
    element.remove();
  }
  drawTitle();
};

// ── Links ──────────────────────────────────────────────────────────────────

let visits = 0;
let path = location.search;

// Returns what a link is, to find it again in the next page.
const nameOf = (element) => (element.closest("[id]")?.id ?? "") + (element.ariaLabel ?? element.textContent);

const show = async (href, link) => {
  const visit = ++visits;
  const main = find("main");
  main.ariaBusy = "true";
  try {
    const response = await fetch(href, { headers: { Accept: "text/html" } });
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    const content = find("main#main", next);
    if (visit != visits) return;
    if (!response.ok || response.redirected || !content) throw response;
    const open = findAll("details[id][open]").map((element) => element.id);
    if (link) history.pushState(null, "", href);
    path = location.search;
    title = next.title;
    tip.hidden = true;
    main.replaceWith(content);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    enhance();
    listen();
    find("#status").textContent = title;
    const focused = link && findAll("main a").find((other) => nameOf(other) == link.name);
    (focused ?? content).focus({ preventScroll: true });
    if (link && !link.hash) scrollTo(0, 0);
  } catch {
    if (visit == visits) location.href = href;
  }
};

addEventListener("click", (event) => {
  const link = event.target.closest?.("main a");
  if (!link || event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const href = link.getAttribute("href");
  if (!href.startsWith("?")) return;
  event.preventDefault();
  show(href, { name: nameOf(link), hash: href.includes("#") });
});

addEventListener("popstate", () => {
  if (location.search != path) show(location.href);
});

document.body.append(tip);
enhance();
listen();
