// The link to the guild: a stream of what happens, and acts in the name of who looks.

/** Why the guild did not do what was asked; the message is a sentence for the person. */
export class Refusal extends Error {}

let viewer = new URLSearchParams(location.search).get("as");
let source = null;

/** Follow the guild as somebody (null: whoever comes first); the former stream ends. Handlers by event name. */
export function follow(name, handlers) {
  source?.close();
  viewer = name;
  source = new EventSource(address("/page/changes"));
  for (const [event, handle] of Object.entries(handlers)) {
    source.addEventListener(event, (told) => handle(told.data === undefined ? null : JSON.parse(told.data)));
  }
  source.addEventListener("error", () => {
    // Refused for good: there is nobody of this name.
    if (source.readyState === EventSource.CLOSED && viewer !== null) follow(null, handlers);
  });
}

/** Who the address says is looking, or null. */
export function named() {
  return viewer;
}

/** Remember who looks, in the address too. */
export function name(person) {
  viewer = person;
  const url = new URL(location.href);
  url.searchParams.set("as", person);
  history.replaceState(history.state, "", url);
}

/** Do something in the viewer's name; returns the guild's answer or throws a Refusal. */
export async function act(what, fields, files = []) {
  let response;
  try {
    response = await fetch(address("/page/act"), { method: "POST", ...request({ act: what, ...fields }, files) });
  } catch {
    throw new Refusal("The guild cannot be reached. Is it still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.error);
  return answer;
}

function request(form, files) {
  if (files.length === 0) {
    return { body: JSON.stringify(form), headers: { "Content-Type": "application/json" } };
  }
  const body = new FormData();
  body.append("form", JSON.stringify(form));
  for (const file of files) body.append("files", file, file.name);
  return { body };
}

function address(path) {
  return viewer === null ? path : `${path}?as=${encodeURIComponent(viewer)}`;
}
