// The live stream of a page, which is open while its reader sees it. The build adds this module to client.js and to
// the script of the blog's WebAssembly, so that both follow one rule. client.js gets no line that ends in `// blog`: it
// imports finished.js itself.

// `onMessage` gets the type and the value of each message.
export const liveStream = (onMessage) => {
  let source, streamUrl;
  // When to open the next stream, until when that reopens a lost one, when the page was last visible, since when the
  // stream is lost, and the delay after a rejection, in milliseconds.
  let due = 0;
  let againUntil = 0;
  let seen = 0;
  let lost = 0; // blog
  let wait = 1000;
  let isPrerendered = document.prerendering;
  const controller = new AbortController();
  const { signal } = controller;

  // Captures, because `prerenderingchange` of the document does not bubble.
  const on = (type, act) => addEventListener(type, act, { signal, capture: true });

  const receive = ({ type, data, target }) => {
    // After a sleep, messages from before it may be left. They do not mean that the stream is alive. The check closes
    // the stream then, and that of a page that was hidden for too long.
    check();
    if (target.readyState < 2) {
      // The server sends at least every 30 s; a longer silence means a lost connection.
      due = Date.now() + 45000;
      wait = 1000;
      lost = 0; // blog
      // After 30 minutes without a stream, the next one is a new visit.
      againUntil = Date.now() + 1800000;
      onMessage(type, JSON.parse(data));
    }
  };

  const stop = () => {
    source?.close();
    due = 0;
  };

  const open = () => {
    stop();
    due = Date.now() + 45000;
    lost ||= Date.now(); // blog
    // A new visit says how the page was opened: the origin of the referrer, and the parameters that name a source or a
    // campaign. Proxies log addresses, and other parts may be secrets. Encoded, the texts have at most 4,500 bytes.
    const opened =
      Date.now() < againUntil
        ? { again: 1 }
        : {
            w: innerWidth,
            r: document.referrer.split("/", 3).join("/"),
            q: location.search.replace(/[?&](?!utm_|ref=|source=)[^&]*/g, "").slice(1, 1000),
          };
    source = new EventSource(streamUrl + new URLSearchParams(opened), { withCredentials: true });
    for (const type of ["live", "site", "comments", "page", "reader"]) source.addEventListener(type, receive);
    source.onerror = () => {
      lost ||= Date.now(); // blog
      // Unless the stream is closed, the browser reconnects by itself.
      if (source.readyState == 2) {
        due = Date.now() + wait * (0.5 + Math.random());
        wait = Math.min(2 * wait, 60000);
      }
    };
  };

  const check = () => {
    const time = Date.now();
    if (!document.hidden && !isPrerendered && !signal.aborted) {
      seen = time;
      if (time > due) open();
    } else if (time > seen + 10000) stop();
  };

  const restart = () => {
    stop();
    check();
  };

  on("visibilitychange", () => {
    seen = Date.now();
    check();
  });
  // Chromium marks requests as prefetches until shortly after the activation, and the server does not count those.
  on("prerenderingchange", () =>
    setTimeout(() => {
      isPrerendered = false;
      check();
    }, 100)
  );
  on("online", restart);
  // A page in the back/forward cache has no viewer.
  on("pagehide", stop);
  on("pageshow", check);
  const timer = setInterval(check, 2000);

  return {
    // Aborted when the stream is closed.
    signal,
    // Returns whether the stream has been lost for ten seconds.
    isStale: () => lost > 0 && Date.now() > lost + 10000, // blog
    // Opens the stream at another address, with the numbers of other pages. `isSamePage`: not at another page's.
    open(address, pages, isSamePage) {
      streamUrl = address + "?";
      for (const page of pages) streamUrl += new URLSearchParams({ page }) + "&";
      againUntil = isSamePage && againUntil;
      const finished = address.replace("live", "finished"); // blog
      import("/horizon/finished.js").then((module) => module.watchEnd(finished, signal)).catch(() => {}); // blog
      restart();
    },
    close() {
      controller.abort();
      clearInterval(timer);
      stop();
    },
  };
};
