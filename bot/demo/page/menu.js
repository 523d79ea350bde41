// A menu that opens at the pointer or under a button: arrow keys go through it, Escape leaves it.

import { el, icon } from "./dom.js";

const GAP_PX = 8;
let open = null;

/**
 * Open a menu of `{name, sign, press, danger, asks}` and of headings `{heading}`; `at` is a button or `{x, y}`.
 * What `asks` is done when pressed a second time. The focus returns to `back`.
 */
export function openMenu(label, items, at, back) {
  closeMenu();
  const list = el("div", { class: "popup", role: "menu", "aria-label": label });
  list.append(...items.filter(Boolean).map((one) => (one.heading ? el("p", { role: "presentation" }, one.heading) : entry(one))));
  document.body.append(list);
  open = { list, back };
  put(list, at);
  list.addEventListener("keydown", walk);
  list.addEventListener("focusout", (event) => {
    if (!list.contains(event.relatedTarget)) closeMenu(false);
  });
  list.querySelector("button")?.focus();
}

/** Close the menu that is open, if any. */
export function closeMenu(returns = true) {
  if (!open) return;
  const { list, back } = open;
  open = null;
  list.remove();
  if (returns) back?.focus({ preventScroll: true });
}

function entry(one) {
  const words = el("span", {}, one.name);
  const press = () => {
    if (one.asks && words.textContent === one.name) {
      words.textContent = one.asks;
      return;
    }
    closeMenu();
    one.press();
  };
  return el(
    "button",
    { type: "button", role: "menuitem", tabindex: "-1", class: one.danger ? "danger" : null, onclick: press },
    one.sign ? icon(one.sign) : el("span", { class: "no-sign" }),
    words,
    one.mark && el("small", {}, one.mark),
  );
}

function put(list, at) {
  const box = at instanceof Element ? at.getBoundingClientRect() : { left: at.x, right: at.x, top: at.y, bottom: at.y };
  const { offsetWidth: width, offsetHeight: height } = list;
  const left = Math.min(box.left, innerWidth - width - GAP_PX);
  const below = box.bottom + height + GAP_PX <= innerHeight;
  list.style.left = `${Math.max(GAP_PX, left)}px`;
  list.style.top = `${below ? box.bottom : Math.max(GAP_PX, box.top - height)}px`;
}

function walk(event) {
  const entries = [...open.list.querySelectorAll("button")];
  const at = entries.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at + entries.length - 1, Home: 0, End: entries.length - 1 }[event.key];
  if (to !== undefined) entries[to % entries.length].focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
