"""Messages of the world as Discord's JSON. Pure; ids are text, times ISO 8601."""

from typing import Final
from urllib.parse import quote

from bot.demo.guild import payloads
from bot.demo.guild.clock import iso
from bot.demo.guild.model import Attachment, Cause, Message, MessageFlag, MessageKind, Payload
from bot.demo.guild.state import World

_POLL_S: Final = 24 * 3600.0


def emoji(name: str) -> Payload:
    """Return an emoji of Unicode; the guild has none of its own."""
    return {"id": None, "name": name}


def attachment(world: World, channel_id: str, one: Attachment, *, ephemeral: bool = False) -> Payload:
    """Return a file of a message, with the address where the guild serves it."""
    url = f"{world.cdn_url}/attachments/{channel_id}/{one.id}/{quote(one.name)}"
    shown: Payload = {
        "id": one.id,
        "filename": one.name,
        "size": one.size_bytes,
        "url": url,
        "proxy_url": url,
        "content_type": one.content_type,
        "flags": 0,
    }
    if one.description:
        shown["description"] = one.description
    return shown | {"ephemeral": True} if ephemeral else shown


def message(world: World, one: Message, viewer_id: str, *, nested: bool = False) -> Payload:
    """Return a whole message as `viewer_id` sees it; one `nested` in another shows no reply of its own."""
    place = world.channels.get(one.channel_id)
    shown: Payload = {
        "id": one.id,
        "channel_id": one.channel_id,
        "type": int(one.kind),
        "author": payloads.user(world.users[one.author_id]),
        "content": one.content,
        "timestamp": iso(one.made_at),
        "edited_timestamp": iso(one.edited_at) if one.edited_at else None,
        "tts": False,
        "pinned": one.pinned,
        "flags": int(one.flags),
        "embeds": [{"type": "rich", **embed} for embed in one.embeds],
        "components": list(one.components),
        "attachments": [
            attachment(world, one.channel_id, file, ephemeral=one.visible_to is not None) | _spoken(one)
            for file in one.attachments
        ],
        "mention_everyone": one.mentions.everyone,
        "mention_roles": list(one.mentions.role_ids),
        "mentions": [
            _mentioned(world, user_id) for user_id in one.mentions.user_ids if user_id in world.users
        ],
    }
    if one.reactions:
        shown["reactions"] = [_reaction(r.emoji, r.user_ids, viewer_id) for r in one.reactions]
    if one.sticker:
        shown["sticker_items"] = [{"id": one.id, "name": one.sticker, "format_type": 1}]
    if one.poll:
        shown["poll"] = _poll(one)
    if one.nonce:
        shown["nonce"] = one.nonce
    if one.by_webhook:
        shown["webhook_id"] = one.author_id
    if one.cause:
        shown |= _cause(world, one.cause)
    if one.reference and not nested:
        shown |= _reference(world, one, viewer_id)
    thread_place = world.channels.get(one.id)
    if MessageFlag.HAS_THREAD in one.flags and thread_place and thread_place.thread:
        shown["thread"] = payloads.thread(world, thread_place, thread_place.thread, viewer_id)
    if place and place.thread:
        shown["position"] = place.thread.message_count
    return shown


def event(world: World, one: Message, viewer_id: str) -> Payload:
    """Return a message as the gateway sends it: with guild and member, unless it is a direct message."""
    shown = message(world, one, viewer_id)
    if world.channels[one.channel_id].is_dm:
        return shown
    shown["guild_id"] = world.guild_id
    if not one.by_webhook and (who := world.members.get(one.author_id)):
        shown["member"] = payloads.member(world, who, with_user=False)
    return shown


def _mentioned(world: World, user_id: str) -> Payload:
    shown = payloads.user(world.users[user_id])
    who = world.members.get(user_id)
    return shown | {"member": payloads.member(world, who, with_user=False)} if who else shown


def _reaction(name: str, user_ids: tuple[str, ...], viewer_id: str) -> Payload:
    return {
        "emoji": emoji(name),
        "count": len(user_ids),
        "count_details": {"burst": 0, "normal": len(user_ids)},
        "me": viewer_id in user_ids,
        "me_burst": False,
        "burst_colors": [],
    }


def _cause(world: World, cause: Cause) -> Payload:
    who = payloads.user(world.users[cause.user_id])
    owners = {"0": world.guild_id}
    shown: Payload = {
        "interaction_metadata": {
            "id": cause.id,
            "type": cause.kind,
            "user": who,
            "authorizing_integration_owners": owners,
        }
    }
    if cause.target_id:
        shown["interaction_metadata"]["target_message_id"] = cause.target_id
    if cause.name:
        shown["interaction"] = {"id": cause.id, "type": cause.kind, "name": cause.name, "user": who}
    return shown


def _reference(world: World, one: Message, viewer_id: str) -> Payload:
    reference = one.reference
    if reference is None:
        return {}
    place = world.channels.get(reference.channel_id)
    pointer: Payload = {"type": 1 if one.forwarded else 0, "channel_id": reference.channel_id}
    if reference.message_id:
        pointer["message_id"] = reference.message_id
    if place and not place.is_dm:
        pointer["guild_id"] = world.guild_id
    shown: Payload = {"message_reference": pointer}
    if one.forwarded:
        shown["message_snapshots"] = [{"message": _snapshot(world, one.forwarded, viewer_id)}]
    elif one.kind in (MessageKind.REPLY, MessageKind.THREAD_STARTER):
        found = world.messages.get(reference.channel_id, {}).get(reference.message_id or "")
        shown["referenced_message"] = message(world, found, viewer_id, nested=True) if found else None
    return shown


def _snapshot(world: World, one: Message, viewer_id: str) -> Payload:
    kept = (
        "type",
        "content",
        "embeds",
        "attachments",
        "timestamp",
        "edited_timestamp",
        "flags",
        "components",
    )
    whole = message(world, one, viewer_id, nested=True)
    return {key: whole[key] for key in (*kept, "mentions", "mention_roles")}


def _poll(one: Message) -> Payload:
    question, *answers = one.poll
    return {
        "question": {"text": question},
        "answers": [{"answer_id": at, "poll_media": {"text": text}} for at, text in enumerate(answers, 1)],
        "expiry": iso(one.made_at + _POLL_S),
        "allow_multiselect": False,
        "layout_type": 1,
        "results": {"answer_counts": [], "is_finalized": False},
    }


def _spoken(one: Message) -> Payload:
    """Return what marks the file of a voice message."""
    return {"duration_secs": 1.0, "waveform": "AAAA"} if MessageFlag.VOICE in one.flags else {}
