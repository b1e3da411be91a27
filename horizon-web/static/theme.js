// Sets the theme before the first paint, and works the button that changes it.
(() => {
  const THEMES = ["system", "light", "dark"];
  const KEY = "theme";
  const root = document.documentElement;
  const kept = () => {
    try {
      const theme = localStorage.getItem(KEY);
      return THEMES.includes(theme) ? theme : "system";
    } catch {
      return "system"; // Storage is switched off: the theme lasts as long as the page.
    }
  };
  const show = (theme) => {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("button[data-horizon=theme]")) {
      button.hidden = false;
      button.setAttribute("aria-label", `Theme: ${theme}`);
      button.title = `Theme: ${theme}`;
    }
  };
  show(kept());
  addEventListener("DOMContentLoaded", () => show(root.dataset.theme));
  addEventListener("storage", (event) => event.key === KEY && show(kept()));
  addEventListener("click", (event) => {
    if (!event.target.closest?.("button[data-horizon=theme]")) return;
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {}
    show(theme);
  });
})();
