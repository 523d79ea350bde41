// A slash command being filled in: its options as fields in place of the message box, with suggestions.

import { el, icon } from "./dom.js";
import { act } from "./link.js";
import { attempt, tell, untell } from "./notice.js";
import { hideRows, isChoosing, rowsKey, showRows } from "./rows.js";
import { calledOf, state } from "./state.js";

const SUBCOMMAND = 1, GROUP = 2, STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, NUMBER = 10;
const KINDS = {
  [STRING]: "text",
  [INTEGER]: "whole number",
  [BOOLEAN]: "yes or no",
  [USER]: "person",
  [CHANNEL]: "channel",
  [NUMBER]: "number",
};
const SUGGEST_AFTER_MS = 150;
const form = document.getElementById("command");
const composer = document.getElementById("composer");
let asked = 0;

/** Rows of the commands offered in a place whose name begins with what was typed. */
export function commandRows(place, typed) {
  return place.commands
    .flatMap((id) => flat(state.world.commands[id]))
    .filter((command) => command.line.startsWith(typed.toLowerCase()))
    .map((command) => ({ title: `/${command.line}`, detail: command.description, mark: command.bot, command }));
}

/** Put a command's fields in place of the message box. */
export function beginCommand(command, place) {
  const options = command.options.filter((option) => option.type in KINDS);
  const hint = el("p", { class: "hint", id: "command-hint" });
  const entries = options.map((option) => entry(option, command, place, () => entries));
  const close = el("button", { type: "button", class: "icon", "aria-label": "Leave the command", onclick: endCommand }, icon("close"));
  const run = el("button", { type: "submit", class: "button main" }, "Run");
  for (const one of entries) one.input.addEventListener("focus", () => tellHint(hint, command, one.option));
  run.addEventListener("focus", () => tellHint(hint, command, null));
  // The hint below would change its height with the focus, and the button would move away under the pointer.
  for (const button of [run, close]) button.addEventListener("pointerdown", (event) => event.preventDefault());
  tellHint(hint, command, null);
  form.replaceChildren(
    el("div", { class: "box" }, el("b", { class: "called" }, `/${command.line}`), ...entries.map((one) => one.element), run, close),
    hint,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    runCommand(command, place, entries);
  };
  form.onkeydown = (event) => {
    if (event.key === "Escape") endCommand();
  };
  form.hidden = false;
  composer.hidden = true;
  (entries[0]?.input ?? run).focus();
}

/** Give the message box back. */
export function endCommand() {
  if (form.hidden) return;
  hideRows();
  form.hidden = true;
  composer.hidden = false;
  form.replaceChildren();
  document.getElementById("text").focus();
}

function flat(command) {
  const nested = (command.options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
  const line = command.line ?? command.name;
  if (nested.length === 0) return [{ ...command, line, options: command.options ?? [] }];
  return nested.flatMap((one) => flat({ ...one, bot: command.bot, line: `${line} ${one.name}` }));
}

function tellHint(hint, command, option) {
  const parts = option ? [option.description, KINDS[option.type], option.required ? "required" : "optional"] : [command.description];
  hint.textContent = `${parts.filter(Boolean).join(" · ")} · Enter runs it, Escape leaves it`;
}

function entry(option, command, place, all) {
  const input = el("input", {
    name: option.name,
    autocomplete: "off",
    role: "combobox",
    "aria-controls": "rows",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-describedby": "command-hint",
    "aria-required": String(Boolean(option.required)),
    placeholder: option.required ? KINDS[option.type] : "optional",
    size: "12",
  });
  const made = { option, input, picked: null };
  made.element = el("label", { class: "option" }, el("span", {}, option.name + (option.required ? " *" : "")), input);
  const pick = (row) => {
    input.value = row.title;
    made.picked = row;
  };
  const suggest = async (eager) => {
    const rows = await rowsOf(made, command, place, all());
    if (rows && document.activeElement === input) showRows(input, rows, pick, { eager });
  };
  input.addEventListener("focus", () => suggest(false));
  input.addEventListener("blur", hideRows);
  input.addEventListener("input", () => {
    made.picked = null;
    suggest(input.value !== "");
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !isChoosing()) return;
    rowsKey(event);
  });
  return made;
}

async function rowsOf(made, command, place, all) {
  const { option, input } = made;
  const begins = (rows) => rows.filter((row) => row.title.toLowerCase().includes(input.value.toLowerCase()));
  if (option.choices?.length) return begins(option.choices.map((one) => ({ title: one.name, value: one.value })));
  if (option.type === BOOLEAN) return begins([{ title: "yes", value: true }, { title: "no", value: false }]);
  if (option.type === USER) return begins(state.world.members.map((user) => ({ title: user.name, value: { user: user.id } })));
  if (option.type === CHANNEL) {
    const places = state.world.places.filter((one) => one.kind !== "dm");
    return begins(places.map((one) => ({ title: calledOf(one), value: { place: one.id } })));
  }
  if (!option.autocomplete) return [];
  return suggested(made, command, place, all);
}

/** Ask the bot, once the typing pauses; null when something newer was asked meanwhile. */
async function suggested({ option, input }, command, place, all) {
  asked += 1;
  const mine = asked;
  await new Promise((resolve) => setTimeout(resolve, SUGGEST_AFTER_MS));
  if (mine !== asked || form.hidden) return null;
  const options = {};
  for (const other of all) {
    const value = other.input.value === "" ? undefined : valueOf(other);
    if (value !== undefined) options[other.option.name] = value;
  }
  options[option.name] = input.value;
  const answer = await attempt(() => act("suggest", { place, line: command.line, focused: option.name, options }));
  if (mine !== asked) return null;
  return (answer?.rows ?? []).map((row) => ({ title: row.name, value: row.value }));
}

/** What an entry holds as the guild takes it, or undefined when it fits nothing. */
function valueOf({ option, input, picked }) {
  if (picked) return picked.value;
  const text = input.value.trim();
  const named = (list) => list.find((one) => one.name.toLowerCase() === text.toLowerCase().replace(/^[#@]/, ""));
  if (option.choices?.length) return named(option.choices)?.value;
  if (option.type === BOOLEAN) return { yes: true, true: true, no: false, false: false }[text.toLowerCase()];
  if (option.type === USER) return reference("user", named(state.world.members));
  if (option.type === CHANNEL) return reference("place", named(state.world.places));
  if (option.type === INTEGER) return /^-?\d+$/.test(text) ? Number(text) : undefined;
  if (option.type === NUMBER) return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  return text;
}

function reference(kind, found) {
  return found && { [kind]: found.id };
}

async function runCommand(command, place, entries) {
  const options = {};
  for (const one of entries) {
    const isEmpty = one.input.value.trim() === "";
    if (isEmpty && !one.option.required) continue;
    const value = isEmpty ? undefined : valueOf(one);
    if (value === undefined) {
      one.input.focus();
      tell(isEmpty ? `“${one.option.name}” is required.` : `“${one.option.name}” takes a ${KINDS[one.option.type]}.`);
      return;
    }
    options[one.option.name] = value;
  }
  untell();
  endCommand();
  await attempt(() => act("run", { place, line: command.line, options }));
}
