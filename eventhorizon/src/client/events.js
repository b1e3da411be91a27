// The application's own events. client.js loads it on pages with an element that sends one, and when one is tracked.

// The signals of the connections whose clicks are listened to.
const listening = new WeakSet();

const send = (context, name, properties, id, page) =>
  context.send("POST", "events", JSON.stringify({ name, properties, id }), page);

// Tracks an event of the page. Returns the response; status 0 if there is none.
export const track = (context, name, properties) => send(context, name, properties, context.freshId());

// Sends the events of elements that are clicked. Links navigate anyway.
export const listen = (context) => {
  const { root, signal, pageOf, freshId } = context;
  if (listening.has(signal)) return;
  listening.add(signal);

  const click = async ({ target, button }) => {
    const element = target.closest?.("[data-horizon-event]");
    // The middle button opens links only.
    if (!element || button > 1 || (button && !element.href)) return;
    const properties = {};
    for (const { name, value } of element.attributes)
      if (name.startsWith("data-horizon-prop-")) properties[name.slice(18)] = value;
    const id = (element.retryId ??= freshId());
    const { status } = await send(context, element.dataset.horizonEvent, properties, id, pageOf(element));
    // Keep the id for a retry only if the event may have been recorded.
    if (status && status < 500) element.retryId = null;
  };

  // Before the listeners of the page, which may stop the event.
  for (const type of ["click", "auxclick"]) root.addEventListener(type, click, { signal, capture: true });
};
