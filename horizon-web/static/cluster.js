// Keeps the tables of /cluster fresh: the server renders them, this puts them in place.
(() => {
  const place = document.querySelector("[data-horizon=cluster]");
  if (!place) return;
  const news = new EventSource("/cluster/live");
  news.addEventListener("cluster", (event) => {
    place.innerHTML = JSON.parse(event.data);
  });
  // A browser gives up after an answer that is no stream: the session has ended, or the server restarts.
  news.addEventListener("error", () => {
    if (news.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
})();
