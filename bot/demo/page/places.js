// The list of places: channels with their threads, forums with their posts, direct messages; and who speaks.

import { el, icon } from "./dom.js";
import { act } from "./link.js";
import { attempt } from "./notice.js";
import { calledOf, state } from "./state.js";

const list = document.getElementById("places");
const sidebar = document.getElementById("sidebar");
const toggle = document.getElementById("toggle-places");

/** Make the list open and close where the window is narrow. */
export function setUpPlaces() {
  toggle.addEventListener("click", () => openPlaces(!document.body.classList.contains("places-open")));
  sidebar.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("places-open")) {
      openPlaces(false);
      toggle.focus();
    }
  });
  document.querySelector("main").addEventListener("pointerdown", (event) => {
    if (event.target !== toggle) openPlaces(false);
  });
}

/** Open or close the list; a wide window shows it always. */
export function openPlaces(open) {
  document.body.classList.toggle("places-open", open);
  toggle.setAttribute("aria-expanded", String(open));
  if (open) list.querySelector("a")?.focus();
}

/** Draw the list anew. */
export function showPlaces() {
  const { places, bots } = state.world;
  const under = (id) => places.filter((place) => place.parent === id).sort((a, b) => a.archived - b.archived);
  const top = (kind) => places.filter((place) => place.kind === kind).sort((a, b) => a.position - b.position);
  const branch = (place) => {
    const threads = under(place.id);
    return el("li", {}, link(place), threads.length > 0 && el("ul", {}, threads.map((thread) => el("li", {}, link(thread)))));
  };
  const focused = document.activeElement?.closest?.("#places a")?.getAttribute("href");
  list.replaceChildren(
    ...group("Channels", top("text").map(branch)),
    ...group("Forums", top("forum").map(branch)),
    ...group("Direct messages", bots.map((bot) => el("li", {}, direct(bot)))),
  );
  if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"], a[href="${focused}"]`)?.focus();
  const bySign = bots.map((bot) =>
    el("li", { class: bot.online ? "online" : "offline" }, el("b", {}, bot.name), bot.online ? " is connected" : " is not connected"),
  );
  document.getElementById("bots").replaceChildren(...bySign);
}

/** Draw who can speak; `choose` gets the name of whoever is picked. */
export function showPeople(choose) {
  const { people, me } = state.world;
  document.getElementById("people").replaceChildren(
    ...people.map((person) =>
      el(
        "label",
        {},
        el("input", {
          type: "radio",
          name: "as",
          value: person.name,
          checked: person.id === me.id,
          onchange: () => choose(person.name),
        }),
        el("span", {}, person.name),
      ),
    ),
  );
}

function group(name, items) {
  return items.length > 0 ? [el("h3", {}, name), el("ul", {}, items)] : [];
}

function link(place) {
  const here = place.id === state.place;
  const unread = state.unread.has(place.id);
  const classes = [place.kind, place.archived && "archived", unread && "unread"].filter(Boolean).join(" ");
  return el(
    "a",
    { href: `#/${place.id}`, class: classes, "aria-current": here ? "page" : null },
    place.kind === "thread" && icon("thread"),
    el("span", { class: "name" }, calledOf(place)),
    place.archived && el("small", {}, "archived"),
    place.private && el("small", {}, "private"),
    unread && el("span", { class: "unseen" }, "new messages"),
  );
}

function direct(bot) {
  const place = state.world.places.find((one) => one.id === bot.dm);
  if (place) return link(place);
  const begin = async (event) => {
    event.preventDefault();
    const opened = await attempt(() => act("open_direct", { bot: bot.id }));
    if (opened) location.hash = `#/${opened.place}`;
  };
  return el("a", { href: "#", class: "dm", onclick: begin }, el("span", { class: "name" }, `@${bot.name}`));
}
