// Dialogues that a bot opens: its fields as a form, submitted or left.

import { dialogue, labelled } from "./ask.js";
import { isMenu, optionsOf } from "./components.js";
import { el } from "./dom.js";
import { act } from "./link.js";
import { attempt } from "./notice.js";

const ROW = 1, TEXT_INPUT = 4, TEXT = 10, LABEL = 18, RADIOS = 21, CHECKBOXES = 22, CHECKBOX = 23;
const PARAGRAPH = 2;
let open = null;

/** Show a bot's dialogue; the same one again changes nothing. */
export function showModal(modal) {
  if (open?.id === modal.id) return;
  open?.element.remove();
  const fields = modal.components.flatMap(rowFields);
  const submit = async () => {
    const values = Object.fromEntries(fields.filter((one) => one.read).map((one) => [one.id, one.read()]));
    await act("submit", { dialogue: modal.id, fields: values });
    open = null;
  };
  const leave = () => {
    open = null;
    attempt(() => act("dismiss", { dialogue: modal.id }));
  };
  const elements = fields.map((one) => one.element);
  open = { id: modal.id, element: dialogue({ title: modal.title, fields: elements, button: "Submit", submit, leave }) };
}

/** Take the dialogue away when another person looks. */
export function closeModal() {
  open?.element.remove();
  open = null;
}

function rowFields(row) {
  if (row.type === LABEL) return [field(row.component, row.label, row.description)];
  if (row.type === ROW) return row.components.map((one) => field(one, one.label ?? "", ""));
  if (row.type === TEXT) return [{ element: el("div", { class: "body", html: row.html }) }];
  return [];
}

function field(one, label, detail) {
  const required = one.required ?? true;
  const id = one.custom_id;
  if (one.type === TEXT_INPUT) {
    const limits = { minlength: one.min_length, maxlength: one.max_length ?? 4000, required, placeholder: one.placeholder };
    const input =
      one.style === PARAGRAPH ? el("textarea", { rows: "4", ...limits }) : el("input", { autocomplete: "off", ...limits });
    input.value = one.value ?? "";
    return { id, element: labelled(label, input, detail), read: () => input.value };
  }
  if (one.type === CHECKBOX) {
    const box = el("input", { type: "checkbox", checked: Boolean(one.default) });
    return { id, element: el("label", { class: "check" }, box, label), read: () => box.checked };
  }
  if (one.type === RADIOS || one.type === CHECKBOXES) return boxes(one, label, detail, required);
  if (isMenu(one)) return menu(one, label, detail, required);
  return { element: el("p", { class: "hint" }, `“${label}” cannot be filled in on this page.`) };
}

function boxes(one, label, detail, required) {
  const type = one.type === RADIOS ? "radio" : "checkbox";
  const made = one.options.map((option) =>
    el("input", {
      type,
      name: one.custom_id,
      value: option.value,
      checked: Boolean(option.default),
      required: required && type === "radio",
    }),
  );
  const group = el(
    "fieldset",
    { class: "field" },
    el("legend", { class: "name" }, label),
    detail && el("small", {}, detail),
    one.options.map((option, index) => el("label", { class: "check" }, made[index], option.label)),
  );
  return { id: one.custom_id, element: group, read: () => made.filter((box) => box.checked).map((box) => box.value) };
}

function menu(one, label, detail, required) {
  const many = (one.max_values ?? 1) > 1;
  const options = optionsOf(one).map((option) => {
    const value = typeof option.value === "string" ? option.value : (option.value.user ?? option.value.place);
    return el("option", { value, selected: Boolean(option.default) }, option.label);
  });
  const none = many ? [] : [el("option", { value: "" }, one.placeholder ?? "Choose one")];
  const select = el("select", { multiple: many, required }, none, options);
  const read = () => [...select.selectedOptions].map((option) => option.value).filter(Boolean);
  return { id: one.custom_id, element: labelled(label, select, detail), read };
}
