// Sends the events of links to other hosts and to files: `outbound` and `download`.
import { listen } from "/horizon/events.js";

listen({
  root: document,
  signal: new AbortController().signal,
  pageOf: () => document.body.dataset.page,
  // A browser offers this only with HTTPS. Without an id the server chooses one.
  freshId: () => crypto.randomUUID?.(),
  send: (method, route, body, page) =>
    fetch(`/horizon/${route}/${page}`, {
      method,
      body,
      headers: { "Content-Type": "application/json" },
      keepalive: true,
    }).catch(() => ({})),
});
