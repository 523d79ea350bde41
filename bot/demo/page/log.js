// The messages of the place in view: kept in step with what the page knows, and at the newest unless scrolled away.

import { el } from "./dom.js";
import { messageView, show } from "./message.js";
import { saidIn } from "./state.js";

const NEAR_PX = 40;
const frame = document.getElementById("frame");
const log = document.getElementById("log");
const newest = document.getElementById("newest");
let views = new Map();
let place = null;
let follows = true;
let top = 0;

/** Show a place from its newest message on; the same place again only brings it up to date. */
export function showLog(id) {
  if (id !== place) {
    place = id;
    views = new Map();
    log.replaceChildren();
    follows = true;
  }
  log.classList.remove("from-top");
  const said = saidIn(id);
  const ids = new Set(said.map((message) => message.id));
  for (const known of [...views.keys()]) if (!ids.has(known)) forget(known);
  for (const [index, message] of said.entries()) put(message, said[index - 1]);
  emptyNote(said.length === 0);
  settle();
}

/** Show nothing but what is given, such as the posts of a forum. */
export function showInstead(...content) {
  place = null;
  views = new Map();
  follows = false;
  newest.hidden = true;
  log.classList.add("from-top");
  log.replaceChildren(...content);
}

/** Bring one message up to date; returns whether it stands in view. */
export function showMessage(message) {
  if (message.place !== place) return false;
  const said = saidIn(place);
  const at = said.findIndex((one) => one.id === message.id);
  emptyNote(false);
  put(message, said[at - 1]);
  newest.hidden = follows;
  settle();
  return true;
}

/** Take a message out. */
export function dropFromLog(message) {
  if (message.place !== place) return;
  forget(message.id);
  showLog(place);
}

/** The view of a message in the log. */
export function viewOf(id) {
  return views.get(id);
}

/** The view that an element stands in. */
export function viewAround(element) {
  return views.get(element.closest?.(".message")?.dataset.id);
}

/** Scroll to the newest message and stay there. */
export function toNewest() {
  follows = true;
  settle();
}

/** Show a message of the place in view and give it the focus. */
export function toMessage(id) {
  const element = views.get(id)?.element;
  if (!element) return;
  follows = false;
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
}

function put(message, before) {
  let view = views.get(message.id);
  if (!view) {
    view = messageView(message);
    views.set(message.id, view);
    log.append(view.element);
  }
  show(view, message, before);
}

function forget(id) {
  views.get(id)?.element.remove();
  views.delete(id);
}

function emptyNote(isEmpty) {
  log.querySelector(".empty")?.remove();
  if (isEmpty) log.append(el("p", { class: "empty" }, "Nothing was said here yet. Write a message below; / shows the commands."));
}

function settle() {
  if (!follows) return;
  newest.hidden = true;
  frame.scrollTop = frame.scrollHeight;
}

frame.addEventListener("scroll", () => {
  if (place === null) return;
  const isNear = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_PX;
  // What grows below does not move the reader: only scrolling up leaves the newest message.
  if (isNear || frame.scrollTop < top) follows = isNear;
  top = frame.scrollTop;
  if (follows) newest.hidden = true;
});
newest.addEventListener("click", toNewest);

// Pictures that arrive and windows that shrink must not push the newest message out of sight.
const watch = new ResizeObserver(settle);
watch.observe(log);
watch.observe(frame);
