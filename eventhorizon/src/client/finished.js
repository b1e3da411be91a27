// Reports once that the end of the page was on screen. client.js loads it on pages with a name, and so does the script
// of the blog.

let timer;

// Watches the page until `signal` is aborted or another one is watched. Without an address it watches none. The end is
// that of the element with `data-horizon-end`, otherwise of the article, otherwise of `main`.
export const watchEnd = (address, signal) => {
  let found = 0;
  const stop = () => clearInterval(timer);
  const check = () => {
    const [end] = ["[data-horizon-end]", "article:only-of-type", "main"].flatMap((selector) => [
      ...document.querySelectorAll(selector),
    ]);
    // An element that is not shown has no rectangles. A page that is still being rendered may be short, so one check is
    // not enough.
    const rectangle = !document.hidden && !document.prerendering && [...(end?.getClientRects() ?? [])].pop();
    if (rectangle?.bottom <= innerHeight && ++found == 2) {
      stop();
      navigator.sendBeacon(address);
    }
  };
  stop();
  if (!address || signal.aborted) return;
  timer = setInterval(check, 2000);
  signal.addEventListener("abort", stop);
};
