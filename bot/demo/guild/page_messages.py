"""Messages as the page shows them to one viewer: text as HTML, names for ids, what may be done. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.demo.guild.model import Attachment, Message, MessageFlag, MessageKind, Payload
from bot.demo.guild.page_markdown import Names, html, plain
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

EXCERPT_CHARS = 120
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
TEXTS = (
    ".md",
    ".json",
    ".toml",
    ".yaml",
    ".yml",
    ".diff",
    ".patch",
    ".log",
    ".sh",
    ".js",
    ".ts",
    ".rs",
    ".go",
)
"""What the beginning of a file's type does not say: it can be read."""

TEXT_DISPLAY = 10
COMMANDS = frozenset({MessageKind.COMMAND, MessageKind.MESSAGE_COMMAND})
SAID = COMMANDS | {MessageKind.DEFAULT, MessageKind.REPLY}


def names(world: World, viewer_id: str) -> Names:
    """Return how ids are shown to somebody; places that they cannot see have no name."""

    def user(user_id: str) -> str | None:
        found = world.users.get(user_id)
        return found.name if found else None

    def place(place_id: str) -> str | None:
        found = world.channels.get(place_id)
        return found.name if found and world.can_see(viewer_id, found) else None

    def role(role_id: str) -> str | None:
        found = world.roles.get(role_id)
        return found.name if found else None

    return Names(user, place, role)


def is_shown(world: World, message: Message, viewer_id: str) -> bool:
    """Whether somebody sees a message: the place is theirs to see, and it is not for another's eyes alone."""
    place = world.channels.get(message.channel_id)
    return (
        message.visible_to in (None, viewer_id)
        and place is not None
        and world.can_see(viewer_id, place)
        and Permission.READ_MESSAGE_HISTORY in world.permissions(viewer_id, place)
    )


def shown(world: World, message: Message, viewer_id: str) -> Payload:
    """Return a message that the viewer sees, as the page's script takes it.

    `text` is what was written, for editing; `html` what is to be read. Every HTML in it comes from `html()`.
    """
    known = names(world, viewer_id)
    return {
        "id": message.id,
        "place": message.channel_id,
        "link": None if message.visible_to else world.link(message),
        "kind": message.kind.name.lower(),
        "author": _author(world, message),
        "at": message.made_at,
        "edited": message.edited_at is not None,
        "text": message.content,
        "html": html(_written(message), known),
        "thinking": message.is_loading,
        "private": message.visible_to is not None,
        "pings": _pings(world, message, viewer_id),
        "cause": _cause(world, message),
        "points_to": _pointed_at(world, message, known),
        "forwarded": html(message.forwarded.content, known) if message.forwarded else None,
        "files": [_file(message, file) for file in message.attachments],
        "embeds": [_embed(embed, known) for embed in message.embeds],
        "components": [_component(component, known) for component in message.components],
        "reactions": [
            {
                "emoji": one.emoji,
                "count": len(one.user_ids),
                "mine": viewer_id in one.user_ids,
                "who": [known.user(user_id) for user_id in one.user_ids],
            }
            for one in message.reactions
        ],
        "thread": _thread(world, message, viewer_id),
        "may": _may(world, message, viewer_id),
    }


def component_texts(components: Sequence[Payload], known: Names) -> list[Payload]:
    """Return components of a message or dialogue with the text in them as HTML."""
    return [_component(component, known) for component in components]


def _author(world: World, message: Message) -> Payload:
    user = world.users[message.author_id]
    return {"id": user.id, "name": user.name, "bot": user.bot}


def _pings(world: World, message: Message, viewer_id: str) -> bool:
    held = world.members[viewer_id].role_ids if viewer_id in world.members else ()
    pinged = message.mentions
    return pinged.everyone or viewer_id in pinged.user_ids or not set(held).isdisjoint(pinged.role_ids)


def _cause(world: World, message: Message) -> Payload | None:
    # What answers a dialogue is answered like a command, but no command has its name.
    if message.cause is None or message.kind not in COMMANDS or not message.cause.name:
        return None
    slash = "/" if message.kind is MessageKind.COMMAND else ""
    return {"user": world.users[message.cause.user_id].name, "command": slash + message.cause.name}


def _pointed_at(world: World, message: Message, known: Names) -> Payload | None:
    reference = message.reference
    if reference is None or message.forwarded:
        return None
    if message.kind is MessageKind.THREAD_CREATED:
        name = known.place(reference.channel_id)
        return {"place": reference.channel_id if name else None, "name": message.content}
    found = world.messages.get(reference.channel_id, {}).get(reference.message_id or "")
    if found is None or found.visible_to:
        return {"id": None}
    pointed: Payload = {"id": found.id, "author": _author(world, found), "excerpt": _excerpt(found, known)}
    if message.kind is MessageKind.THREAD_STARTER:
        pointed |= {"html": html(found.content, known), "files": [_file(found, f) for f in found.attachments]}
    return pointed


def _written(message: Message) -> str:
    """Return what a message shows as text: its own, its sticker's name, its poll."""
    sticker = f"-# Sticker: {message.sticker}" if message.sticker else ""
    poll = (
        [f"-# Poll\n**{message.poll[0]}**", *(f"- {one}" for one in message.poll[1:])] if message.poll else []
    )
    return "\n".join(filter(None, [message.content, sticker, *poll]))


def _excerpt(message: Message, known: Names) -> str:
    words = plain(_written(message), known)
    if not words:
        return "a file" if message.attachments else "a message without text"
    return words if len(words) <= EXCERPT_CHARS else words[: EXCERPT_CHARS - 1] + "…"


def _file(message: Message, file: Attachment) -> Payload:
    return {
        "name": file.name,
        "size_bytes": file.size_bytes,
        "url": f"/attachments/{message.channel_id}/{file.id}/{quote(file.name)}",
        "picture": file.content_type in PICTURES,
        "text": file.content_type.startswith("text/") or file.name.endswith(TEXTS),
        "spoiler": file.name.startswith("SPOILER_"),
        "description": file.description,
    }


def _embed(embed: Mapping[str, Any], known: Names) -> Payload:
    fields: list[Payload] = embed.get("fields") or []
    author: Payload = embed.get("author") or {}
    footer: Payload = embed.get("footer") or {}
    color: int | None = embed.get("color")
    return {
        "color": f"#{color:06x}" if color else None,
        "author": author.get("name"),
        "title": html(embed.get("title") or "", known),
        "description": html(embed.get("description") or "", known),
        "fields": [
            {
                "name": html(one["name"], known),
                "value": html(one["value"], known),
                "inline": bool(one.get("inline")),
            }
            for one in fields
        ],
        "footer": footer.get("text"),
    }


def _component(component: Payload, known: Names) -> Payload:
    changed = dict(component)
    if component["type"] == TEXT_DISPLAY:
        changed["html"] = html(component["content"], known)
    if inner := component.get("components"):
        changed["components"] = [_component(one, known) for one in inner]
    for key in ("accessory", "component"):
        if single := component.get(key):
            changed[key] = _component(single, known)
    return changed


def _thread(world: World, message: Message, viewer_id: str) -> Payload | None:
    found = world.channels.get(message.id) if MessageFlag.HAS_THREAD in message.flags else None
    if found is None or not world.can_see(viewer_id, found):
        return None
    return {"id": found.id, "name": found.name}


def _may(world: World, message: Message, viewer_id: str) -> Payload:
    place = world.channels[message.channel_id]
    granted = world.permissions(viewer_id, place)
    public = message.visible_to is None
    said = message.kind in SAID
    own = message.author_id == viewer_id
    opens = said and not place.thread and not place.is_dm and MessageFlag.HAS_THREAD not in message.flags
    return {
        "reply": public and said,
        "use": public,
        "react": public and Permission.ADD_REACTIONS in granted,
        "edit": public and said and own and not message.forwarded,
        "delete": public and (own or (Permission.MANAGE_MESSAGES in granted and not place.is_dm)),
        "thread": public and opens and Permission.CREATE_PUBLIC_THREADS in granted,
    }
