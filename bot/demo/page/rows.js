// The list of suggestions above the message box: commands, options, names. The focus stays in the field.

import { el } from "./dom.js";

const list = document.getElementById("rows");
let open = null;

/** Show rows of `{title, detail, mark}` for a field; `pick` gets the chosen one. The first is chosen if `eager`. */
export function showRows(field, rows, pick, { eager = true } = {}) {
  if (rows.length === 0) return hideRows();
  open = { field, rows, pick, at: eager ? 0 : -1 };
  list.replaceChildren(
    ...rows.map((row, index) =>
      el(
        "div",
        {
          role: "option",
          id: `row-${index}`,
          class: "suggestion",
          // The field would lose the focus before the click.
          onpointerdown: (event) => event.preventDefault(),
          onclick: () => choose(index),
        },
        el("span", { class: "title" }, row.title),
        row.detail && el("span", { class: "detail" }, row.detail),
        row.mark && el("span", { class: "mark" }, row.mark),
      ),
    ),
  );
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  mark();
}

/** Hide the rows. */
export function hideRows() {
  if (!open) return;
  open.field.setAttribute("aria-expanded", "false");
  open.field.removeAttribute("aria-activedescendant");
  open = null;
  list.hidden = true;
  list.replaceChildren();
}

/** Whether a row is about to be chosen. */
export function isChoosing() {
  return open !== null && open.at >= 0;
}

/** Let the rows have a key of their field; returns whether they used it. */
export function rowsKey(event) {
  if (!open) return false;
  const count = open.rows.length;
  if (event.key === "ArrowDown") open.at = (open.at + 1) % count;
  else if (event.key === "ArrowUp") open.at = (open.at + count - (open.at < 0 ? 0 : 1)) % count;
  else if (event.key === "Escape") hideRows();
  else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && open.at >= 0) choose(open.at);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  mark();
  return true;
}

function choose(index) {
  const { rows, pick } = open;
  hideRows();
  pick(rows[index]);
}

function mark() {
  if (!open) return;
  for (const [index, option] of [...list.children].entries()) {
    option.setAttribute("aria-selected", String(index === open.at));
    if (index === open.at) option.scrollIntoView({ block: "nearest" });
  }
  if (open.at >= 0) open.field.setAttribute("aria-activedescendant", `row-${open.at}`);
  else open.field.removeAttribute("aria-activedescendant");
}
