// The application's own events, and those of links. client.js loads it on pages with an element that sends one, and when
// one is tracked.

// The signals of the connections whose clicks are listened to.
const listening = new WeakSet();

const send = (context, name, properties, id, page) =>
  context.send("POST", "events", JSON.stringify({ name, properties, id }), page);

// Tracks an event of the page. Returns the response; status 0 if there is none.
export const track = (context, name, properties) => send(context, name, properties, context.freshId());

// The files that a link downloads.
const FILES = /\.(7z|apk|csv|deb|dmg|docx?|epub|exe|gz|iso|jar|key|mobi|mp[34]|msi|od[pst]|pdf|pkg|pptx?|rar|rpm|rtf|t[ag][rz]|txt|whl|xlsx?|xz|zip|zst)$/i;

// Returns the name and the properties of an element's event.
const ownEvent = ({ dataset, attributes }) => {
  const properties = {};
  for (const { name, value } of attributes)
    if (name.startsWith("data-horizon-prop-")) properties[name.slice(18)] = value;
  return [dataset.horizonEvent, properties];
};

// Returns the name and the properties of the event for a link: `outbound` to another host, or `download` of a file.
const linkEvent = (link) => {
  const { protocol, host, pathname } = link;
  if (!/^http/.test(protocol)) return [];
  if (host != location.host) return ["outbound", { host }];
  return link.hasAttribute("download") || FILES.test(pathname) ? ["download", { file: pathname.slice(0, 500) }] : [];
};

// Sends the events of elements that are clicked, and of links in an element with `data-horizon="links"`. Links navigate
// anyway.
export const listen = (context) => {
  const { root, signal, pageOf, freshId } = context;
  if (listening.has(signal)) return;
  listening.add(signal);

  const click = async ({ target, button }) => {
    const sender = target.closest?.("[data-horizon-event]");
    const element = sender ?? target.closest?.("[data-horizon=links] a[href]");
    // The middle button opens links only.
    if (!element || button > 1 || (button && !element.href)) return;
    const [name, properties] = sender ? ownEvent(sender) : linkEvent(element);
    // Other links send none.
    if (name == null) return;
    const id = (element.retryId ??= freshId());
    const { status } = await send(context, name, properties, id, pageOf(element));
    // Keep the id for a retry only if the event may have been recorded.
    if (status && status < 500) element.retryId = null;
  };

  // Before the listeners of the page, which may stop the event.
  for (const type of ["click", "auxclick"]) root.addEventListener(type, click, { signal, capture: true });
};
