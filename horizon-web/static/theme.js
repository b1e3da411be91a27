// Sets the theme before the first paint, and handles the theme button.
(() => {
  const THEMES = ["system", "light", "dark"];
  const KEY = "theme";
  const root = document.documentElement;
  const savedTheme = () => {
    try {
      const theme = localStorage.getItem(KEY);
      return THEMES.includes(theme) ? theme : "system";
    } catch {
      return "system"; // Storage is disabled.
    }
  };
  const show = (theme) => {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("button[data-horizon=theme]")) {
      button.hidden = false;
      button.title = button.dataset[theme];
      button.setAttribute("aria-label", button.title);
    }
  };
  show(savedTheme());
  addEventListener("DOMContentLoaded", () => show(root.dataset.theme));
  addEventListener("storage", (event) => event.key === KEY && show(savedTheme()));
  addEventListener("click", (event) => {
    if (!event.target.closest?.("button[data-horizon=theme]")) return;
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {}
    show(theme);
  });
})();
