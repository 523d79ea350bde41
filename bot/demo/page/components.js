// What a bot puts under its messages: buttons, menus, texts. Discord's own component objects in, elements out.

import { el } from "./dom.js";
import { act } from "./link.js";
import { attempt } from "./notice.js";
import { calledOf, state } from "./state.js";

const ROW = 1, BUTTON = 2, SECTION = 9, TEXT = 10, SEPARATOR = 14, CONTAINER = 17;
const MENUS = { 3: "own", 5: "users", 6: "roles", 7: "users", 8: "places" };
const STYLES = { 1: "main", 2: "plain", 3: "good", 4: "danger", 5: "link" };

/** Make the elements for components of a message. */
export function components(list, message) {
  return list.map((one) => component(one, message)).filter((made) => made !== null);
}

/** What a menu offers: rows of label, description, value as the guild takes it, and whether it is the default. */
export function optionsOf(menu) {
  const kind = MENUS[menu.type];
  if (kind === "users") return state.world.members.map((user) => ({ label: user.name, value: { user: user.id } }));
  if (kind === "places") {
    const places = state.world.places.filter((place) => place.kind !== "dm");
    return places.map((place) => ({ label: calledOf(place), value: { place: place.id } }));
  }
  return menu.options ?? [];
}

/** Whether a component is a menu. */
export function isMenu(one) {
  return one.type in MENUS;
}

function component(one, message) {
  switch (one.type) {
    case ROW:
      return el("div", { class: "row" }, components(one.components, message));
    case BUTTON:
      return button(one, message);
    case TEXT:
      return el("div", { class: "body", html: one.html });
    case SECTION:
      return el(
        "div",
        { class: "section" },
        el("div", {}, components(one.components, message)),
        one.accessory && component(one.accessory, message),
      );
    case SEPARATOR:
      return el("hr");
    case CONTAINER:
      return el("div", { class: "container" }, components(one.components, message));
    default:
      return isMenu(one) ? menu(one, message) : null;
  }
}

function button(one, message) {
  const shown = [one.emoji?.name, one.label].filter(Boolean).join(" ");
  if (STYLES[one.style] === "link") {
    const href = /^https?:\/\//.test(one.url) ? one.url : null;
    return el("a", { class: "button link", href, target: "_blank", rel: "noreferrer noopener" }, shown);
  }
  const click = (event) =>
    busy(event.currentTarget, () =>
      act("click", { place: message.place, message: message.id, custom_id: one.custom_id }),
    );
  return el(
    "button",
    { type: "button", class: `button ${STYLES[one.style] ?? "plain"}`, disabled: Boolean(one.disabled), onclick: click },
    shown,
  );
}

function menu(one, message) {
  const least = one.min_values ?? 1;
  const most = Math.max(one.max_values ?? 1, least);
  const choose = (target, values) =>
    busy(target, () => act("choose", { place: message.place, message: message.id, custom_id: one.custom_id, values }));
  const options = optionsOf(one);
  const shown = one.placeholder || (most > 1 ? "Choose some" : "Choose one");
  if (one.disabled) return el("button", { type: "button", class: "button plain", disabled: true }, shown);
  const list = el("div", { class: "options", role: "group", "aria-label": shown });
  const made = el("details", { class: "menu" }, el("summary", {}, shown), list);
  if (most === 1) {
    const pick = (option) => (event) => {
      made.open = false;
      made.querySelector("summary").focus();
      choose(event.currentTarget, [option.value]);
    };
    list.append(...options.map((option) => el("button", { type: "button", onclick: pick(option) }, ...told(option))));
    return made;
  }
  const boxes = options.map((option) => el("input", { type: "checkbox", checked: Boolean(option.default) }));
  const ready = el(
    "button",
    {
      type: "button",
      class: "button main",
      onclick: (event) => {
        made.open = false;
        choose(event.currentTarget, options.filter((_, index) => boxes[index].checked).map((option) => option.value));
      },
    },
    "Choose",
  );
  const check = () => {
    const count = boxes.filter((box) => box.checked).length;
    ready.disabled = count < least || count > most;
  };
  list.addEventListener("change", check);
  list.append(...options.map((option, index) => el("label", {}, boxes[index], ...told(option))), ready);
  check();
  return made;
}

function told(option) {
  return [
    el("span", { class: "title" }, [option.emoji?.name, option.label].filter(Boolean).join(" ")),
    option.description && el("span", { class: "detail" }, option.description),
  ];
}

async function busy(target, doing) {
  target.setAttribute("aria-busy", "true");
  await attempt(doing);
  target.removeAttribute("aria-busy");
}
