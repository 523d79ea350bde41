// What the page knows: the guild as the viewer sees it, where they are, and what they have not seen yet.

export const state = {
  world: null,
  place: null,
  messages: new Map(),
  unread: new Set(),
};

/** Take the whole guild in. */
export function takeWorld(world) {
  state.world = { ...world, about: world.about ?? state.world?.about };
  state.messages = new Map(
    Object.entries(world.messages).map(([place, said]) => [place, new Map(said.map((one) => [one.id, one]))]),
  );
}

/** Take one message in as it stands now; returns whether it is a new one. */
export function takeMessage(message) {
  const said = state.messages.get(message.place);
  if (!said) return false;
  const isNew = !said.has(message.id);
  said.set(message.id, message);
  return isNew;
}

/** Forget a message. */
export function dropMessage({ id, place }) {
  state.messages.get(place)?.delete(id);
}

/** The place with an id, or undefined. */
export function placeOf(id) {
  return state.world?.places.find((place) => place.id === id);
}

/** Messages of a place, oldest first. */
export function saidIn(id) {
  return [...(state.messages.get(id)?.values() ?? [])];
}

/** How a place is called: with the sign that says what it is. */
export function calledOf(place) {
  return (place.kind === "text" ? "#" : place.kind === "dm" ? "@" : "") + place.name;
}

/** Names typed with `@` and `#` become what the guild reads: `<@id>` and `<#id>`. */
export function withIds(text) {
  const users = [...state.world.members].sort((a, b) => b.name.length - a.name.length);
  const places = state.world.places.filter((place) => place.kind !== "dm");
  let read = text;
  for (const user of users) read = named(read, "@", user.name, `<@${user.id}>`);
  for (const place of places.sort((a, b) => b.name.length - a.name.length)) {
    read = named(read, "#", place.name, `<#${place.id}>`);
  }
  return read;
}

/** The other way round, for editing. */
export function withNames(text) {
  let shown = text;
  for (const user of state.world.members) shown = shown.replaceAll(`<@${user.id}>`, `@${user.name}`);
  for (const place of state.world.places) shown = shown.replaceAll(`<#${place.id}>`, `#${place.name}`);
  return shown;
}

function named(text, sign, name, id) {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(^|[\\s(])${sign}${literal}(?![\\w-])`, "g"), (_, before) => before + id);
}
