// Makes and changes elements. Text is always text; only `html` takes markup, and only what the server rendered.

const ICONS = {
  add: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  edit: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  app: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z",
  copy: "M6 6h7v7H6zM3 10V3h7",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  link: "M7.2 4.6l1-1a2.9 2.9 0 0 1 4.2 4.2l-1 1M8.8 11.4l-1 1a2.9 2.9 0 0 1-4.2-4.2l1-1M6.2 9.8l3.6-3.6",
  react: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.5 9.5c1 1.6 4 1.6 5 0M6 6.5v.2M10 6.5v.2",
  remove: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5L5 13h6l.5-8.5",
  reply: "M6.5 4L3 7.5L6.5 11M3 7.5h6.5a3.5 3.5 0 0 1 3.5 3.5v1.5",
  thread: "M3 3v4a2 2 0 0 0 2 2h8M10 6l3 3l-3 3",
};

/** Make an element: `on…` are listeners, `class` and attributes by name, false and null are left out. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "html") made.append(fragment(value));
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Make a drawn sign; it is decoration, whoever uses it gives the name. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Show rendered text in `target`, keeping the blocks at its beginning that did not change. */
export function grow(target, html) {
  const fresh = [...fragment(html).childNodes];
  const old = [...target.childNodes];
  let same = 0;
  while (same < old.length && same < fresh.length && old[same].isEqualNode(fresh[same])) same += 1;
  for (const node of old.slice(same)) node.remove();
  target.append(...fresh.slice(same));
}

/** Write every `<time>` below `root` the way the reader's machine does. */
export function tellTimes(root) {
  for (const time of root.querySelectorAll("time[data-style]")) {
    const moment = new Date(time.dateTime);
    const told = STYLES[time.dataset.style](moment);
    if (time.textContent !== told) time.textContent = told;
    time.title = moment.toLocaleString();
  }
}

/** Make a `<time>` that shows Unix seconds in one of Discord's styles. */
export function time(seconds, style) {
  const made = el("time", { datetime: new Date(seconds * 1000).toISOString(), "data-style": style });
  const around = el("span", {}, made);
  tellTimes(around);
  return made;
}

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  tellTimes(template.content);
  return template.content;
}

const written = (options) => (moment) => moment.toLocaleString(undefined, options);
const STYLES = {
  t: written({ timeStyle: "short" }),
  T: written({ timeStyle: "medium" }),
  d: written({ dateStyle: "short" }),
  D: written({ dateStyle: "long" }),
  f: written({ dateStyle: "long", timeStyle: "short" }),
  F: written({ dateStyle: "full", timeStyle: "short" }),
  s: written({ dateStyle: "short", timeStyle: "short" }),
  S: written({ dateStyle: "short", timeStyle: "medium" }),
  R: relative,
};
const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function relative(moment) {
  const seconds = (moment - Date.now()) / 1000;
  if (Math.abs(seconds) < 1) return "just now";
  const [unit, length] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
