// What can be done with a message: the bar that appears on the one under the pointer or the keyboard.

import { askThreadName } from "./ask.js";
import { el, icon } from "./dom.js";
import { act } from "./link.js";
import { showMessage, viewAround, viewOf } from "./log.js";
import { openMenu } from "./menu.js";
import { isOwn } from "./message.js";
import { attempt, tell } from "./notice.js";
import { placeOf, saidIn, state, withIds, withNames } from "./state.js";

const EMOJI = ["👍", "👎", "✅", "❌", "👀", "🎉", "❤️", "🛑"];
const frame = document.getElementById("frame");
const bar = el("div", { class: "tools", role: "toolbar", "aria-label": "Message" });

/** Let messages have their tools; `reply` begins a reply to a message. */
export function setUpTools(reply) {
  frame.addEventListener("pointerover", (event) => offer(viewAround(event.target), reply));
  frame.addEventListener("focusin", (event) => offer(viewAround(event.target), reply));
  frame.addEventListener("keydown", walk);
  frame.addEventListener("click", uncover, true);
  frame.addEventListener("contextmenu", (event) => {
    const view = viewAround(event.target);
    const isOurs = view && !event.target.closest("a, img, textarea, input") && getSelection().isCollapsed;
    if (!isOurs || event.shiftKey) return;
    event.preventDefault();
    // The keyboard's menu key has no place of its own.
    more(view, event.button === 2 ? { x: event.clientX, y: event.clientY } : view.parts.body, reply);
  });
}

/** Edit the newest own message of the place in view; returns whether there is one. */
export function editNewest() {
  const own = saidIn(state.place).findLast((message) => isOwn(message) && message.may.edit);
  const view = own && viewOf(own.id);
  if (view) edit(view);
  return Boolean(view);
}

function offer(view, reply) {
  if (!view || view.element === bar.parentElement || bar.matches(":has(:focus-visible)")) return;
  const { message } = view;
  const { may } = message;
  bar.replaceChildren(
    ...[
      may.react && tool("react", "React", () => react(message)),
      may.reply && tool("reply", "Reply", () => reply(message)),
      may.thread && tool("thread", "Open thread", () => openThread(message)),
      message.link && tool("link", "Copy link", (event) => copyLink(event.currentTarget, message)),
      may.edit && tool("edit", "Edit", () => edit(view)),
      may.delete && tool("remove", "Delete", (event) => remove(event.currentTarget, message)),
      tool("more", "More", (event) => more(view, event.currentTarget, reply)),
    ].filter(Boolean),
  );
  if (bar.children.length > 0) view.element.append(bar);
  else bar.remove();
}

/** Everything that can be done with a message, with what apps offer. */
function more(view, at, reply) {
  const { message } = view;
  const { may } = message;
  const ids = may.use ? (placeOf(message.place)?.on_messages ?? []) : [];
  const apps = ids.map((id) => state.world.commands[id]).map((command, index) => ({
    name: command.name,
    sign: "app",
    mark: command.bot,
    press: () => attempt(() => act("use", { place: message.place, message: message.id, command: ids[index] })),
  }));
  const items = [
    may.react && { name: "React", sign: "react", press: () => reactTo(view, reply) },
    may.reply && { name: "Reply", sign: "reply", press: () => reply(message) },
    may.thread && { name: "Open thread", sign: "thread", press: () => openThread(message) },
    message.link && { name: "Copy link", sign: "link", press: () => copy(message.link, "The link was copied.") },
    message.text && { name: "Copy text", sign: "copy", press: () => copy(message.text, "The text was copied.") },
    may.edit && { name: "Edit", sign: "edit", press: () => edit(view) },
    may.delete && {
      name: "Delete",
      sign: "remove",
      danger: true,
      asks: "Delete? Press again",
      press: () => attempt(() => act("delete", { place: message.place, message: message.id })),
    },
    apps.length > 0 && { heading: "Apps" },
    ...apps,
  ];
  openMenu("What to do with this message", items, at, view.element);
}

function reactTo(view, reply) {
  offer(view, reply);
  react(view.message);
}

async function copy(words, done) {
  try {
    await navigator.clipboard.writeText(words);
    tell(done, { good: true });
  } catch {
    // Only pages of this machine, or behind TLS, may write to the clipboard.
    tell(words);
  }
}

function uncover(event) {
  const covered = event.target.closest?.(".spoiler:not(.open)");
  if (!covered) return;
  covered.classList.add("open");
  // What is under it, such as a picture's link, is for the next click.
  event.preventDefault();
  event.stopPropagation();
}

function tool(sign, name, press) {
  return el("button", { type: "button", class: "icon", "aria-label": name, title: name, onclick: press }, icon(sign));
}

function react(message) {
  const press = (emoji) => {
    bar.remove();
    viewOf(message.id)?.element.focus();
    attempt(() => act("react", { place: message.place, message: message.id, emoji, on: true }));
  };
  const own = el("input", { "aria-label": "Another emoji", placeholder: "other", size: "5" });
  own.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && own.value.trim()) press(own.value.trim());
  });
  const known = EMOJI.map((emoji) =>
    el("button", { type: "button", class: "emoji", "aria-label": `React with ${emoji}`, onclick: () => press(emoji) }, emoji),
  );
  bar.replaceChildren(...known, own);
  known[0].focus();
}

async function copyLink(button, message) {
  try {
    await navigator.clipboard.writeText(message.link);
  } catch {
    // Only pages of this machine, or behind TLS, may write to the clipboard.
    tell(message.link);
    return;
  }
  button.replaceChildren("Copied");
  button.classList.add("done");
}

async function openThread(message) {
  const words = message.text.split("\n")[0].replace(/[*_`#>|~]/g, "").trim().slice(0, 60);
  const place = await askThreadName(words, (name) =>
    act("open_thread", { place: message.place, message: message.id, name }),
  );
  if (place) location.hash = `#/${place}`;
}

function edit(view) {
  const { message, parts } = view;
  const field = el("textarea", { "aria-label": "Change the message", rows: "1" });
  field.value = withNames(message.text);
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  const close = () => {
    view.editing = false;
    showMessage(view.message);
    document.getElementById("text").focus();
  };
  const save = async () => {
    const text = withIds(field.value.trim());
    if (await attempt(() => act("edit", { place: message.place, message: message.id, text }))) close();
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    save();
  });
  view.editing = true;
  parts.body.hidden = false;
  parts.body.replaceChildren(
    field,
    el(
      "p",
      { class: "hint" },
      el("button", { type: "button", class: "text", onclick: save }, "Save"),
      " (Enter) or ",
      el("button", { type: "button", class: "text", onclick: close }, "cancel"),
      " (Escape)",
    ),
  );
  fit();
  field.focus();
}

function remove(button, message) {
  if (button.dataset.sure) {
    attempt(() => act("delete", { place: message.place, message: message.id }));
    return;
  }
  button.dataset.sure = "yes";
  button.replaceChildren("Delete?");
  button.setAttribute("aria-label", "Delete? Press again to delete");
  button.classList.add("sure");
}

function walk(event) {
  if (event.target.closest("textarea, input, .options")) return;
  const spoiler = event.target.closest(".spoiler");
  if (spoiler && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    spoiler.classList.add("open");
  }
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const messages = [...frame.querySelectorAll(".message")];
  const at = messages.indexOf(event.target.closest(".message"));
  const next = at < 0 ? messages.at(-1) : messages[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
