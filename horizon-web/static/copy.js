// Adds a button to each block of code, which copies it.
const prose = document.querySelector(".prose");
// Browsers offer the clipboard only to secure pages.
if (prose && navigator.clipboard) {
  const { copyCode, codeCopied, codeCopyFailed } = prose.dataset;
  // One live region for all buttons: screen readers announce a change of its text.
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  prose.after(status);
  for (const pre of prose.querySelectorAll("pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-code";
    button.textContent = copyCode;
    let timer;
    button.addEventListener("click", async () => {
      let text = codeCopied;
      try {
        await navigator.clipboard.writeText(pre.textContent);
      } catch {
        text = codeCopyFailed;
      }
      button.textContent = status.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(() => {
        button.textContent = copyCode;
        status.textContent = "";
      }, 2000);
    });
    // Beside the block, which scrolls.
    const wrapper = document.createElement("div");
    wrapper.className = "copyable";
    pre.before(wrapper);
    wrapper.append(pre, button);
  }
}
