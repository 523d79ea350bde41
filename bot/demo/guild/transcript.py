"""What was said in a place as plain text, the same in every run: for assertions and for failures. Pure."""

import re

from bot.demo.guild.limits import SELECTS, walk
from bot.demo.guild.model import Channel, Message, MessageKind
from bot.demo.guild.state import World

ID = re.compile(r"\b\d{17,20}\b")
DURATION = re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|s|min|h)\b")


def of(world: World, channel_id: str) -> str:
    """Return the messages of a place, oldest first, with placeholders for ids and durations."""
    said = world.messages.get(channel_id, {}).values()
    return "\n".join(line(world, message) for message in said)


def line(world: World, message: Message) -> str:
    """Return one message: who, what, to whom alone, files, buttons and reactions."""
    who = world.users[message.author_id].name
    only = f" (only {world.users[message.visible_to].name})" if message.visible_to else ""
    text = [f"{who}{only}: {_body(message)}"]
    text += [f"  file {file.name} ({file.size_bytes} B)" for file in message.attachments]
    controls = [_control(one) for one in walk(message.components)]
    if any(controls):
        text.append("  " + " ".join(one for one in controls if one))
    if message.reactions:
        text.append("  " + " ".join(f"{one.emoji} {len(one.user_ids)}" for one in message.reactions))
    return DURATION.sub("<time>", ID.sub("<id>", "\n".join(text)))


def place_name(world: World, channel: Channel) -> str:
    """Return a place's name; for direct messages the names of both sides."""
    return channel.name or " and ".join(world.users[user_id].name for user_id in channel.recipient_ids)


def _body(message: Message) -> str:
    if message.kind is MessageKind.THREAD_CREATED:
        return f"(opened the thread {message.content})"
    if message.kind is MessageKind.THREAD_STARTER:
        return "(the message this thread is about)"
    if message.is_loading:
        return "(is thinking)"
    parts = [message.content] if message.content else []
    parts += [one["content"] for one in walk(message.components) if one["type"] == 10]
    for embed in message.embeds:
        parts += [str(embed[key]) for key in ("title", "description") if embed.get(key)]
    edited = " (edited)" if message.edited_at else ""
    return "\n".join(parts) + edited


def _control(component: dict[str, object]) -> str:
    kind = component["type"]
    shown = str(component.get("label") or component.get("placeholder") or component.get("custom_id") or "")
    disabled = " off" if component.get("disabled") else ""
    if kind == 2:
        return f"[{shown}{disabled}]"
    return f"<{shown}{disabled}>" if kind in SELECTS else ""
