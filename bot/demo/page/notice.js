// One sentence above the message box when something was not done, and tries that end in it.

import { Refusal } from "./link.js";

const SHOWN_MS = 12000;
const notice = document.getElementById("notice");
let hiding = 0;

/** Show a sentence for a while; a good one is not red. */
export function tell(sentence, { good = false } = {}) {
  clearTimeout(hiding);
  notice.classList.toggle("good", good);
  notice.textContent = sentence;
  notice.hidden = false;
  hiding = setTimeout(untell, SHOWN_MS);
}

/** Take the sentence away. */
export function untell() {
  clearTimeout(hiding);
  notice.hidden = true;
}

/** Do something; what the guild refuses is told. Returns the result, or null when refused. */
export async function attempt(doing) {
  try {
    const done = await doing();
    untell();
    return done ?? {};
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    tell(error.message);
    return null;
  }
}

/** Do something that is not worth a sentence when it is refused. */
export async function quietly(doing) {
  try {
    await doing();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
