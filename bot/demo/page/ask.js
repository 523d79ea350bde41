// Small dialogues of the page itself: a name for a thread, a new post.

import { el } from "./dom.js";
import { Refusal } from "./link.js";

const NAME_MOST = 100;

/** Ask for a thread's name and open it; returns the place's id, or null when the person left it. */
export function askThreadName(name, open) {
  const field = el("input", { name: "name", required: true, maxlength: NAME_MOST, value: name, autocomplete: "off" });
  const read = () => open(field.value.trim());
  return ask("Open a thread", [labelled("Name", field)], "Open thread", read);
}

/** Ask for another name of a place; `rename` is called with it. */
export function askName(title, name, rename) {
  const field = el("input", { name: "name", required: true, maxlength: NAME_MOST, value: name, autocomplete: "off" });
  return ask(title, [labelled("Name", field)], "Rename", async () => rename(field.value.trim()));
}

/** Ask whether something is meant, such as deleting; `sure` is called if so. */
export function askSure(title, detail, button, sure) {
  return ask(title, [el("p", {}, detail)], button, sure);
}

/** Ask for a post of a forum and open it; returns the place's id, or null when the person left it. */
export function askPost(forum, open) {
  const title = el("input", { name: "title", required: true, maxlength: NAME_MOST, autocomplete: "off" });
  const text = el("textarea", { name: "text", rows: "5" });
  const files = el("input", { type: "file", name: "files", multiple: true });
  const read = () => open(title.value.trim(), text.value, [...files.files]);
  const fields = [labelled("Title", title), labelled("Message", text), labelled("Files", files)];
  return ask(`New post in ${forum}`, fields, "Post", read);
}

/** A field under its label. */
export function labelled(name, field, detail = "") {
  return el("label", { class: "field" }, el("span", { class: "name" }, name), detail && el("small", {}, detail), field);
}

/** A modal dialogue with a form; `submit` may throw a Refusal, which is shown and leaves it open. */
export function dialogue({ title, fields, button, submit, leave }) {
  const why = el("p", { class: "why", role: "alert", hidden: true });
  const send = el("button", { class: "button main" }, button);
  const cancel = el("button", { type: "button", class: "button plain" }, "Cancel");
  const form = el("form", {}, el("h2", {}, title), ...fields, why, el("div", { class: "row" }, send, cancel));
  const made = el("dialog", { "aria-label": title }, form);
  cancel.addEventListener("click", () => {
    leave();
    made.close();
  });
  made.addEventListener("cancel", leave);
  made.addEventListener("close", () => made.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await submit();
      made.close();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      why.textContent = error.message;
      why.hidden = false;
    } finally {
      send.disabled = false;
    }
  });
  document.body.append(made);
  made.showModal();
  return made;
}

function ask(title, fields, button, read) {
  return new Promise((resolve) => {
    const submit = async () => resolve((await read()).place);
    dialogue({ title, fields, button, submit, leave: () => resolve(null) });
  });
}
