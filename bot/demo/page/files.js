// The files of a message: pictures are shown, texts can be read in place, all can be kept.

import { el, icon } from "./dom.js";

const KIB = 1024;
const READ_MOST_BYTES = 256 * KIB;

/** A file as an element. */
export function file(one) {
  if (one.picture) return one.spoiler ? el("span", { class: "spoiler", tabindex: "0", role: "button" }, picture(one)) : picture(one);
  const link = fileLink(one);
  return one.text && one.size_bytes <= READ_MOST_BYTES ? readable(one, link) : link;
}

/** How large a file is, for people. */
export function sizeOf(bytes) {
  if (bytes < KIB) return `${bytes} B`;
  return bytes < KIB * KIB ? `${Math.round(bytes / KIB)} KiB` : `${(bytes / KIB / KIB).toFixed(1)} MiB`;
}

function fileLink(one) {
  return el(
    "a",
    { class: "file", href: one.url, download: one.name },
    icon("file"),
    el("span", {}, one.name),
    el("small", {}, sizeOf(one.size_bytes)),
  );
}

function picture(one) {
  const image = el("img", { src: one.url, alt: one.description || one.name, loading: "lazy" });
  const shown = el("a", { class: "picture", href: one.url, target: "_blank", rel: "noreferrer noopener" }, image);
  // What only calls itself a picture is a file like any other.
  image.addEventListener("error", () => shown.replaceWith(fileLink(one)));
  return shown;
}

function readable(one, link) {
  const text = el("pre", { tabindex: "0", hidden: true });
  const toggle = el("button", { type: "button", class: "text", "aria-expanded": "false", "aria-label": `Read ${one.name}` }, "Read");
  toggle.addEventListener("click", async () => {
    if (text.textContent === "") text.textContent = await read(one.url);
    text.hidden = !text.hidden;
    toggle.textContent = text.hidden ? "Read" : "Hide";
    toggle.setAttribute("aria-expanded", String(!text.hidden));
  });
  return el("div", { class: "readable" }, link, toggle, text);
}

async function read(url) {
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.text() : "The file is gone.";
  } catch {
    return "The guild cannot be reached. Is it still running?";
  }
}
