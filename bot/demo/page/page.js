// The page as a whole: takes what the guild tells, shows the place in view, follows the address.

import { askName, askPost, askSure, askThreadName } from "./ask.js";
import { endCommand } from "./command.js";
import { composeIn, reply, setUpComposer } from "./composer.js";
import { el, icon, tellTimes, time } from "./dom.js";
import { act, follow, name, named } from "./link.js";
import { dropFromLog, showInstead, showLog, showMessage, toMessage, viewOf } from "./log.js";
import { closeMenu, openMenu } from "./menu.js";
import { closeModal, showModal } from "./modal.js";
import { attempt, tell, untell } from "./notice.js";
import { openPlaces, setUpPlaces, showPeople, showPlaces } from "./places.js";
import { calledOf, dropMessage, placeOf, saidIn, state, takeMessage, takeWorld } from "./state.js";
import { setUpTools } from "./tools.js";

const TYPING_MS = 10000;
const HEARD_AFTER_MS = 1500;
const HEARD_CHARS = 300;
const TIMES_EVERY_MS = 30000;
const $ = (id) => document.getElementById(id);
const typing = new Map();
let lost = false;
let hearing = 0;
let helping = false;

function onWorld(world) {
  const first = state.world === null;
  takeWorld(world);
  if (named() !== world.me.name) name(world.me.name);
  if (lost) untell();
  lost = false;
  $("guild").textContent = world.guild;
  showPeople(lookAs);
  if (first) showAbout(state.world.about);
  for (const open of world.dialogues) showModal(open);
  goTo(placeInAddress());
}

function onMessage(message) {
  const isNew = takeMessage(message);
  if (isNew) typing.delete(`${message.place} ${message.author.id}`);
  if (helping && message.author.id === state.world.me.id) helping = $("hints").open = false;
  showTyping();
  const inView = showMessage(message);
  if (inView) hear(message);
  else if (isNew && message.author.id !== state.world.me.id) {
    state.unread.add(message.place);
    showPlaces();
  }
  // The card under a message counts what was said in its thread.
  const starter = viewOf(message.place);
  if (starter && isNew) showMessage(starter.message);
  const parent = placeOf(message.place)?.parent;
  if (parent && parent === state.place && placeOf(parent).kind === "forum") showForum(placeOf(parent));
}

function onGone(message) {
  dropMessage(message);
  dropFromLog(message);
}

function onTyping({ place, user, name: who }) {
  const key = `${place} ${user}`;
  clearTimeout(typing.get(key)?.ends);
  const end = () => {
    typing.delete(key);
    showTyping();
  };
  typing.set(key, { place, who, ends: setTimeout(end, TYPING_MS) });
  showTyping();
}

function onLost() {
  lost = true;
  tell("The guild cannot be reached. This page tries again by itself.");
}

function lookAs(person) {
  closeModal();
  endCommand();
  typing.clear();
  state.unread.clear();
  name(person);
  listen();
}

function listen() {
  follow(named(), {
    world: onWorld,
    message: onMessage,
    gone: onGone,
    typing: onTyping,
    dialogue: showModal,
    error: onLost,
  });
}

/** `#/place` or `#/place/message`. */
function placeInAddress() {
  return location.hash.slice(2).split("/")[0];
}

function onAddress() {
  if (!location.hash.startsWith("#/") || !state.world) return;
  goTo(placeInAddress());
  const message = location.hash.split("/")[2];
  if (message) toMessage(message);
}

/** Show a place, or the first channel when there is none of this id. */
function goTo(id) {
  const there = placeOf(id) ?? placeOf(state.place) ?? state.world.places.find((place) => place.kind === "text");
  if (!there) return;
  const moved = state.place !== there.id;
  state.place = there.id;
  state.unread.delete(there.id);
  if (moved) {
    closeMenu(false);
    openPlaces(false);
    endCommand();
  }
  showPlaces();
  showHead(there);
  showTyping();
  const isForum = there.kind === "forum";
  $("composer").hidden = isForum || !$("command").hidden;
  if (isForum) return showForum(there);
  composeIn(there.id);
  showLog(there.id);
  if (moved && !matchMedia("(pointer: coarse)").matches) $("text").focus();
}

function showHead(there) {
  const parent = placeOf(there.parent);
  const within = parent ? [el("a", { href: `#/${parent.id}` }, calledOf(parent)), " › "] : [];
  $("within").replaceChildren(...within);
  $("place").textContent = calledOf(there);
  $("place").title = there.topic;
  $("open-thread").hidden = !there.may_open;
  $("new-post").hidden = there.kind !== "forum" || !there.may_write;
  $("change-place").hidden = !(there.may_rename || there.may_close || there.may_remove);
  document.title = `${calledOf(there)} · ${state.world.guild}`;
}

function showAbout({ facts, hints }) {
  const told = Object.entries(facts).map(([fact, value]) => el("div", {}, el("dt", {}, fact), el("dd", {}, value)));
  $("facts").replaceChildren(...told);
  $("hints").querySelector("ul").replaceChildren(...hints.map((line) => el("li", { class: "body", html: line })));
  $("hints").hidden = hints.length === 0;
  // Whoever comes first finds an empty guild and wants to know what to do in it.
  const nothing = [...state.messages.values()].every((said) => [...said.values()].every((one) => one.kind === "thread_created"));
  helping = nothing && matchMedia("(min-width: 761px)").matches;
  $("hints").open = helping;
  $("about").hidden = told.length === 0 && hints.length === 0;
}

function showForum(forum) {
  const posts = state.world.places.filter((place) => place.parent === forum.id);
  const cards = posts.reverse().map((post) => {
    const said = saidIn(post.id);
    const answers = Math.max(said.length - 1, 0);
    return el(
      "a",
      { class: "post", href: `#/${post.id}` },
      el("b", {}, post.name),
      el("span", { class: "excerpt" }, said[0]?.text.slice(0, 160) ?? ""),
      el("small", {}, `by ${post.owner} · ${answers} ${answers === 1 ? "answer" : "answers"}`, said.length > 0 && " · ", said.length > 0 && time(said.at(-1).at, "R")),
    );
  });
  showInstead(...(cards.length > 0 ? cards : [el("p", { class: "empty" }, "There are no posts yet. Open one with “New post”.")]));
}

function showTyping() {
  const here = [...typing.values()].filter((one) => one.place === state.place).map((one) => one.who);
  const told = here.length === 0 ? [] : [el("span", { class: "dots", "aria-hidden": "true" }), `${here.join(" and ")} ${here.length > 1 ? "are" : "is"} typing`];
  $("typing").replaceChildren(...told);
}

/** Tell a screen reader of somebody's message once it has stopped growing. */
function hear(message) {
  if (message.author.id === state.world.me.id) return;
  clearTimeout(hearing);
  hearing = setTimeout(() => {
    $("heard").textContent = `${message.author.name}: ${message.text.slice(0, HEARD_CHARS)}`;
  }, HEARD_AFTER_MS);
}

async function openThread() {
  const opened = await askThreadName("", (title) => act("open_thread", { place: state.place, name: title }));
  if (opened) location.hash = `#/${opened}`;
}

function changePlace() {
  const there = placeOf(state.place);
  const what = there.kind === "thread" ? "thread" : "channel";
  const change = (how, fields = {}) => act(how, { place: there.id, ...fields });
  const items = [
    there.may_rename && {
      name: `Rename ${what}`,
      sign: "edit",
      press: () => askName(`Rename ${calledOf(there)}`, there.name, (name) => change("rename", { name })),
    },
    there.may_close && { name: "Close thread", sign: "close", press: () => attempt(() => change("archive")) },
    there.may_remove && {
      name: `Delete ${what}`,
      sign: "remove",
      danger: true,
      press: () => askSure(`Delete ${calledOf(there)}?`, "Its messages go with it, for everybody.", "Delete", () => change("remove")),
    },
  ];
  openMenu(calledOf(there), items, $("change-place"), $("change-place"));
}

async function openPost() {
  const forum = placeOf(state.place);
  const opened = await askPost(forum.name, (title, text, files) => act("post", { place: forum.id, title, text }, files));
  if (opened) location.hash = `#/${opened}`;
}

$("open-thread").prepend(icon("thread"));
$("open-thread").addEventListener("click", openThread);
$("new-post").prepend(icon("add"));
$("change-place").append(icon("more"));
$("change-place").addEventListener("click", changePlace);
$("new-post").addEventListener("click", openPost);
addEventListener("hashchange", onAddress);
setInterval(() => tellTimes(document.body), TIMES_EVERY_MS);
setUpPlaces();
setUpTools(reply);
setUpComposer();
listen();
