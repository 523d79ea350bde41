// One message as an element. An update changes only the parts that differ, so that nothing jumps or flickers.

import { components } from "./components.js";
import { el, grow, icon, time } from "./dom.js";
import { file } from "./files.js";
import { act } from "./link.js";
import { attempt } from "./notice.js";
import { calledOf, placeOf, saidIn, state } from "./state.js";

const HUES = 6;
const FOLLOWS_S = 420;

/** Make the view of a message; `show` brings it up to date. `view.editing` keeps the text from being touched. */
export function messageView(message) {
  const parts = {};
  for (const name of ["points", "avatar", "head", "body", "edited", "files", "embeds", "components", "reactions", "thread"]) {
    parts[name] = el("div", { class: name, hidden: true });
  }
  parts.avatar.setAttribute("aria-hidden", "true");
  const article = el("article", { class: "message", id: `m${message.id}`, "data-id": message.id, tabindex: "-1" });
  article.append(...Object.values(parts));
  return { element: article, parts, keys: {}, message, editing: false };
}

/** Bring a view up to date; `before` is the message above it, which may spare the head. */
export function show(view, message, before) {
  view.message = message;
  const follows = isFollowing(message, before);
  const { element, parts } = view;
  element.classList.toggle("follows", follows);
  element.classList.toggle("app", message.author.bot);
  element.classList.toggle("private", message.private);
  element.classList.toggle("pings", message.pings);
  element.classList.toggle("news", isNews(message));
  element.classList.toggle("changed", message.edited && !view.editing && message.html !== "");
  element.setAttribute("aria-label", `${message.author.name}, ${message.text || "message"}`.slice(0, 200));
  const part = (name, key, make) => renew(view, name, key, make);
  part("points", [message.kind, message.points_to, message.cause], () => pointed(message));
  part("avatar", [follows, message.author.name], () => (follows ? [] : [avatar(message.author)]));
  part("head", [follows, message.author, message.at, message.private], () => (follows ? [] : head(message)));
  if (!view.editing) body(parts.body, message);
  part("edited", [message.edited], () => (message.edited ? ["edited"] : []));
  part("files", message.files, () => message.files.map(file));
  part("embeds", message.embeds, () => message.embeds.map(embed));
  part("components", message.components, () => components(message.components, message));
  part("reactions", [message.reactions, message.may.react], () => message.reactions.map((one) => reaction(one, message)));
  part("thread", [message.thread, message.thread && saidIn(message.thread.id).length], () => threadCard(message.thread));
}

function renew(view, name, key, make) {
  const told = JSON.stringify(key);
  if (view.keys[name] === told) return;
  view.keys[name] = told;
  const target = view.parts[name];
  const hadFocus = target.contains(document.activeElement);
  const made = make();
  target.replaceChildren(...made);
  target.hidden = made.length === 0;
  // A clicked button that was replaced would leave the keyboard nowhere.
  if (hadFocus) (target.querySelector("button:not(:disabled), summary") ?? view.element).focus({ preventScroll: true });
}

function body(target, message) {
  const shown = message.thinking ? "<p class=\"thinking\">is thinking…</p>" : message.html;
  const forwarded = message.forwarded === null ? "" : `<blockquote><p><small>Forwarded</small></p>${message.forwarded}</blockquote>`;
  target.hidden = isNews(message) || shown + forwarded === "";
  if (!target.hidden) grow(target, shown + forwarded);
}

function isNews(message) {
  return message.kind === "thread_created" || message.kind === "pinned" || message.kind === "thread_starter";
}

function isFollowing(message, before) {
  return (
    before !== undefined &&
    before.author.id === message.author.id &&
    before.private === message.private &&
    !isNews(before) &&
    !isNews(message) &&
    !message.points_to &&
    !message.cause &&
    message.at - before.at < FOLLOWS_S
  );
}

function pointed(message) {
  const points = message.points_to;
  if (message.cause) return [el("span", {}, el("b", {}, message.cause.user), " used ", el("code", {}, message.cause.command))];
  if (message.kind === "pinned") return [`${message.author.name} pinned a message`];
  if (!points) return [];
  if (message.kind === "thread_created") {
    const link = points.place ? el("a", { href: `#/${points.place}` }, points.name) : points.name;
    return [icon("thread"), el("span", {}, el("b", {}, message.author.name), " opened the thread ", link)];
  }
  if (points.id === null) return [icon("reply"), "the message is gone"];
  if (message.kind === "thread_starter") {
    const quoted = el("div", { class: "body", html: points.html });
    return [el("div", { class: "starter" }, el("b", {}, points.author.name), quoted, ...points.files.map(file))];
  }
  return [icon("reply"), el("b", {}, points.author.name), el("span", { class: "excerpt" }, points.excerpt)];
}

function avatar(author) {
  const hue = [...author.name].reduce((sum, sign) => sum + sign.codePointAt(0), 0) % HUES;
  return el("span", { class: author.bot ? "face bot" : `face hue-${hue}` }, author.name.slice(0, 1).toUpperCase());
}

function head(message) {
  const today = new Date(message.at * 1000).toDateString() === new Date().toDateString();
  return [
    el("b", { class: "author" }, message.author.name),
    message.author.bot && el("span", { class: "badge" }, "app"),
    time(message.at, today ? "t" : "s"),
    message.private && el("span", { class: "only" }, "only you can see this"),
  ].filter(Boolean);
}

function embed(one) {
  const card = el(
    "div",
    { class: "card" },
    one.author && el("small", {}, one.author),
    one.title && el("div", { class: "body title", html: one.title }),
    one.description && el("div", { class: "body", html: one.description }),
    one.fields.length > 0 &&
      el(
        "dl",
        {},
        one.fields.map((field) =>
          el("div", { class: field.inline ? "inline" : "whole" }, el("dt", { html: field.name }), el("dd", { html: field.value })),
        ),
      ),
    one.footer && el("small", {}, one.footer),
  );
  if (one.color) card.style.borderInlineStartColor = one.color;
  return card;
}

function reaction(one, message) {
  const press = () =>
    attempt(() => act("react", { place: message.place, message: message.id, emoji: one.emoji, on: !one.mine }));
  const who = one.who.join(", ");
  return el(
    "button",
    { type: "button", class: "reaction", "aria-pressed": String(one.mine), title: who, onclick: press, disabled: !message.may.react },
    el("span", {}, one.emoji),
    el("span", {}, String(one.count)),
  );
}

function threadCard(thread) {
  const place = thread && placeOf(thread.id);
  if (!place) return [];
  const count = saidIn(place.id).filter((one) => !isNews(one)).length;
  const said = count === 1 ? "1 message" : `${count} messages`;
  const told = count > 0 && el("small", {}, said);
  return [el("a", { class: "thread-card", href: `#/${place.id}` }, icon("thread"), el("b", {}, calledOf(place)), told)];
}

/** Whether a message is the viewer's own. */
export function isOwn(message) {
  return message.author.id === state.world.me.id;
}
