// Updates the tables of /cluster with HTML from the server.
(() => {
  const tables = document.querySelector("[data-horizon=cluster]");
  if (!tables) return;
  const stream = new EventSource("/cluster/live");
  stream.addEventListener("cluster", (event) => {
    tables.innerHTML = JSON.parse(event.data);
  });
  // Browsers do not reconnect after an error response: the session has ended, or the server restarts.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
})();
