// The message box: text of several lines, files, replies, typing; `/` and `@` open suggestions.

import { beginCommand, commandRows } from "./command.js";
import { el, icon } from "./dom.js";
import { sizeOf } from "./files.js";
import { act } from "./link.js";
import { toNewest } from "./log.js";
import { attempt, quietly, tell } from "./notice.js";
import { hideRows, rowsKey, showRows } from "./rows.js";
import { calledOf, placeOf, state, withIds } from "./state.js";
import { editNewest } from "./tools.js";

const TYPING_EVERY_MS = 8000;
const FILES_MOST = 10;
const FILE_MIB = 10;
const field = document.getElementById("text");
const form = document.getElementById("composer");
const list = document.getElementById("files");
const replying = document.getElementById("replying");
const chooser = document.getElementById("chosen-files");
const adder = document.getElementById("add-files");
const drafts = new Map();
let files = [];
let replyTo = null;
let typedAt = 0;
let place = null;

/** Make the box work. */
export function setUpComposer() {
  adder.append(icon("add"));
  adder.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    addFiles([...chooser.files]);
    chooser.value = "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("input", typed);
  field.addEventListener("blur", hideRows);
  field.addEventListener("keydown", pressed);
  field.addEventListener("paste", (event) => takeFiles(event, event.clipboardData));
  const main = document.querySelector("main");
  main.addEventListener("dragover", (event) => {
    event.preventDefault();
    main.classList.add("dropping");
  });
  main.addEventListener("dragleave", (event) => {
    if (!main.contains(event.relatedTarget)) main.classList.remove("dropping");
  });
  main.addEventListener("drop", (event) => {
    main.classList.remove("dropping");
    if (!form.hidden) takeFiles(event, event.dataTransfer);
    event.preventDefault();
  });
}

/** Turn to a place; what was being written in the former one waits there. */
export function composeIn(id) {
  const there = placeOf(id);
  if (place !== id) {
    if (place !== null) drafts.set(place, field.value);
    place = id;
    field.value = drafts.get(id) ?? "";
    files = [];
    replyTo = null;
    typedAt = 0;
    hideRows();
    draw();
  }
  const writes = there.may_write;
  field.disabled = adder.disabled = form.querySelector("#send").disabled = !writes;
  field.placeholder = writes ? `Message ${calledOf(there)}` : "You may not write here";
  field.setAttribute("aria-label", field.placeholder);
  fit();
}

/** Begin a reply. */
export function reply(message) {
  replyTo = message;
  draw();
  field.focus();
}

async function send() {
  const text = withIds(field.value.trim());
  if (!text && files.length === 0) return;
  const said = { place, text, reply_to: replyTo?.id ?? null };
  const kept = { text: field.value, files, replyTo };
  field.value = "";
  files = [];
  replyTo = null;
  typedAt = 0;
  drafts.delete(place);
  draw();
  toNewest();
  if (await attempt(() => act("say", said, kept.files))) return;
  if (place !== said.place || field.value) return;
  field.value = kept.text;
  ({ files, replyTo } = kept);
  draw();
}

function typed() {
  fit();
  const before = field.value.slice(0, field.selectionStart);
  const mention = /(?:^|[\s(])@(\w*)$/.exec(before);
  if (/^\/[^\s/]*$/.test(field.value)) {
    showRows(field, commandRows(placeOf(place), field.value.slice(1)), ({ command }) => {
      field.value = "";
      fit();
      beginCommand(command, place);
    });
  } else if (mention) {
    const fitting = state.world.members.filter((user) => user.name.startsWith(mention[1]));
    const rows = fitting.map((user) => ({ title: `@${user.name}`, mark: user.bot ? "app" : "", name: user.name }));
    showRows(field, rows, ({ name }) => {
      field.setRangeText(`${name} `, before.length - mention[1].length, before.length, "end");
      fit();
    });
  } else {
    hideRows();
  }
  if (field.value && !field.value.startsWith("/") && Date.now() - typedAt > TYPING_EVERY_MS) {
    typedAt = Date.now();
    quietly(() => act("typing", { place }));
  }
}

function pressed(event) {
  if (event.isComposing || rowsKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape" && replyTo) {
    replyTo = null;
    draw();
  } else if (event.key === "ArrowUp" && field.value === "" && editNewest()) {
    event.preventDefault();
  }
}

function takeFiles(event, carried) {
  if (carried.files.length === 0) return;
  event.preventDefault();
  addFiles([...carried.files]);
}

function addFiles(added) {
  const tooLarge = added.find((file) => file.size > FILE_MIB * 1024 * 1024);
  if (tooLarge) return tell(`${tooLarge.name} is too large: ${FILE_MIB} MiB is the most.`);
  if (files.length + added.length > FILES_MOST) return tell(`A message takes no more than ${FILES_MOST} files.`);
  files = [...files, ...added];
  draw();
  field.focus();
}

function draw() {
  list.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map((file) =>
      el("li", {}, icon("file"), el("span", {}, file.name), el("small", {}, sizeOf(file.size)), dropper(`Leave out ${file.name}`, () => {
        files = files.filter((one) => one !== file);
      })),
    ),
  );
  replying.hidden = replyTo === null;
  replying.replaceChildren();
  if (replyTo) {
    const dropping = dropper("Do not reply", () => {
      replyTo = null;
    });
    replying.append(icon("reply"), "Replying to ", el("b", {}, replyTo.author.name), dropping);
  }
  fit();
}

function dropper(name, drop) {
  const press = () => {
    drop();
    draw();
    field.focus();
  };
  return el("button", { type: "button", class: "icon", "aria-label": name, title: name, onclick: press }, icon("close"));
}

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
