// The comments of a page: the form and the list of the newest. client.js loads it on pages with one of them.

const item = ({ author, badge, html }, template) => {
  const node = template ? template.content.cloneNode(true) : document.createElement("li");
  const part = (name, tag) =>
    node.querySelector(`[data-horizon=${name}]`) ?? (template ? {} : node.appendChild(document.createElement(tag)));
  part("author", "b").textContent = author || "Someone";
  if (badge || template) {
    if (!template) node.append(" ");
    const mark = part("badge", "span");
    mark.className ||= "badge";
    mark.textContent = badge ?? "";
    mark.hidden = !badge;
  }
  // Sanitized by the server.
  part("body", "div").innerHTML = html;
  return node;
};

// Shows the comments in the list, unless it shows them already.
export const draw = (list, comments) => {
  const drawn = JSON.stringify(comments);
  if (list.drawn == drawn) return;
  list.drawn = drawn;
  const template = list.querySelector("template");
  list.replaceChildren(template ?? "", ...comments.map((comment) => item(comment, template)));
};

// Sends the form, and shows the result in it. `newId` is for a comment that was not sent before.
export const submit = async (form, send, newId) => {
  if (form.ariaBusy) return;
  form.ariaBusy = "true";
  const id = (form.retryId ??= newId);
  const body = JSON.stringify({ ...Object.fromEntries(new FormData(form)), id });
  const { status, field = "", detail, title } = await send("POST", "comments", body);
  form.ariaBusy = null;
  // Keep the id for a retry only if the comment may have been recorded.
  if (status && status < 500) form.retryId = null;
  const thanks = { 201: "Thank you.", 202: "Thank you. Your comment will appear once it is approved." }[status];
  if (thanks) form.reset();
  const node = form.querySelector("[role=status]");
  if (node) node.textContent = thanks ?? field + " " + (detail ?? title ?? "No response. Please try again.");
};
